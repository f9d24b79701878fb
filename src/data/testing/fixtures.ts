/** Small generated datasets in the real formats. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { RectioError } from '../../base/error.js';
import { randomStream } from '../../base/random.js';
import type { Dataset, Split } from '../dataset.js';

/** A folder that is deleted when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rectio-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** `count` random bytes from a seed. */
export function randomBytes(count: number, seed: number): Buffer {
  const stream = randomStream(seed, 1);
  return Buffer.from(Uint8Array.from({ length: count }, () => stream.below(256)));
}

/** CIFAR records with the given labels: `labelBytes` − 1 bytes before the label are 99. */
export function cifarRecords(labels: readonly number[], labelBytes: 1 | 2 = 1, seed = 0): Buffer {
  return Buffer.concat(
    labels.map((label, index) =>
      Buffer.concat([Buffer.from(labelBytes === 1 ? [label] : [19, label]), randomBytes(3072, seed * 1000 + index)]),
    ),
  );
}

/** An IDX file of unsigned bytes. */
export function idxFile(dimensions: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x0800 + dimensions.length, 0);
  dimensions.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis));
  return Buffer.concat([header, values]);
}

/** A tar archive in ustar format, including the end marker. */
export function tarFile(files: Readonly<Record<string, Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('0', 156);
    header.write('ustar\u000000', 257);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A dataset in memory with the given numbers of images, for tests that do not depend on a source. */
export function smallDataset(train: number, test: number, shape: Dataset['shape'] = [3, 8, 8], classes = 4): Dataset {
  const split = (count: number, seed: number): Dataset['train'] => {
    const images = new SharedArrayBuffer(count * shape[0] * shape[1] * shape[2]);
    new Uint8Array(images).set(randomBytes(images.byteLength, seed));
    return {
      count,
      labels: Uint16Array.from({ length: count }, (_, index) => (index * 7) % classes),
      source: { kind: 'memory', images },
    };
  };
  return {
    name: 'small',
    classes: Array.from({ length: classes }, (_, index) => `class ${index}`),
    shape,
    mean: Array.from({ length: shape[0] }, (_, channel) => 0.4 + 0.1 * channel),
    deviation: Array.from({ length: shape[0] }, (_, channel) => 0.2 + 0.05 * channel),
    train: split(train, 1),
    test: split(test, 2),
    fingerprint: 'small',
  };
}

/** The pixels of a split in memory. */
export function pixelsOf({ source }: Split): Uint8Array {
  if (source.kind !== 'memory') throw new Error('These pixels are in a file.');
  return new Uint8Array(source.images);
}

/** Returns the RectioError that `action` throws. Fails if it throws anything else or nothing. */
export async function failureOf(action: () => unknown): Promise<RectioError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof RectioError) return error;
    throw error;
  }
  throw new Error('It was expected to fail, but it did not.');
}
