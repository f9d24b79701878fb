/** What the passes of `plan` have to know about a kernel: one row for every kind. */

import type { Shape } from '../../graph/op.js';
import type { CallOf, KernelCall, KernelKind, ScalarName } from '../plan.js';

/** Tensor ids by slot; the three records of a call all have this form. */
export type Slots = { readonly [slot: string]: number };

/** Result slot → operand slots, best first. */
export type Overwrites = { readonly [result: string]: readonly string[] };

interface CommonRow<Kind extends KernelKind> {
  /** The scalars it reads. */
  readonly scalars: readonly ScalarName[];
  /**
   * Which operands a result may lie over. An engine that makes use of it (see
   * `takeovers`) has to read an element of the operand for the last time before it writes the same element of the
   * result.
   */
  readonly overwrites: Overwrites;
  /** Refuses a call whose tensors do not fit together, or whose attributes are out of range. */
  readonly shapes: (call: CallOf<Kind>, check: Check) => void;
}

/** A kernel of the forward half of a training plan: it needs a gradient. */
interface ForwardRow<Kind extends KernelKind> extends CommonRow<Kind> {
  readonly phase: 'forward';
  /** Emits the calls that turn `dys`, parts of the gradient by the call's y, into gradients by its inputs. */
  readonly gradient: (call: CallOf<Kind>, dys: readonly number[], backward: Backward) => void;
}

interface OtherRow<Kind extends KernelKind> extends CommonRow<Kind> {
  /** Where in a step the kernel stands. `inference` kernels are forward ones that only inference plans use. */
  readonly phase: 'inference' | 'loss' | 'backward' | 'update';
}

export type KernelRow<Kind extends KernelKind> = ForwardRow<Kind> | OtherRow<Kind>;

export type KernelTable = { readonly [Kind in KernelKind]: KernelRow<Kind> };

/** What a shape rule asks of its call's tensors. `undefined` stands for an optional slot that is not used. */
export interface Check {
  /** The dims of a tensor; refuses a tensor that does not have `rank` dimensions. */
  dims(slot: string, id: number, rank?: number): Shape;
  /** Refuses a tensor of other dims. */
  expect(slot: string, id: number | undefined, dims: Shape): void;
  refuse(complaint: string): never;
}

/** What a gradient rule works with. */
export interface Backward {
  readonly node: string;
  emit(call: KernelCall): void;
  /** Whether the loss's gradient by this tensor is of use to any parameter. */
  needed(id: number): boolean;
  /** One tensor that holds the sum of `gradients`; adds a call where there are several. */
  total(gradients: readonly number[], of: number): number;
  /** The gradient before a fused ReLU, given that behind it; `y` is what the ReLU gave. */
  throughRelu(gradients: readonly number[], y: number): number;
  /** A new tensor for a part of the gradient by the activation `id`. */
  partial(id: number): number;
  /** Takes an existing tensor as a part of the gradient by the activation `id`. */
  pass(id: number, gradient: number): void;
  /** Takes the channels of `dy` from `start` on, as many as `id` has, as a part of the gradient by `id`. */
  slice(id: number, dy: number, start: number): void;
  channels(id: number): number;
  /** The tensor for the gradient by a parameter. */
  parameter(id: number): number;
}

/** Asks all tensors to have the dims of the first. */
export function alike(check: Check, ids: Slots): void {
  const [[slot, id] = ['x', -1], ...others] = Object.entries(ids);
  const dims = check.dims(slot, id);
  for (const [other, otherId] of others) check.expect(other, otherId, dims);
}

/** Refuses `dims` that are not the expected ones. */
export function equal(check: Pick<Check, 'refuse'>, what: string, dims: Shape, expected: Shape): void {
  if (dims.length === expected.length && dims.every((size, axis) => size === expected[axis])) return;
  check.refuse(`has ${what} [${dims.join(', ')}] instead of [${expected.join(', ')}]`);
}
