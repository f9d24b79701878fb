/**
 * Which results may lie over an operand that nobody needs afterwards. It saves memory, and time as well: a line of
 * cache that was just read is written without fetching another.
 */

import type { Slots } from './kernels.js';
import { lifetimes } from './lifetimes.js';
import type { KernelKind, Plan } from './plan.js';

/**
 * Result slot → operand slots that it may lie over, best first. An engine that makes use of it (see `takeovers`) has
 * to read an element of the operand for the last time before it writes the same element of the result.
 * `batchNormGradient` may have written daddend over dy or dy2 before it comes to dx.
 */
const overwritable: { readonly [K in KernelKind]: { readonly [result: string]: readonly string[] } } = {
  convolution: { y: ['addend'] },
  convolutionDataGradient: {},
  convolutionWeightGradient: {},
  linear: {},
  linearDataGradient: {},
  linearWeightGradient: {},
  batchNorm: { y: ['addend'] },
  batchNormGradient: { daddend: ['dy', 'dy2'], dx: ['dy', 'dy2', 'x', 'y'] },
  channelAffine: { y: ['x', 'addend'] },
  layerNorm: { y: ['x'] },
  layerNormGradient: { dx: ['dy', 'x'] },
  localResponseNorm: {},
  localResponseNormGradient: {},
  activation: { y: ['x'] },
  activationGradient: { dx: ['saved'] },
  sum: { y: ['x0', 'x1', 'x2', 'x3'] },
  multiply: { y: ['x'] },
  multiplyGradient: { dx: ['dy', 'x'] },
  concat: {},
  sliceChannels: {},
  channelShuffle: {},
  padChannels: {},
  maxPool: {},
  maxPoolGradient: {},
  averagePool: {},
  averagePoolGradient: {},
  globalAveragePool: {},
  globalAveragePoolGradient: {},
  adaptiveAveragePool: {},
  adaptiveAveragePoolGradient: {},
  flatten: {},
  unflatten: {},
  dropout: {},
  scale: {},
  scaleGradient: {},
  softmaxCrossEntropy: {},
  gradientNorm: {},
  sgd: {},
  adamw: {},
  movingAverage: {},
};

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
    const operands = call.in as Slots;
    for (const [slot, candidates] of Object.entries(overwritable[call.kind])) {
      const result = (call.out as Slots)[slot];
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
