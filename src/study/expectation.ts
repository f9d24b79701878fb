/** What a plan can be expected to detect, before its first training. */

import type { StudyPlan } from './plan.js';
import { detectableDifference } from './statistics/index.js';

/** Standard deviation between seeds in points: ResNet-110 on CIFAR-10 over five runs, 6.61 ± 0.16 (He et al. 2015). */
export const assumedSeedDeviation = 0.16;

/**
 * The smallest true difference in points that a plan detects with 80 % power, assuming that seeds vary by
 * `assumedSeedDeviation` and that the runs of one seed are independent. The test set counts as fixed. Infinite for a single
 * seed.
 */
export function expectedDetectable({ arms, seeds }: StudyPlan): number {
  const groups = new Set(arms.map(({ group }) => group)).size;
  return detectableDifference({
    seeds: seeds.length,
    // Any number: examples have no variance here.
    examples: 2,
    variances: { seed: 2 * assumedSeedDeviation ** 2, example: 0, residual: 0 },
    comparisons: arms.length / groups - 1,
  });
}
