/** When each tensor of a plan holds something. */

import { idsRead, idsWritten } from './kernels.js';
import { type Plan, persistentRoles } from './plan.js';

/** Indices into `Plan.calls`, both included. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/**
 * From the call that writes a tensor to the last that reads it, by tensor id. Inputs live from the first call on,
 * outputs to the last, persistent tensors all the time.
 */
export function lifetimes(plan: Plan): Lifetime[] {
  const end = Math.max(0, plan.calls.length - 1);
  const first = plan.tensors.map(({ role }) => (role === 'input' || persistentRoles.has(role) ? 0 : end));
  const last = plan.tensors.map(({ role }) => (persistentRoles.has(role) ? end : 0));
  plan.calls.forEach((call, index) => {
    for (const id of idsWritten(call)) first[id] = Math.min(first[id]!, index);
    for (const id of [...idsRead(call), ...idsWritten(call)]) last[id] = Math.max(last[id]!, index);
  });
  for (const id of Object.values(plan.outputs)) last[id] = end;
  return plan.tensors.map(({ id }) => ({ first: first[id]!, last: last[id]! }));
}

/** The most bytes alive during any one call: no arena can be smaller. */
export function peakBytes(sizes: readonly number[], spans: readonly Lifetime[]): number {
  const changes: number[] = [];
  spans.forEach(({ first, last }, i) => {
    changes[first] = (changes[first] ?? 0) + sizes[i]!;
    changes[last + 1] = (changes[last + 1] ?? 0) - sizes[i]!;
  });
  let alive = 0;
  let peak = 0;
  for (let call = 0; call < changes.length; call++) {
    alive += changes[call] ?? 0;
    peak = Math.max(peak, alive);
  }
  return peak;
}
