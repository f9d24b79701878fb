/** The verdict of a comparison, in words that promise no more than was measured. */

import type { CrossedEstimate } from './crossed.js';
import { detectableDifference, seedsFor } from './power.js';

export interface Verdict {
  /** `open`: not distinguishable so far. */
  readonly kind: 'better' | 'worse' | 'open';
  /** One sentence, without its subject. */
  readonly text: string;
}

/** The share of studies without a true difference that may still report one. */
export const falseAlarms = 0.05;

export interface VerdictOptions {
  /** In points. */
  readonly worthwhile: number;
  readonly comparisons: number;
}

/** @param pHolm corrected for all comparisons of the study; null if it is unknown */
export function verdictOf(estimate: CrossedEstimate, pHolm: number | null, options: VerdictOptions): Verdict {
  const { mean, spread } = estimate;
  if (spread === null || pHolm === null) {
    return { kind: 'open', text: 'not distinguishable: one seed cannot tell luck from a difference' };
  }
  const size = `by ${formatPoints(mean)} points`;
  if (pHolm < falseAlarms && mean !== 0) {
    return mean < 0 ? { kind: 'better', text: `better ${size}` } : { kind: 'worse', text: `worse ${size}` };
  }
  return { kind: 'open', text: `not distinguishable; ${whatWouldSettle(estimate, spread.variances, options)}` };
}

function whatWouldSettle(
  { seeds, examples }: CrossedEstimate,
  variances: NonNullable<CrossedEstimate['spread']>['variances'],
  { worthwhile, comparisons }: VerdictOptions,
): string {
  const design = { examples, variances, comparisons };
  const difference = `a difference of ${formatPoints(worthwhile)} points`;
  const needed = seedsFor(worthwhile, design);
  if (needed === null) {
    const least = detectableDifference({ ...design, seeds: 1000 });
    return `no number of seeds would settle ${difference} on ${examples} test images, which show ${formatPoints(least)} at best`;
  }
  if (needed <= seeds) return `${difference} would probably have shown`;
  const more = needed - seeds;
  return `about ${more} more ${more === 1 ? 'seed' : 'seeds'} would settle ${difference}`;
}

/** Without sign, with as many digits as test errors deserve. */
function formatPoints(points: number): string {
  return Math.abs(points)
    .toFixed(2)
    .replace(/(\.\d)0$/, '$1');
}
