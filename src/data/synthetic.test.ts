import { describe, expect, it } from 'vitest';

import { openDataset } from './open.js';
import { pixelsOf } from './testing/fixtures.js';

describe('the built-in dataset', () => {
  it('has ten kinds of object in 32×32 color images, equally many of each', async () => {
    const dataset = await openDataset('synthetic', { limit: 500 });
    expect(dataset.shape).toEqual([3, 32, 32]);
    expect(dataset.classes).toEqual([
      'disc',
      'ring',
      'square',
      'frame',
      'triangle',
      'cross',
      'star',
      'crescent',
      'stripes',
      'checks',
    ]);
    for (const split of [dataset.train, dataset.test]) {
      expect(split.count).toBe(500);
      const counts = new Uint16Array(10);
      for (const label of split.labels) counts[label]!++;
      expect([...counts]).toEqual(Array(10).fill(50));
    }
  });

  it('is the same for the same seed, and differs by seed and split', async () => {
    const first = await openDataset('synthetic', { limit: 60, seed: 3 });
    expect(await openDataset('synthetic', { limit: 60, seed: 3 })).toEqual(first);
    const other = await openDataset('synthetic', { limit: 60, seed: 4 });
    expect(other.fingerprint).not.toBe(first.fingerprint);
    const images = [first.train, first.test, other.train, other.test].flatMap((split) =>
      Array.from({ length: 60 }, (_, n) =>
        pixelsOf(split)
          .slice(n * 3072, (n + 1) * 3072)
          .join(),
      ),
    );
    expect(new Set(images).size).toBe(240);
  });

  it('begins with the same images at any limit', async () => {
    const few = pixelsOf((await openDataset('synthetic', { limit: 10 })).train);
    const more = pixelsOf((await openDataset('synthetic', { limit: 20 })).train);
    expect(Buffer.compare(few, more.subarray(0, few.length))).toBe(0);
  });

  it('never changes: runs on it must be repeatable with later versions', async () => {
    expect((await openDataset('synthetic', { limit: 256 })).fingerprint).toBe('e8a8cf78a4a5e90b1f94fa42df96b492');
  });

  it('does not reveal its classes by mean color or brightness', async () => {
    const { train } = await openDataset('synthetic', { limit: 2000 });
    const pixels = pixelsOf(train);
    const all: number[][] = Array.from({ length: 10 }, () => []);
    for (let n = 0; n < train.count; n++) {
      let sum = 0;
      for (let at = n * 3072; at < (n + 1) * 3072; at++) sum += pixels[at]!;
      all[train.labels[n]!]!.push(sum / 3072);
    }
    const means = all.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    const center = means.reduce((sum, value) => sum + value, 0) / 10;
    // The brightness of single images varies by about 38. Class means differ only by chance.
    for (const mean of means) expect(Math.abs(mean - center)).toBeLessThan((4 * 38) / Math.sqrt(200));
  });
});
