import { describe, expect, it } from 'vitest';

import { criticalValue } from './crossed.js';
import { noncentralStudentCdf, studentQuantile } from './distributions.js';

/** P(|Z| > z); a t of so many degrees of freedom is normal. */
const normalTails = (z: number): number => 2 * noncentralStudentCdf(-z, 1e8, 0);

/** A grid of equally likely values of χ²/degrees for one or two degrees of freedom, by inversion. */
function chiSquares(degrees: number, count: number): number[] {
  const draws = Array.from({ length: count }, (_, index) => (index + 0.5) / count);
  if (degrees === 1) return draws.map((share) => studentQuantile(0.5 + share / 2, 1e8) ** 2);
  if (degrees === 2) return draws.map((share) => -Math.log1p(-share));
  throw new Error('Only one and two degrees of freedom have such a formula.');
}

/**
 * How often a mean without any true difference passes for one, if examples contribute `ratio` times the variance that
 * seeds do, and the examples' variance is known. Given the estimated seed variance, the mean is normal.
 */
function falseAlarms(degrees: number, ratio: number, alpha: number): number {
  const values = chiSquares(degrees, 500);
  const rates = values.map((value) => {
    const parts = {
      seeds: { variance: value, degreesOfFreedom: degrees },
      examples: { variance: ratio, degreesOfFreedom: 9999 },
    };
    return normalTails((criticalValue(parts, alpha) * Math.sqrt(value + ratio)) / Math.sqrt(1 + ratio));
  });
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}

describe('with two or three seeds, false alarms are at most those asked for', () => {
  it.each([
    [2, 1],
    [2, 3],
    [3, 1],
    [3, 3],
  ])('%i seeds, %i comparisons, whatever the shares of seeds and images', (seeds, comparisons) => {
    const alpha = 0.05 / comparisons;
    const rates = [0.001, 0.01, 0.03, 0.1, 0.3, 1, 10].map((ratio) => falseAlarms(seeds - 1, ratio, alpha));
    // The grid of variances is coarse near 0, which costs a little below one percent.
    expect(Math.max(...rates) / alpha).toBeLessThan(1.01);
    expect(Math.max(...rates) / alpha).toBeGreaterThan(0.8);
  });
});
