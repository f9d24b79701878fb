/**
 * Finds results that may overwrite an operand that is not needed afterwards. This saves memory and also time: a cache line
 * that was just read is written without fetching another one.
 */

import { kernelTable } from './kernels.js';
import type { Overwrites, Slots } from './kernels/row.js';
import { lifetimes } from './lifetimes.js';
import type { Plan } from './plan.js';

/**
 * Result → operand whose memory it takes over, by tensor id. Both are activations of the same dims, no later call reads the
 * operand, and each operand is taken over at most once.
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
