import { describe, expect, it } from 'vitest';
import { makeDivisible, stagesOf } from './layers.js';

describe('scaled widths', () => {
  it.each([
    // EfficientNet B2 and B3: 1.1 and 1.2 times the widths of B0.
    [35.2, 32],
    [17.6, 16],
    [352, 352],
    [19.2, 24],
    [28.8, 32],
    // No width loses more than a tenth, ties round up, and 8 is the minimum.
    [10, 16],
    [20, 24],
    [2, 8],
  ])('of %d become %i', (channels, width) => {
    expect(makeDivisible(channels)).toBe(width);
  });
});

describe('the rows of a table', () => {
  it('are cut into stages where the resolution decreases', () => {
    const strides = (table: readonly number[]) =>
      stagesOf(table.map((stride) => ({ stride }))).map((stage) => stage.map((row) => row.stride));
    expect(strides([1, 2, 1, 1, 2])).toEqual([[1], [2, 1, 1], [2]]);
    expect(strides([2, 2, 1])).toEqual([[2], [2, 1]]);
    expect(strides([])).toEqual([]);
  });
});
