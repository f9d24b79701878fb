/** The calls during which each tensor of a plan is alive. */

import { idsRead, idsWritten } from './kernels.js';
import { type Plan, persistentRoles } from './plan.js';

/** Indices into `Plan.calls`, both inclusive. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/**
 * Lifetimes by tensor id: from the call that writes a tensor to the last call that reads it. Inputs are alive from the first
 * call on, outputs up to the last, persistent tensors always.
 */
export function lifetimes(plan: Plan): Lifetime[] {
  const end = Math.max(0, plan.calls.length - 1);
  const first = plan.tensors.map(({ role }) => (persistentRoles.has(role) ? 0 : end));
  const last = plan.tensors.map(({ role }) => (persistentRoles.has(role) ? end : 0));
  plan.calls.forEach((call, index) => {
    for (const id of idsWritten(call)) first[id] = Math.min(first[id]!, index);
    for (const id of [...idsRead(call), ...idsWritten(call)]) last[id] = Math.max(last[id]!, index);
  });
  for (const id of Object.values(plan.inputs)) first[id] = 0;
  for (const id of Object.values(plan.outputs)) last[id] = end;
  return plan.tensors.map(({ id }) => ({ first: first[id]!, last: last[id]! }));
}

/** Bytes that are alive during each call. */
export function bytesAlive(sizes: readonly number[], spans: readonly Lifetime[]): number[] {
  const calls = spans.reduce((end, { last }) => Math.max(end, last + 1), 0);
  const alive = Array.from({ length: calls + 1 }, () => 0);
  spans.forEach(({ first, last }, i) => {
    alive[first]! += sizes[i]!;
    alive[last + 1]! -= sizes[i]!;
  });
  for (let call = 1; call <= calls; call++) alive[call]! += alive[call - 1]!;
  return alive.slice(0, calls);
}

/** The most bytes that are alive during one call; no arena can be smaller. */
export function peakBytes(sizes: readonly number[], spans: readonly Lifetime[]): number {
  return bytesAlive(sizes, spans).reduce((peak, bytes) => Math.max(peak, bytes), 0);
}
