import { describe, expect, it } from 'vitest';

import { drawImage, drawMixup, noTransforms } from './transforms.js';

describe('the draws of an image', () => {
  it('cover every offset and both sides about equally often', () => {
    const transforms = { padCrop: 4, flip: true, cutout: 8, mixup: 0 };
    const offsets = new Map<number, number>();
    let flips = 0;
    const draws = 9_000;
    for (let index = 0; index < draws; index++) {
      const { top, left, flip } = drawImage(transforms, 3, 1, index, 32, 32);
      for (const offset of [top, left + 100]) offsets.set(offset, (offsets.get(offset) ?? 0) + 1);
      if (flip) flips++;
    }
    expect(offsets.size).toBe(18);
    // Five standard deviations around the expectation.
    for (const count of offsets.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * 30);
    expect(Math.abs(flips - draws / 2)).toBeLessThan(5 * 48);
  });

  it('depend on seed, epoch and index, and on nothing else', () => {
    const transforms = { padCrop: 4, flip: true, cutout: 8, mixup: 0 };
    const text = (seed: number, epoch: number, index: number) =>
      JSON.stringify(drawImage(transforms, seed, epoch, index, 32, 32));
    expect(text(1, 2, 3)).toBe(text(1, 2, 3));
    expect(new Set([text(1, 2, 3), text(2, 2, 3), text(1, 3, 3), text(1, 2, 4)]).size).toBe(4);
  });

  it('keep the offsets when cutout or flip is switched', () => {
    for (let index = 0; index < 50; index++) {
      const all = drawImage({ padCrop: 4, flip: true, cutout: 8, mixup: 0 }, 1, 0, index, 32, 32);
      const crop = drawImage({ ...noTransforms, padCrop: 4 }, 1, 0, index, 32, 32);
      expect([crop.top, crop.left, crop.flip]).toEqual([all.top, all.left, false]);
    }
  });
});

describe('the draw of mixup', () => {
  it('has the mean and variance of Beta(α, α), for small and large α', () => {
    for (const alpha of [0.2, 1, 4]) {
      const draws = 4_000;
      const weights = Array.from({ length: draws }, (_, step) => drawMixup(alpha, 1, 0, step, 2).weight);
      const mean = weights.reduce((sum, weight) => sum + weight, 0) / draws;
      const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / draws;
      const expected = 1 / (4 * (2 * alpha + 1));
      expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(expected / draws));
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1);
    }
  });

  it('pairs every row with one row of the batch', () => {
    const { partners } = drawMixup(1, 4, 2, 9, 64);
    expect([...partners].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, row) => row));
  });

  it('stays a weight between 0 and 1 for a very small α', () => {
    for (let step = 0; step < 200; step++) {
      const { weight } = drawMixup(1e-4, 1, 0, step, 2);
      expect(weight >= 0 && weight <= 1).toBe(true);
    }
  });
});
