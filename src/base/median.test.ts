import { describe, expect, it } from 'vitest';

import { median, medianInterval } from './median.js';

describe('the median', () => {
  it('is the middle value, or the mean of both middle values', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow('nothing');
  });

  // How many values may lie outside on each side: SciPy's binom.cdf(k, n, 0.5) is at most 0.025 up to this k.
  it.each([
    [6, 0],
    [10, 1],
    [20, 5],
    [40, 13],
    [101, 40],
    [3000, 1445],
  ])('of %i values lies between those that leave %i out on each side', (n, out) => {
    const values = Array.from({ length: n }, (_, index) => index);
    expect(medianInterval(values.toReversed())).toEqual({ low: out, high: n - 1 - out });
  });

  it('has no interval of five values or fewer', () => {
    expect(medianInterval([1, 2, 3, 4, 5])).toBeNull();
  });
});
