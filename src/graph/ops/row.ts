/** What the graph has to know about an op: one row for every kind. */

import type { ActivationOp, OpKind, OpOf, Shape } from '../op.js';
import { printShape } from '../sizes.js';
import type { AttributeType } from './attribute-types.js';

export interface OpRow<Kind extends OpKind> {
  /** Whether it is an activation function; the compiler compares this with the union `ActivationOp`. */
  readonly activation: Kind extends ActivationOp['kind'] ? true : false;
  /** Every attribute with the values it may take, in the order in which they are printed. All are required. */
  readonly attributes: { readonly [A in Exclude<keyof OpOf<Kind>, 'kind'>]: AttributeType };
  /** The least and the largest number of inputs. */
  readonly inputs: readonly [least: number, most: number];
  /** The shape of its output for one example; refuses inputs that do not suit its attributes. */
  readonly shape: (op: OpOf<Kind>, inputs: readonly Shape[], refuse: Refuse) => Shape;
  /** What it learns or remembers if its (first) input has the given shape, in state_dict order. */
  readonly parameters: (op: OpOf<Kind>, input: Shape) => readonly LocalParameter[];
}

export type OpTable = { readonly [Kind in OpKind]: OpRow<Kind> };

/** Stops with a message that says what was expected, what was found and what to do. */
export type Refuse = (problem: string, hint: string) => never;

export type FeatureMap = readonly [channels: number, height: number, width: number];

/** A learned tensor (`trainable`) or a remembered one (running statistics). */
export interface Parameter {
  /** `<node>.<local name>`, as in a state_dict: `layer1.0.bn1.running_mean`. */
  readonly name: string;
  readonly node: string;
  /** The name within its node. */
  readonly local: LocalName;
  readonly shape: Shape;
  readonly trainable: boolean;
  /** Its values before the first step. */
  readonly initial: Initializer;
}

/**
 * How a parameter is initialized.
 * - `constant`: one value everywhere
 * - `heNormal`: normal with mean 0 and variance 2/fanOut (He et al. 2015, equation 10 with the backward count)
 * - `lecunUniform`: uniform within ±1/√fanIn (LeCun et al. 1998; what torch.nn.Linear does)
 */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'heNormal'; readonly fanOut: number }
  | { readonly kind: 'lecunUniform'; readonly fanIn: number };

export type LocalName = 'weight' | 'bias' | 'running_mean' | 'running_var';

/** A parameter as the rule of its op gives it. */
export type LocalParameter = Pick<Parameter, 'local' | 'shape' | 'trainable' | 'initial'>;

/** For ops without parameters. */
export const none = (): LocalParameter[] => [];
export const constant = (value: number): Initializer => ({ kind: 'constant', value });
/** A parameter that training changes. */
export const learned = (local: LocalName, shape: Shape, initial: Initializer): LocalParameter => {
  return { local, shape, trainable: true, initial };
};
/** A parameter that the network itself keeps up to date. */
export const remembered = (local: LocalName, shape: Shape, initial: Initializer): LocalParameter => {
  return { local, shape, trainable: false, initial };
};

/** The shape rule of ops that change values only. */
export const sameAsInput = (_: unknown, [input]: readonly Shape[]): Shape => input!;

/** The input, if it is a feature map; refuses a vector. */
export function featureMap(input: Shape, refuse: Refuse): FeatureMap {
  const [channels, height, width, ...more] = input;
  if (channels !== undefined && height !== undefined && width !== undefined && more.length === 0) {
    return [channels, height, width];
  }
  return refuse(
    `expected an input [channels, height, width], found ${printShape(input)}`,
    'Put it in front of the flatten, where there still are feature maps.',
  );
}
