import { describe, expect, it } from 'vitest';

import { scoreLogits } from './scores.js';

/** Four images of two classes. */
const target = Float32Array.of(1, 0, 3, 0, 0, 2, 0, 6);
const labels = Uint16Array.of(0, 1, 1, 1);

describe('the score of logits', () => {
  it('is perfect for the same logits, but for the error, which is against the labels', () => {
    expect(scoreLogits(target, target, labels)).toEqual({ r2: 1, r2Fitted: 1, agreement: 100, error: 25 });
  });

  it('is R² about the mean of each class', () => {
    // Class means 1 and 2: squares (0 + 4 + 1 + 1) + (4 + 4 + 0 + 16) = 30.
    const means = Float32Array.of(1, 2, 1, 2, 1, 2, 1, 2);
    expect(scoreLogits(means, target, labels).r2).toBe(0);
    expect(
      scoreLogits(
        target.map((value, i) => (i === 0 ? value + 3 : value)),
        target,
        labels,
      ).r2,
    ).toBeCloseTo(1 - 9 / 30);
    expect(
      scoreLogits(
        target.map((value) => -value),
        target,
        labels,
      ).r2,
    ).toBeLessThan(0);
  });

  it('forgives scale and offsets in its fitted form', () => {
    const other = target.map((value, i) => 5 * value + (i % 2 === 0 ? 100 : -3));
    const { r2, r2Fitted } = scoreLogits(other, target, labels);
    expect(r2Fitted).toBeCloseTo(1, 12);
    expect(r2).toBeLessThan(0);
  });

  it('counts answers: the first of equal logits', () => {
    const other = Float32Array.of(1, 1, 0, 3, 0, 2, 9, 6);
    expect(scoreLogits(other, target, labels)).toMatchObject({ agreement: 50, error: 25 });
  });

  it('has no R² where nothing varies', () => {
    const flat = new Float32Array(8);
    expect(scoreLogits(flat, flat, labels)).toMatchObject({ r2: null, r2Fitted: null });
    expect(scoreLogits(flat, target, labels).r2Fitted).toBeNull();
  });
});
