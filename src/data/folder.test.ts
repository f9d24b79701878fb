import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { Dataset } from './dataset.js';
import { createLoader } from './loader.js';
import { openDataset } from './open.js';
import { failureOf, pixelsOf } from './testing/fixtures.js';
import { paint, paintPets, workplace } from './testing/photos.js';

describe('a folder of images', () => {
  it('becomes a dataset with a class per folder, each image scaled to the square', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    await writeFile(join(dir, 'train', 'cat', 'notes.txt'), 'no image');
    await mkdir(join(dir, 'train', '.hidden'));
    const dataset = await openIt();
    expect(dataset.name).toBe(dir.split('/').at(-1));
    expect(dataset.classes).toEqual(['cat', 'dog']);
    expect(dataset.shape).toEqual([3, 8, 8]);
    expect([...dataset.train.labels]).toEqual([0, 0, 1, 1]);
    expect([...dataset.test.labels]).toEqual([1]);
    const pixels = pixelsOf(dataset.train);
    expect([pixels[0], pixels[64], pixels[128]]).toEqual([200, 10, 20]);
    expect([pixels[192], pixels[384], pixels[384 + 64]]).toEqual([201, 10, 150]);
    expect(pixels.subarray(384 + 64, 384 + 128).every((value) => value === 150)).toBe(true);
    expect(dataset.mean[0]).toBeCloseTo((200 + 201 + 10 + pixels[576]!) / 4 / 255, 10);
    expect(Math.abs(pixelsOf(dataset.test)[128]! - 90)).toBeLessThan(6);
  });

  it('uses val/ if there is no test/', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    await rm(join(dir, 'test'), { recursive: true });
    await paint(join(dir, 'val', 'cat', 'v.png'), [1, 2, 3]);
    await paint(join(dir, 'val', 'dog', 'w.png'), [1, 2, 3]);
    expect((await openIt()).test.count).toBe(2);
  });

  it('sets a tenth of each class aside, chosen by the seed, if there is no test folder', async () => {
    const { dir, openIt } = await workplace();
    for (const [label, name] of ['a', 'b'].entries()) {
      for (let n = 0; n < 20; n++) await paint(join(dir, name, `${n}.png`), [label * 100 + n, 0, 0], 4);
    }
    const reds = (dataset: Dataset, split: 'train' | 'test') =>
      [...pixelsOf(dataset[split])].filter((_, at) => at % 192 === 0);
    const dataset = await openIt({ seed: 1 });
    expect([dataset.train.count, dataset.test.count]).toEqual([36, 4]);
    expect([...dataset.test.labels]).toEqual([0, 0, 1, 1]);
    const all = [...reds(dataset, 'train'), ...reds(dataset, 'test')].sort((a, b) => a - b);
    expect(all).toEqual([...Array(20).keys(), ...Array.from({ length: 20 }, (_, n) => 100 + n)]);
    expect(await openIt({ seed: 1 })).toEqual(dataset);
    expect(reds(await openIt({ seed: 2 }), 'test')).not.toEqual(reds(dataset, 'test'));
    const limited = await openIt({ seed: 1, limit: 10 });
    expect([limited.train.count, limited.test.count]).toEqual([10, 4]);
    expect(new Set(limited.train.labels)).toEqual(new Set([0, 1]));
  });

  it('is decoded once, and again after an image is changed, added or removed', async () => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    const calls: number[] = [];
    const onProgress = (done: number): void => void calls.push(done);
    const first = await openIt({ onProgress });
    expect(calls).toEqual([5]);
    expect(await openIt({ onProgress })).toEqual(first);
    expect(calls).toEqual([5]);

    await utimes(join(dir, 'train', 'cat', 'a.png'), 1000, 1000);
    await openIt({ onProgress });
    await paint(join(dir, 'train', 'cat', 'new.png'), [0, 0, 0]);
    await openIt({ onProgress });
    await rm(join(dir, 'train', 'dog', 'c.png'));
    await openIt({ onProgress });
    expect(calls).toEqual([5, 5, 6, 5]);
    expect(await readdir(cacheDir)).toHaveLength(1);
  });

  it('rebuilds a cache that is truncated or has another format', async () => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    const dataset = await openIt();
    const cache = join(cacheDir, (await readdir(cacheDir))[0]!);
    const bytes = await readFile(cache);
    await truncate(cache, 500);
    expect(await openIt()).toEqual(dataset);
    await writeFile(cache, Buffer.alloc(bytes.length));
    expect(await openIt()).toEqual(dataset);
    expect(Buffer.compare(await readFile(cache), bytes)).toBe(0);
  });

  it('reads every kind of image as RGB: gray, with alpha, 16 bits, CMYK, and turned by its EXIF tag', async () => {
    const { dir, openIt } = await workplace();
    const folder = join(dir, 'a');
    await mkdir(folder, { recursive: true });
    const gray = sharp({ create: { width: 9, height: 9, channels: 3, background: { r: 80, g: 80, b: 80 } } });
    await gray.clone().toColourspace('b-w').png().toFile(join(folder, '1.png'));
    await gray.clone().ensureAlpha(0.5).png().toFile(join(folder, '2.png'));
    await gray.clone().toColourspace('rgb16').png().toFile(join(folder, '3.png'));
    await gray.clone().toColourspace('cmyk').jpeg({ quality: 100 }).toFile(join(folder, '4.jpg'));
    // CMYK has no exact gray of its own, so the comparison below leaves room.
    // Left half black and right half white, stored lying on its side.
    const half = await sharp({ create: { width: 4, height: 8, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    await sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } })
      .composite([{ input: half, left: 4, top: 0 }])
      .withMetadata({ orientation: 6 })
      .png()
      .toFile(join(folder, '5.png'));
    await paint(join(dir, 'b', '1.png'), [1, 2, 3]);
    await paint(join(dir, 'b', '2.png'), [1, 2, 3]);
    const dataset = await openIt({ seed: 4 });
    const images = [dataset.train, dataset.test].flatMap((split) =>
      Array.from({ length: split.count }, (_, n) => pixelsOf(split).slice(n * 192, (n + 1) * 192)).filter(
        (_, n) => split.labels[n] === 0,
      ),
    );
    expect(images).toHaveLength(5);
    const plain = images.filter((image) => image.every((value) => Math.abs(value - 80) <= 20));
    expect(plain).toHaveLength(4);
    // Turned upright, one half lies above the other.
    const turned = images.find((image) => !plain.includes(image))!;
    expect([turned[0], turned[7], turned[56], turned[63]]).toEqual([0, 0, 255, 255]);
  });

  it('names an image that cannot be decoded, and leaves no cache behind', async () => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    const whole = await sharp({
      create: {
        width: 200,
        height: 200,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 50 },
        background: '#000',
      },
    })
      .jpeg()
      .toBuffer();
    const bad = join(dir, 'train', 'dog', 'bad.jpg');
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('<html>Not found</html>'),
      whole.subarray(0, whole.length >> 1),
    ]) {
      await writeFile(bad, bytes);
      const error = await failureOf(() => openIt());
      expect(error.code).toBe('data');
      expect(error.message).toContain(`${bad} cannot be decoded`);
      expect(await readdir(cacheDir)).toEqual([]);
    }
    await writeFile(bad, whole);
    expect((await openIt()).train.count).toBe(5);
  });

  it('refuses folders with a wrong layout and shows the right one', async () => {
    const cases: [(dir: string) => Promise<unknown>, RegExp][] = [
      [async () => undefined, /holds no folder of images/],
      [(dir) => paint(join(dir, 'only', 'a.png'), [1, 2, 3]), /holds only one folder/],
      [
        async (dir) => {
          await paint(join(dir, 'a', 'a.png'), [1, 2, 3]);
          await mkdir(join(dir, 'empty'));
        },
        /empty holds no image/,
      ],
      [
        async (dir) => {
          await paintPets(dir);
          await paint(join(dir, 'test', 'bird', 'a.png'), [1, 2, 3]);
        },
        /bird is a class that has no training images/,
      ],
      [
        async (dir) => {
          for (const name of ['a', 'b']) await paint(join(dir, name, 'a.png'), [1, 2, 3]);
        },
        /too few images/,
      ],
    ];
    for (const [prepare, message] of cases) {
      const { dir, openIt } = await workplace();
      await prepare(dir);
      const error = await failureOf(() => openIt());
      expect(error.code).toBe('data');
      expect(error.message).toMatch(message);
      expect(error.message).toContain(dir);
    }
    expect((await failureOf(() => openDataset('folder'))).hint).toContain('`data.dir`');
    expect((await failureOf(() => openDataset('folder', { dir: '/nowhere/at/all' }))).code).toBe('data');
    const { openIt } = await workplace();
    expect((await failureOf(() => openIt({ size: 0 }))).code).toBe('usage');
  });

  it('stops on request and removes its unfinished file', async () => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    const error = await failureOf(() => openIt({ signal: AbortSignal.abort() }));
    expect(error.code).toBe('interrupted');
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('stays on disk if it does not fit in memory, and trains the same', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    const inMemory = await openIt();
    const memory = vi.spyOn(process, 'constrainedMemory').mockReturnValue(100);
    onTestFinished(() => memory.mockRestore());
    const onDisk = await openIt();
    expect(onDisk.train.source.kind).toBe('file');
    expect(onDisk.fingerprint).toBe(inMemory.fingerprint);
    for (const split of ['train', 'test'] as const) {
      const images = [];
      for (const dataset of [inMemory, onDisk]) {
        const loader = createLoader({ dataset, split, batch: 2, workers: 0 });
        for await (const batch of loader.epoch(0)) images.push([...batch.images].join());
        await loader.close();
      }
      expect(images.slice(0, images.length / 2)).toEqual(images.slice(images.length / 2));
    }
  });

  it.skipIf(!existsSync('../shared/data/cifar-10-jpeg.tar.xz'))(
    'reads real JPEG images (skipped where they are absent)',
    async () => {
      const { dir, openIt } = await workplace();
      await promisify(execFile)('tar', [
        '-xJf',
        '../shared/data/cifar-10-jpeg.tar.xz',
        '-C',
        dir,
        'test/cat',
        'test/ship',
      ]);
      const dataset = await openIt({ dir: join(dir, 'test'), size: 32, limit: 300 });
      expect(dataset.classes).toEqual(['cat', 'ship']);
      expect([dataset.train.count, dataset.test.count]).toEqual([300, 200]);
      // Ships are on water: their lower left corner is bluer than that of cats.
      const blueness = [0, 1].map((label) => {
        const pixels = pixelsOf(dataset.test);
        const own = [...dataset.test.labels.keys()].filter((n) => dataset.test.labels[n] === label);
        const sum = own.reduce(
          (total, n) => total + pixels[(3 * n + 2) * 1024 + 992]! - pixels[3 * n * 1024 + 992]!,
          0,
        );
        return sum / own.length;
      });
      expect(blueness[1]! - blueness[0]!).toBeGreaterThan(5);
    },
  );
});
