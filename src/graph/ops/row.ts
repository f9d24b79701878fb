/** The rows of the op table: everything that the graph has to know about an op. */

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
  /** The shape of its output for one example; refuses inputs that do not fit its attributes. */
  readonly shape: (op: OpOf<Kind>, inputs: readonly Shape[], refuse: Refuse) => Shape;
  /** Its parameters and statistics, given the shape of its first input, in state_dict order. */
  readonly parameters: (op: OpOf<Kind>, input: Shape) => readonly LocalParameter[];
}

export type OpTable = { readonly [Kind in OpKind]: OpRow<Kind> };

/** Throws an error that says what was expected, what was found and what to do. */
export type Refuse = (problem: string, hint: string) => never;

export type FeatureMap = readonly [channels: number, height: number, width: number];

/** A tensor of a node: learned (`trainable`), or a running statistic. */
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

/** A parameter as its op's rule returns it, without the names that depend on the node. */
export type LocalParameter = Pick<Parameter, 'local' | 'shape' | 'trainable' | 'initial'>;

/** The rule of ops without parameters. */
export const none = (): LocalParameter[] => [];
export const constant = (value: number): Initializer => ({ kind: 'constant', value });
/** A parameter that the optimizer updates. */
export const learned = (local: LocalName, shape: Shape, initial: Initializer): LocalParameter => {
  return { local, shape, trainable: true, initial };
};
/** A running statistic, which the forward half of a training step updates. */
export const remembered = (local: LocalName, shape: Shape, initial: Initializer): LocalParameter => {
  return { local, shape, trainable: false, initial };
};

/** The shape rule of ops whose output has the shape of their input. */
export const sameAsInput = (_: unknown, [input]: readonly Shape[]): Shape => input!;

/** The input's shape as that of a feature map; refuses vectors. */
export function featureMap(input: Shape, refuse: Refuse): FeatureMap {
  const [channels, height, width, ...more] = input;
  if (channels !== undefined && height !== undefined && width !== undefined && more.length === 0) {
    return [channels, height, width];
  }
  return refuse(
    `expected an input [channels, height, width], found ${printShape(input)}`,
    'Place it before the flatten, where values are still feature maps.',
  );
}
