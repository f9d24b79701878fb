/** What the passes of `plan` have to know about a kernel: one row for every kind. */

import type { Shape } from '../../graph/op.js';
import type { CallOf, KernelKind, ScalarName } from '../plan.js';

/** Tensor ids by slot; the three records of a call all have this form. */
export type Slots = { readonly [slot: string]: number };

/** Where in a step a kernel stands. `inference` kernels are forward ones that only inference plans use. */
type Phase = 'forward' | 'inference' | 'loss' | 'backward' | 'update';

/** Result slot → operand slots, best first. */
export type Overwrites = { readonly [result: string]: readonly string[] };

export interface KernelRow<Kind extends KernelKind> {
  readonly phase: Phase;
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

export type KernelTable = { readonly [Kind in KernelKind]: KernelRow<Kind> };

/** What a shape rule asks of its call's tensors. `undefined` stands for an optional slot that is not used. */
export interface Check {
  /** The dims of a tensor; refuses a tensor that does not have `rank` dimensions. */
  dims(slot: string, id: number, rank?: number): Shape;
  /** Refuses a tensor of other dims. */
  expect(slot: string, id: number | undefined, dims: Shape): void;
  refuse(complaint: string): never;
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
