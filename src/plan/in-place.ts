/**
 * Which results may lie over an operand that nobody needs afterwards. It saves memory, and time as well: a line of
 * cache that was just read is written without fetching another.
 */

import { kernelTable } from './kernels.js';
import type { Overwrites, Slots } from './kernels/row.js';
import { lifetimes } from './lifetimes.js';
import type { Plan } from './plan.js';

/**
 * Pairs result → operand whose memory it takes over, by tensor id. Both are activations of the same dims, the operand
 * is read by this call for the last time, and nothing else takes it.
 */
export function takeovers(plan: Plan): Map<number, number> {
  const spans = lifetimes(plan);
  const given = new Set(Object.values(plan.inputs));
  const taken = new Set<number>();
  const pairs = new Map<number, number>();
  plan.calls.forEach((call, index) => {
    const [operands, results]: readonly [Slots, Slots] = [call.in, call.out];
    const { overwrites }: { readonly overwrites: Overwrites } = kernelTable[call.kind];
    for (const [slot, candidates] of Object.entries(overwrites)) {
      const result = results[slot];
      if (result === undefined) continue;
      const fits = (operand: number): boolean => {
        const [a, b] = [plan.tensors[operand]!, plan.tensors[result]!];
        const elsewhere = Object.entries(operands).some(([other, id]) => id === operand && !candidates.includes(other));
        return (
          a.role === 'activation' &&
          a.dims.join() === b.dims.join() &&
          a.type === b.type &&
          spans[operand]!.last === index &&
          !given.has(operand) &&
          !taken.has(operand) &&
          !elsewhere
        );
      };
      const operand = candidates.flatMap((candidate) => operands[candidate] ?? []).find(fits);
      if (operand === undefined) continue;
      pairs.set(result, operand);
      taken.add(operand);
    }
  });
  return pairs;
}
