import { describe, expect, it } from 'vitest';
import { differences, relativeError } from './compare.js';

describe('relativeError', () => {
  it('measures the largest difference against the largest expected magnitude', () => {
    expect(relativeError([1, -3.9, 0], [1, -4, 0.05])).toBeCloseTo(0.025);
  });

  it('is zero for equal tensors, zeros included', () => {
    expect(relativeError([0, 0], [0, 0])).toBe(0);
  });

  it('is infinite if zeros are expected and other values are found, unless a scale is given', () => {
    expect(relativeError([1e-9], [0])).toBe(Infinity);
    expect(relativeError([1e-9], [0], 1)).toBeCloseTo(1e-9);
  });

  it('is NaN, which no tolerance accepts, for non-finite values and different lengths', () => {
    expect(relativeError([NaN], [1])).toBeNaN();
    expect(relativeError([1], [Infinity])).toBeNaN();
    expect(relativeError([1, 2], [1])).toBeNaN();
  });
});

describe('differences', () => {
  it('names only the tensors that are missing or outside the tolerance', () => {
    const expected = new Map([
      ['same', [1, 2]],
      ['near', [1, 2]],
      ['far', [1, 2]],
      ['missing', [1]],
    ]);
    const actual = new Map([
      ['same', [1, 2]],
      ['near', [1, 2.001]],
      ['far', [1, 2.1]],
    ]);
    expect(differences(actual, expected, 1e-3)).toEqual(['far is off by 5.0e-2', 'missing is off by NaN']);
  });
});
