/** How small a difference a plan can detect, and how many seeds a difference needs. */

import { criticalValue, expectedSpread, type Spread, type VarianceComponents } from './crossed.js';
import { noncentralStudentCdf } from './distributions.js';

export interface Design {
  readonly seeds: number;
  /** Of the test set. */
  readonly examples: number;
  /** Of the paired differences. */
  readonly variances: VarianceComponents;
  /** How many ratios are compared with the baseline; each may raise its share of the false alarms. Default 1. */
  readonly comparisons?: number;
  /** False alarms allowed among all comparisons. Default 0.05. */
  readonly alpha?: number;
}

/**
 * The probability of detecting a true difference of this many points at the level alpha/comparisons, Holm's first step: the
 * power of a t-test with the critical value of `criticalValue` and Satterthwaite's (1946) degrees of freedom. 0 for a single
 * seed.
 */
export function power(
  difference: number,
  { seeds, examples, variances, comparisons = 1, alpha = 0.05 }: Design,
): number {
  if (seeds < 2 || examples < 2) return 0;
  const { standardError, parts } = expectedSpread(variances, seeds, examples);
  if (standardError === 0) return difference === 0 ? 0 : 1;
  const critical = criticalValue(parts, alpha / comparisons);
  const noncentrality = Math.abs(difference) / standardError;
  const within = (t: number): number => noncentralStudentCdf(t, satterthwaite(parts), noncentrality);
  return 1 - within(critical) + within(-critical);
}

function satterthwaite({ seeds, examples }: Spread['parts']): number {
  const share = ({ variance, degreesOfFreedom }: typeof seeds): number => variance ** 2 / degreesOfFreedom;
  return (seeds.variance + examples.variance) ** 2 / (share(seeds) + share(examples));
}

/** The customary power. */
export const customaryPower = 0.8;

/** The smallest difference in points that is detected with probability `wanted`; infinite for a single seed. */
export function detectableDifference(design: Design, wanted = customaryPower): number {
  if (design.seeds < 2 || design.examples < 2) return Infinity;
  let [low, high] = [0, 100];
  if (power(high, design) < wanted) return Infinity;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (power(middle, design) < wanted) low = middle;
    else high = middle;
  }
  return high;
}

/** Nobody will train more seeds than this. */
const mostSeeds = 10_000;

/**
 * How many seeds in all detect a true difference of this many points with probability `wanted`; null if no number of seeds
 * is enough, because the test set is too small.
 */
export function seedsFor(difference: number, design: Omit<Design, 'seeds'>, wanted = customaryPower): number | null {
  const enough = (seeds: number): boolean => power(difference, { ...design, seeds }) >= wanted;
  if (!enough(mostSeeds)) return null;
  let [low, high] = [1, mostSeeds];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
