import { describe, expect, it } from 'vitest';

import fixture from './fixtures/welch.json' with { type: 'json' };
import { welch } from './seeds.js';

describe('the difference of two independent means', () => {
  it.each(fixture.cases)('is that of SciPy for $a and $b', ({ a, b, mean, low, high, p }) => {
    const difference = welch(a, b);
    expect(difference.mean).toBeCloseTo(mean, 12);
    expect(difference.ci!.low).toBeCloseTo(low, 7);
    expect(difference.ci!.high).toBeCloseTo(high, 7);
    expect(difference.p).toBeCloseTo(p, 7);
  });

  it('has no interval if one side is a single value', () => {
    expect(welch([3], [1, 2])).toEqual({ mean: 1.5, ci: null, p: null });
  });

  it('is certain if no side varies', () => {
    expect(welch([2, 2], [1, 1, 1])).toEqual({ mean: 1, ci: { low: 1, high: 1 }, p: 0 });
    expect(welch([1, 1], [1, 1]).p).toBe(1);
  });
});
