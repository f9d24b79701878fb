import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import { createLoader } from './loader.js';
import { openDataset } from './open.js';
import { failureOf, randomBytes, smallDataset } from './testing/fixtures.js';
import { paint, workplace } from './testing/photos.js';
import { noTransforms } from './transforms.js';
import { createResizer, drawWindow, middle } from './view.js';

const crop = { cropScale: 0.08, cropRatio: 4 / 3 };

describe('the window of a random resized crop', () => {
  it('has its area evenly from 8 % to 100 %, and the logarithm of its ratio evenly from 3:4 to 4:3', () => {
    // Only if every draw fits are areas and ratios spread as the formula says: so at most half of a wide area is asked for.
    const [height, width] = [900, 1000];
    const areas: number[] = [];
    const ratios: number[] = [];
    for (let index = 0; index < 4000; index++) {
      const part = drawWindow(crop, 1, 2, index, height, width);
      expect(part.top >= 0 && part.left >= 0).toBe(true);
      expect(part.top + part.height <= height && part.left + part.width <= width).toBe(true);
      const area = (part.height * part.width) / (height * width);
      if (area > 0.5) continue;
      areas.push((area - 0.08) / (0.5 - 0.08));
      ratios.push((Math.log(part.width / part.height) / Math.log(4 / 3) + 1) / 2);
    }
    expect(areas.length).toBeGreaterThan(1700);
    // Kolmogorov and Smirnov: 1.63 / √n is exceeded by chance once in a hundred seeds.
    for (const values of [areas, ratios])
      expect(distanceToUniform(values)).toBeLessThan(1.63 / Math.sqrt(values.length));
  });

  it('lies at every place, and in another one for each seed, epoch and image', () => {
    const keys = [
      [1, 0, 0],
      [2, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
    ] as const;
    const parts = keys.map(([seed, epoch, index]) => JSON.stringify(drawWindow(crop, seed, epoch, index, 300, 400)));
    expect(new Set(parts).size).toBe(4);
    const small = { cropScale: 0.01, cropRatio: 1 };
    const lefts = Array.from({ length: 500 }, (_, index) => drawWindow(small, 1, 0, index, 4, 4)).filter(
      ({ width }) => width === 1,
    );
    expect(new Set(lefts.map(({ top, left }) => `${top} ${left}`)).size).toBe(16);
  });

  it('is the middle if no draw fits, no longer than the ratio allows', () => {
    const whole = { cropScale: 1, cropRatio: 1.25 };
    expect(drawWindow(whole, 1, 0, 0, 100, 200)).toEqual({ top: 0, left: 37, height: 100, width: 125 });
    expect(drawWindow(whole, 1, 0, 0, 200, 100)).toEqual({ top: 37, left: 0, height: 125, width: 100 });
  });
});

function distanceToUniform(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.max(
    ...sorted.map((value, index) => Math.max((index + 1) / sorted.length - value, value - index / sorted.length)),
  );
}

describe('resizing', () => {
  /** The definition, in float64: a mean weighted by a tent that is as wide as a step of the output, or of the input. */
  const simple = (image: Uint8Array, height: number, width: number, side: number): number[] => {
    const weigh = (at: number, from: number, length: number): number => {
      const step = length / side;
      return Math.max(0, 1 - Math.abs(from + 0.5 - (at + 0.5) * step) / Math.max(1, step));
    };
    return Array.from({ length: side * side }, (_, out) => {
      let [sum, total] = [0, 0];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const weight = weigh(Math.floor(out / side), y, height) * weigh(out % side, x, width);
          sum += weight * image[y * width + x]!;
          total += weight;
        }
      }
      return sum / total;
    });
  };

  it.each([
    [7, 5, 11],
    [23, 31, 8],
    [9, 20, 12],
    [1, 1, 6],
  ])('of %i×%i to %i is the mean under a tent', (height, width, side) => {
    const image = randomBytes(height * width, 3);
    const out = new Uint8Array(side * side);
    const part = { top: 0, left: 0, height, width };
    createResizer(1, side, side).resize(image, { at: 0, height, width }, part, out);
    const expected = simple(image, height, width, side);
    for (const [index, value] of out.entries()) expect(Math.abs(value - expected[index]!)).toBeLessThan(0.501);
  });

  it('sees nothing outside its part, and copies a part that has the size', () => {
    const image = randomBytes(3 * 20 * 30, 4);
    const placed = { at: 0, height: 20, width: 30 };
    const part = { top: 3, left: 7, height: 9, width: 11 };
    const cut = Uint8Array.from({ length: 3 * 99 }, (_, i) => {
      const [channel, y, x] = [Math.floor(i / 99), Math.floor((i % 99) / 11), i % 11];
      return image[(channel * 20 + y + 3) * 30 + x + 7]!;
    });
    const copied = new Uint8Array(3 * 99);
    createResizer(3, 9, 11).resize(image, placed, part, copied);
    expect(copied).toEqual(cut);
    const [direct, two] = [new Uint8Array(3 * 64), new Uint8Array(3 * 64)];
    const resizer = createResizer(3, 8, 8);
    resizer.resize(image, placed, part, direct);
    resizer.resize(cut, { at: 0, height: 9, width: 11 }, middle(9, 11, 9, 11), two);
    expect(direct).toEqual(two);
  });
});

describe('a folder of images that are kept whole', () => {
  const open = async (more: object = {}) => {
    const { dir, openIt } = await workplace();
    for (const name of ['cat', 'dog']) {
      await mkdir(`${dir}/${name}`, { recursive: true });
      for (let n = 0; n < 12; n++) {
        const [width, height] = [40 + 3 * n, 40 + 5 * (n % 4)];
        const raw = { width, height, channels: 3 } as const;
        await sharp(randomBytes(3 * width * height, n), { raw }).toFile(`${dir}/${name}/${n}.png`);
      }
    }
    return openIt({ size: 16, cropPercent: 0.8, whole: true, ...more });
  };

  it('keeps the short side, and at most twice as much of the long one', async () => {
    const { dir, openIt } = await workplace();
    await paint(`${dir}/train/a/1.png`, [9, 9, 9], 60, 40);
    await paint(`${dir}/train/a/2.png`, [9, 9, 9], 40, 60);
    await paint(`${dir}/train/a/3.png`, [9, 9, 9], 200, 20);
    await paint(`${dir}/train/b/1.png`, [9, 9, 9], 5000, 20);
    await paint(`${dir}/test/b/1.png`, [9, 9, 9], 10, 10);
    const { train, shape } = await openIt({ size: 16, cropPercent: 0.8, whole: true });
    expect(shape).toEqual([3, 16, 16]);
    expect([...train.extents!.widths]).toEqual([30, 20, 40, 20]);
    expect([...train.extents!.heights]).toEqual([20, 30, 20, 20]);
    expect([...train.extents!.starts]).toEqual([0, 1800, 3600, 6000]);
  });

  it('shows each epoch other crops, the same whatever the number of workers and wherever it begins', async () => {
    const dataset = await open();
    const transforms = { ...noTransforms, ...crop, flip: true };
    const batches = async (workers: number, epoch: number, from = 0): Promise<string[]> => {
      const loader = createLoader({ dataset, split: 'train', batch: 4, seed: 3, transforms, workers });
      const seen: string[] = [];
      for await (const { images } of loader.epoch(epoch, from))
        seen.push(createHash('sha256').update(images.join()).digest('hex'));
      await loader.close();
      return seen;
    };
    const one = await batches(0, 1);
    expect(one).toHaveLength(5);
    expect(await batches(2, 1)).toEqual(one);
    expect(await batches(1, 1, 3)).toEqual(one.slice(3));
    expect(await batches(0, 2)).not.toEqual(one);
  });

  it('tests on what a cache of middles holds', async () => {
    const seen = await Promise.all(
      [true, false].map(async (whole) => {
        const dataset = await open({ whole, seed: 5 });
        const loader = createLoader({
          dataset: { ...dataset, mean: [0, 0, 0], deviation: [1, 1, 1] },
          split: 'train',
          shuffle: false,
          batch: 20,
          workers: 0,
        });
        for await (const { images } of loader.epoch(0)) return [...images];
        return [];
      }),
    );
    expect(seen[0]).toHaveLength(20 * 768);
    expect(seen[0]).toEqual(seen[1]);
  });

  it('refuses shares that no middle has', async () => {
    for (const cropPercent of [0.1, 1.2, NaN]) {
      expect((await failureOf(() => open({ cropPercent }))).hint).toContain('`data.cropPercent`');
    }
    for (const option of [{ cropPercent: 0.9 }, { interpolation: 'cubic' }] as const) {
      expect((await failureOf(() => openDataset('synthetic', option))).hint).toContain(Object.keys(option)[0]);
    }
  });

  it('is cropped at random like images of one size', async () => {
    const dataset = smallDataset(8, 4, [3, 8, 8]);
    const loader = createLoader({
      dataset,
      split: 'train',
      batch: 8,
      transforms: { ...noTransforms, ...crop },
      workers: 0,
    });
    const plain = createLoader({ dataset, split: 'train', batch: 8, workers: 0 });
    const images = [];
    for (const each of [loader, plain]) for await (const batch of each.epoch(0)) images.push([...batch.images]);
    expect(images[0]).not.toEqual(images[1]);
    expect(images[0]!.every(Number.isFinite)).toBe(true);
  });
});
