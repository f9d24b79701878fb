import { describe, expect, it } from 'vitest';

import { expectedDetectable } from './expectation.js';
import { resolvePlan } from './plan.js';

const detectable = (seeds: number, ratios = ['2:1']) =>
  expectedDetectable(resolvePlan({ networks: ['resnet20'], ratios, seeds }));

describe('before the first training', () => {
  it('a plan says how small a difference it can see', () => {
    // statsmodels: TTestPower().solve_power(nobs=5, alpha=0.05, power=0.8) is 1.6820 deviations of √2·0.16 points.
    expect(detectable(5)).toBeCloseTo(1.682 * Math.SQRT2 * 0.16, 3);
  });

  it('two seeds see little, the less the more ratios there are', () => {
    // By SciPy: the noncentrality at which one degree of freedom gives a power of 0.8, times √2·0.16/√2 points.
    expect(detectable(2)).toBeCloseTo(2.61, 2);
    expect(detectable(2, ['2:1', '3:2'])).toBeCloseTo(5.22, 2);
    expect(detectable(2, ['2:1', '2:1@10', '3:2'])).toBeCloseTo(7.83, 2);
  });

  it('more seeds see more, more ratios less, one seed nothing', () => {
    expect(detectable(10)).toBeLessThan(detectable(5));
    expect(detectable(5, ['2:1', '3:2'])).toBeGreaterThan(detectable(5));
    expect(detectable(1)).toBe(Infinity);
  });
});
