import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { openDataset } from './open.js';
import { failureOf, idxFile, pixelsOf, randomBytes, temporaryFolder } from './testing/fixtures.js';
import { cpuTime } from '../testing/cpu-time.js';

const trainPixels = randomBytes(5 * 28 * 28, 1);
const testPixels = randomBytes(2 * 28 * 28, 2);

function mnistFiles(): Record<string, Buffer> {
  return {
    'train-images-idx3-ubyte': idxFile([5, 28, 28], trainPixels),
    'train-labels-idx1-ubyte': idxFile([5], Buffer.from([3, 1, 4, 1, 5])),
    't10k-images-idx3-ubyte': idxFile([2, 28, 28], testPixels),
    't10k-labels-idx1-ubyte': idxFile([2], Buffer.from([9, 0])),
  };
}

async function writeFiles(folder: string, files: Record<string, Buffer>, zipped = false): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(folder, zipped ? `${name}.gz` : name), zipped ? gzipSync(bytes) : bytes);
  }
}

describe('MNIST', () => {
  it('reads the same from plain or gzipped files, in its folder or in the parent folder', async () => {
    const dir = await temporaryFolder();
    await writeFiles(join(dir, 'plain'), mnistFiles());
    await writeFiles(join(dir, 'zipped', 'mnist'), mnistFiles(), true);
    await writeFiles(join(dir, 'torch', 'MNIST', 'raw'), mnistFiles(), true);
    const dataset = await openDataset('mnist', { dir: join(dir, 'plain') });
    expect(dataset.shape).toEqual([1, 28, 28]);
    expect(dataset.classes).toHaveLength(10);
    expect([...dataset.train.labels]).toEqual([3, 1, 4, 1, 5]);
    expect([...dataset.test.labels]).toEqual([9, 0]);
    expect(Buffer.compare(pixelsOf(dataset.train), trainPixels)).toBe(0);
    expect(Buffer.compare(pixelsOf(dataset.test), testPixels)).toBe(0);
    for (const place of ['zipped', 'torch']) {
      expect(await openDataset('mnist', { dir: join(dir, place) })).toEqual(dataset);
    }
    const limited = await openDataset('mnist', { dir: join(dir, 'plain'), limit: 3 });
    expect([limited.train.count, limited.test.count]).toEqual([3, 2]);
  });

  it('refuses broken files; the error names the file and the problem', async () => {
    const images = mnistFiles()['train-images-idx3-ubyte']!;
    const huge = Buffer.from(images);
    huge.writeUInt32BE(0xffff_ffff, 4);
    const cases: [string, Buffer, RegExp][] = [
      [
        'train-images-idx3-ubyte',
        images.subarray(0, 1000),
        /has 1000 bytes, but its header \(5 × 28 × 28\) calls for 3936/,
      ],
      ['train-images-idx3-ubyte', huge, /4294967295 × 28 × 28/],
      ['train-images-idx3-ubyte', images.subarray(0, 10), /has 10 bytes, fewer than the 16 of its header/],
      ['t10k-images-idx3-ubyte', idxFile([2], Buffer.from([1, 2])), /fewer than the 16/],
      ['t10k-labels-idx1-ubyte', idxFile([1, 2], Buffer.from([1, 2])), /magic number 2050 instead of 2049/],
      ['t10k-labels-idx1-ubyte', idxFile([2], Buffer.from([1, 10])), /label 10 > 9 at image 1/],
      ['t10k-labels-idx1-ubyte', idxFile([3], Buffer.from([1, 2, 3])), /has 2 images, but .* has 3 labels/],
      ['t10k-images-idx3-ubyte', idxFile([2, 20, 20], Buffer.alloc(800)), /28×28 and test images of 20×20/],
      ['t10k-images-idx3-ubyte', idxFile([2, 0, 28], Buffer.alloc(0)), /holds no images/],
    ];
    for (const [name, bytes, message] of cases) {
      const dir = await temporaryFolder();
      await writeFiles(dir, { ...mnistFiles(), [name]: bytes });
      const error = await failureOf(() => openDataset('mnist', { dir }));
      expect(error.code).toBe('data');
      expect(error.message).toMatch(message);
      expect(error.message).toContain(dir);
    }
  });

  it('unpacks no more than the header calls for, and no more than such a file can have', async () => {
    const dir = await temporaryFolder();
    const good = idxFile([2, 28, 28], new Uint8Array(2 * 28 * 28));
    const zeros = Buffer.alloc(600 * 2 ** 20);
    const path = join(dir, 'train-images-idx3-ubyte.gz');
    await writeFile(join(dir, 'train-labels-idx1-ubyte'), idxFile([2], Uint8Array.of(0, 1)));
    for (const [bytes, message] of [
      [Buffer.concat([good, zeros]), 'has more bytes, but its header (2 × 28 × 28) calls for 1584'],
      [Buffer.concat([idxFile([800_000, 28, 28], new Uint8Array(0)), zeros]), 'calls for 800000 × 28 × 28 values'],
    ] as const) {
      await writeFile(path, gzipSync(bytes, { level: 1 }));
      const before = cpuTime();
      expect((await failureOf(() => openDataset('mnist', { dir }))).message).toContain(message);
      expect(cpuTime() - before).toBeLessThan(2000);
    }
  });

  it.skipIf(process.platform === 'win32')(
    'refuses a pipe of that name, without waiting for its other end',
    async () => {
      const dir = await temporaryFolder();
      spawnSync('mkfifo', [join(dir, 'train-images-idx3-ubyte'), join(dir, 'train-labels-idx1-ubyte')]);
      expect((await failureOf(() => openDataset('mnist', { dir }))).message).toContain('is not a file');
    },
  );

  it('refuses a truncated gzip file', async () => {
    const dir = await temporaryFolder();
    await writeFiles(dir, mnistFiles(), true);
    const path = join(dir, 'train-images-idx3-ubyte.gz');
    await writeFile(path, gzipSync(mnistFiles()['train-images-idx3-ubyte']!).subarray(0, 2000));
    const error = await failureOf(() => openDataset('mnist', { dir }));
    expect(error.message).toBe(`${path} cannot be unzipped: unexpected end of file.`);
  });

  it.skipIf(!existsSync('../shared/data/mnist-t10k'))(
    'says that the training files are missing where only the real test files are there (skipped where they are absent)',
    async () => {
      const error = await failureOf(() => openDataset('mnist', { dir: '../shared/data/mnist-t10k' }));
      expect(error.code).toBe('data');
      expect(error.message).toContain('lacks the training files: train-images-idx3-ubyte(.gz) and train-labels');
      expect(error.hint).toContain('rectio data get mnist');
    },
  );

  it.skipIf(!existsSync('../shared/data/mnist-t10k'))(
    'reads the real test images where something stands in for the training files (skipped where they are absent)',
    async () => {
      const dir = await temporaryFolder();
      const { readFile } = await import('node:fs/promises');
      for (const name of ['images-idx3-ubyte.gz', 'labels-idx1-ubyte.gz']) {
        const bytes = await readFile(`../shared/data/mnist-t10k/t10k-${name}`);
        for (const split of ['train', 't10k']) await writeFile(join(dir, `${split}-${name}`), bytes);
      }
      const dataset = await openDataset('mnist', { dir });
      expect(dataset.test.count).toBe(10_000);
      expect([...dataset.test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
      expect(dataset.mean[0]).toBeCloseTo(0.1325, 3);
    },
  );
});

describe('Fashion-MNIST', () => {
  it('is read from its own folder and names its classes', async () => {
    const dir = await temporaryFolder();
    await writeFiles(join(dir, 'fashion-mnist'), mnistFiles(), true);
    const dataset = await openDataset('fashion-mnist', { dir });
    expect(dataset.classes[9]).toBe('ankle boot');
    expect(dataset.train.count).toBe(5);
  });
});
