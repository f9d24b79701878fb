/** The rows of the kernel table: everything that the passes of `plan` have to know about a kernel. */

import type { Shape } from '../../graph/op.js';
import type { CallOf, KernelCall, KernelKind, ScalarName } from '../plan.js';

/** Tensor ids by slot: the form of a call's `in`, `out` and `update`. */
export type Slots = { readonly [slot: string]: number };

/** Result slot → operand slots, best first. */
export type Overwrites = { readonly [result: string]: readonly string[] };

interface CommonRow<Kind extends KernelKind> {
  /** The scalars it reads. */
  readonly scalars: readonly ScalarName[];
  /**
   * The operands that a result may overwrite. An engine that uses this (see `takeovers`) must not read an element of the
   * operand after it has written the same element of the result.
   */
  readonly overwrites: Overwrites;
  /** Refuses a call whose tensors do not fit together, or whose attributes are out of range. */
  readonly shapes: (call: CallOf<Kind>, check: Check) => void;
}

/** A kernel of the forward half of a training plan: it needs a gradient. */
interface ForwardRow<Kind extends KernelKind> extends CommonRow<Kind> {
  readonly phase: 'forward';
  /** Emits the calls that compute gradients of the inputs from `dys`, whose sum is the gradient of the call's y. */
  readonly gradient: (call: CallOf<Kind>, dys: readonly number[], backward: Backward) => void;
}

interface OtherRow<Kind extends KernelKind> extends CommonRow<Kind> {
  /** Where in a step the kernel stands. `inference` kernels are forward ones that only inference plans use. */
  readonly phase: 'inference' | 'loss' | 'backward' | 'update';
}

export type KernelRow<Kind extends KernelKind> = ForwardRow<Kind> | OtherRow<Kind>;

export type KernelTable = { readonly [Kind in KernelKind]: KernelRow<Kind> };

/** The tools of a shape rule. An id is undefined if an optional slot is not used. */
export interface Check {
  /** The dims of a tensor; refuses the call if there are not `rank` of them. */
  dims(slot: string, id: number, rank?: number): Shape;
  /** Refuses the call if the tensor has other dims. */
  expect(slot: string, id: number | undefined, dims: Shape): void;
  refuse(complaint: string): never;
}

/** The tools of a gradient rule. The gradient of a tensor means that of the loss with respect to it. */
export interface Backward {
  readonly node: string;
  emit(call: KernelCall): void;
  /** Whether the gradient of this tensor is needed for that of any parameter. */
  needed(id: number): boolean;
  /** The tensor with the sum of `gradients`; emits a `sum` if there are several. */
  total(gradients: readonly number[], of: number): number;
  /** The gradient of a fused ReLU's input from the `gradients` of its output `y`; emits a call. */
  throughRelu(gradients: readonly number[], y: number): number;
  /** Adds a tensor that will be one term of the gradient of the activation `id`. */
  partial(id: number): number;
  /** Makes an existing tensor one term of the gradient of the activation `id`. */
  pass(id: number, gradient: number): void;
  /** Makes the channels of `dy` from `start` on, as many as `id` has, one term of the gradient of `id`. */
  slice(id: number, dy: number, start: number): void;
  channels(id: number): number;
  /** The tensor for the gradient of a parameter. */
  parameter(id: number): number;
}

/** Refuses the call unless all tensors have the dims of the first. */
export function alike(check: Check, ids: Slots): void {
  const [[slot, id] = ['x', -1], ...others] = Object.entries(ids);
  const dims = check.dims(slot, id);
  for (const [other, otherId] of others) check.expect(other, otherId, dims);
}

/** Refuses the call unless `dims` are the expected ones. */
export function equal(check: Pick<Check, 'refuse'>, what: string, dims: Shape, expected: Shape): void {
  if (dims.length === expected.length && dims.every((size, axis) => size === expected[axis])) return;
  check.refuse(`has ${what} [${dims.join(', ')}] instead of [${expected.join(', ')}]`);
}
