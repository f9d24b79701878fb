import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { Batch, Dataset } from './dataset.js';
import { createLoader, type LoaderOptions } from './loader.js';
import { failureOf, pixelsOf, randomBytes, smallDataset, temporaryFolder } from './testing/fixtures.js';
import { noTransforms } from './transforms.js';
import { workerUrl } from '../base/worker-url.js';

const everything = { padCrop: 2, flip: true, cutout: 3, mixup: 0.4 };

function openLoader(options: LoaderOptions) {
  const loader = createLoader(options);
  onTestFinished(() => loader.close());
  return loader;
}

/** The batches of an epoch, copied out of the loader's buffers. */
async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) {
    all.push({ ...batch, images: batch.images.slice(), targets: batch.targets.slice() });
  }
  return all;
}

describe('a loader', () => {
  it('gives the same bits with no, one and three workers, epoch after epoch', async () => {
    const dataset = smallDataset(50, 10);
    const options = { dataset, split: 'train', batch: 4, seed: 5, transforms: everything } as const;
    const here = openLoader({ ...options, workers: 0 });
    for (const workers of [1, 3]) {
      const there = openLoader({ ...options, workers });
      for (const epoch of [0, 1, 7]) {
        expect(await collect(there.epoch(epoch))).toEqual(await collect(here.epoch(epoch)));
      }
    }
  });

  it('resumes at any step of any epoch with the same batches', async () => {
    const loader = openLoader({
      dataset: smallDataset(40, 10),
      split: 'train',
      batch: 4,
      seed: 1,
      transforms: everything,
    });
    const whole = await collect(loader.epoch(3));
    for (const step of [1, 6, 9, 10]) expect(await collect(loader.epoch(3, step))).toEqual(whole.slice(step));
  });

  it('shows each training image at most once per epoch, in an order that differs by epoch and seed', async () => {
    // Every image is filled with its own number, so that the pixels tell which one it is.
    const dataset = smallDataset(30, 1, [1, 2, 2]);
    const pixels = pixelsOf(dataset.train);
    pixels.forEach((_, at) => (pixels[at] = at >> 2));
    const orders: string[] = [];
    for (const [seed, epoch] of [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const) {
      const loader = openLoader({ dataset, split: 'train', batch: 7, seed, workers: 0 });
      const seen = (await collect(loader.epoch(epoch))).flatMap(({ images }) =>
        Array.from({ length: 7 }, (_, row) =>
          Math.round((images[row * 4]! * dataset.deviation[0]! + dataset.mean[0]!) * 255),
        ),
      );
      expect(seen).toHaveLength(28);
      expect(new Set(seen).size).toBe(28);
      orders.push(seen.join());
    }
    expect(new Set(orders).size).toBe(3);
  });

  it('pads the last test batch with zero rows and gives the number of real ones', async () => {
    const loader = openLoader({ dataset: smallDataset(10, 10), split: 'test', batch: 4 });
    expect(loader.stepsPerEpoch).toBe(3);
    const batches = await collect(loader.epoch(0));
    expect(batches.map(({ index, count }) => [index, count])).toEqual([
      [0, 4],
      [1, 4],
      [2, 2],
    ]);
    const { images, targets } = batches[2]!;
    expect(images.subarray(0, 2 * 192).every((value) => value === 0)).toBe(false);
    expect(images.subarray(2 * 192).every((value) => value === 0)).toBe(true);
    expect([...targets]).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('drops an incomplete last training batch', async () => {
    const loader = openLoader({ dataset: smallDataset(11, 1), split: 'train', batch: 4 });
    expect(loader.stepsPerEpoch).toBe(2);
    expect(await collect(loader.epoch(0))).toHaveLength(2);
  });

  it('asks for a smaller batch if the training split has fewer images than one batch', async () => {
    const error = await failureOf(() => createLoader({ dataset: smallDataset(9, 1), split: 'train', batch: 16 }));
    expect(error).toMatchObject({ code: 'data', hint: 'Lower `batch` to 9 or less.' });
    expect(error.message).toContain('9 images');
  });

  it('refuses invalid options', async () => {
    const dataset = smallDataset(9, 1);
    for (const bad of [{ batch: 0 }, { batch: 2.5 }, { workers: -1 }, { ahead: 0 }] as Partial<LoaderOptions>[]) {
      const error = await failureOf(() => createLoader({ dataset, split: 'train', batch: 2, ...bad }));
      expect(error.code).toBe('usage');
      expect(error.message).toContain(Object.keys(bad)[0]);
    }
    for (const bad of [{ padCrop: -1 }, { padCrop: 9 }, { cutout: 0.5 }, { mixup: Number.NaN }, { mixup: -1 }]) {
      const transforms = { ...noTransforms, ...bad };
      const error = await failureOf(() => createLoader({ dataset, split: 'train', batch: 2, transforms }));
      expect(error.code).toBe('usage');
      expect(error.message).toContain(Object.keys(bad)[0]);
    }
  });

  it('reuses its buffers', async () => {
    const loader = openLoader({ dataset: smallDataset(400, 1), split: 'train', batch: 4, ahead: 3 });
    let first: Batch | undefined;
    for await (const batch of loader.epoch(0)) {
      // A buffer that was transferred back to a worker is empty here.
      if (first) expect(first.images.length).toBe(0);
      first ??= batch;
    }
  });

  it('can be left early and started again', async () => {
    const loader = openLoader({ dataset: smallDataset(400, 1), split: 'train', batch: 4, seed: 2 });
    for await (const batch of loader.epoch(0)) if (batch.index === 2) break;
    const again = await collect(loader.epoch(0));
    expect(again.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('throws if a worker dies, and refuses further batches', async () => {
    const loader = openLoader({ dataset: smallDataset(400, 1), split: 'train', batch: 4, workers: 2 });
    const started: Worker[] = [];
    const note = (worker: Worker): void => void started.push(worker);
    process.on('worker', note);
    onTestFinished(() => void process.off('worker', note));
    const failure = failureOf(async () => {
      for await (const batch of loader.epoch(0)) if (batch.index === 5) await started[0]!.terminate();
    });
    expect(await failure).toMatchObject({ code: 'data', message: expect.stringContaining('stopped') });
    expect((await failureOf(() => collect(loader.epoch(1)))).message).toContain('stopped');
  });

  it('names the file if images on disk end too early', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'images.bin');
    await writeFile(path, randomBytes(16 + 40 * 192, 3));
    const base = smallDataset(40, 1);
    const dataset: Dataset = { ...base, train: { ...base.train, source: { kind: 'file', path, offset: 16 } } };
    for (const workers of [0, 1]) {
      const loader = openLoader({ dataset, split: 'train', batch: 4, workers });
      expect(await collect(loader.epoch(0))).toHaveLength(10);
    }
    await truncate(path, 16 + 39 * 192);
    for (const workers of [0, 1]) {
      const loader = openLoader({ dataset, split: 'train', batch: 4, workers });
      const error = await failureOf(() => collect(loader.epoch(0)));
      expect(error.code).toBe('data');
      expect(error.message).toContain(`${path}: image 39`);
    }
  });

  it('reads the same pixels from a file as from memory', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'images.bin');
    const base = smallDataset(40, 1);
    await writeFile(path, Buffer.concat([Buffer.alloc(7), pixelsOf(base.train)]));
    const onDisk: Dataset = { ...base, train: { ...base.train, source: { kind: 'file', path, offset: 7 } } };
    const options = { split: 'train', batch: 8, transforms: everything } as const;
    const fromFile = openLoader({ dataset: onDisk, ...options });
    const fromMemory = openLoader({ dataset: base, ...options });
    expect(await collect(fromFile.epoch(0))).toEqual(await collect(fromMemory.epoch(0)));
  });

  it('refuses batches after it is closed, including pending ones', async () => {
    const loader = createLoader({ dataset: smallDataset(40, 1), split: 'train', batch: 4 });
    const batches = loader.epoch(0);
    const waiting = batches.next();
    const failure = failureOf(() => waiting);
    await loader.close();
    expect((await failure).message).toContain('closed');
    expect((await failureOf(() => loader.epoch(0).next())).message).toContain('closed');
  });

  it('lets the process end even if it was left early and never closed', async () => {
    const index = new URL(workerUrl('index', import.meta.url)).href;
    const script = `
      const { createLoader, openDataset } = await import(${JSON.stringify(index)});
      const dataset = await openDataset('synthetic', { limit: 64 });
      const loader = createLoader({ dataset, split: 'train', batch: 4, workers: 2 });
      for await (const batch of loader.epoch(0)) if (batch.index === 3) break;
      process.stdout.write('left');
    `;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 20_000 });
    expect((await run).stdout).toBe('left');
  });
});
