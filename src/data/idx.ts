/**
 * Reads MNIST and Fashion-MNIST from IDX files, plain or gzipped. An IDX file holds a magic number (0, 0, 8 for
 * unsigned bytes, the number of dimensions), each dimension as a big-endian 32-bit number, then the values (LeCun,
 * Cortes and Burges 1998).
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';

import { RectioError } from '../base/error.js';
import type { Dataset, Split } from './dataset.js';
import { kindOf } from './files.js';
import type { OpenOptions } from './options.js';
import { channelStatistics, fingerprint } from './statistics.js';

export interface IdxForm {
  readonly name: 'mnist' | 'fashion-mnist';
  /** The folder below torchvision's root in which it keeps the files. */
  readonly torchvisionFolder: string;
  readonly classes: readonly string[];
}

export const mnistForm: IdxForm = {
  name: 'mnist',
  torchvisionFolder: join('MNIST', 'raw'),
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
};

export const fashionMnistForm: IdxForm = {
  name: 'fashion-mnist',
  torchvisionFolder: join('FashionMNIST', 'raw'),
  classes: ['t-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
};

const SPLIT_FILES = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte', word: 'training' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte', word: 'test' },
} as const;

/** Five times as large as the largest of these datasets. The images are in memory twice while they are read. */
const MOST_BYTES = 256 * 2 ** 20;

type MemorySplit = Split & { readonly source: { readonly kind: 'memory'; readonly images: SharedArrayBuffer } };

/** @throws RectioError `data`; it names the file and the problem. */
export async function openIdx(form: IdxForm, dir: string, options: OpenOptions): Promise<Dataset> {
  const folder = await findFolder(form, dir);
  const train = await readSplit(form, folder, 'train', options.limit);
  const test = await readSplit(form, folder, 'test', options.limit);
  const { height, width } = train;
  if (test.height !== height || test.width !== width) {
    throw new RectioError(
      'data',
      `${folder} has training images of ${height}×${width} and test images of ${test.height}×${test.width}.`,
      `The files do not belong together. ${howToGet(form)}`,
    );
  }
  const content = { classes: form.classes, shape: [1, height, width] as const, train: train.split, test: test.split };
  return {
    name: form.name,
    ...content,
    ...channelStatistics(new Uint8Array(train.split.source.images), 1, height * width),
    fingerprint: fingerprint(content),
  };
}

function howToGet(form: IdxForm): string {
  return `Get the data with \`npx rectio data get ${form.name}\`, or name its folder with \`data.dir\`.`;
}

/** Returns the first usual folder that holds at least one of the files. */
async function findFolder(form: IdxForm, dir: string): Promise<string> {
  const names = Object.values(SPLIT_FILES).flatMap(({ images, labels }) => [images, labels]);
  for (const folder of [dir, join(dir, form.name), join(dir, form.torchvisionFolder)]) {
    for (const name of names) if ((await findFile(folder, name)) !== undefined) return folder;
  }
  const what = (await kindOf(dir)) === undefined ? 'does not exist' : `does not hold ${names[0]} or ${names[0]}.gz`;
  throw new RectioError('data', `${dir} ${what}.`, howToGet(form));
}

/** Finds a file, plain or gzipped. Some copies are named with a dot before `idx`. */
async function findFile(folder: string, name: string): Promise<string | undefined> {
  const dotted = name.replace('-idx', '.idx');
  for (const candidate of [name, dotted, `${name}.gz`, `${dotted}.gz`]) {
    const path = join(folder, candidate);
    if ((await kindOf(path)) === 'file') return path;
  }
  return undefined;
}

async function readSplit(
  form: IdxForm,
  folder: string,
  name: 'train' | 'test',
  limit = Infinity,
): Promise<{ split: MemorySplit; height: number; width: number }> {
  const { images: imagesName, labels: labelsName, word } = SPLIT_FILES[name];
  const imagesPath = await findFile(folder, imagesName);
  const labelsPath = await findFile(folder, labelsName);
  if (imagesPath === undefined || labelsPath === undefined) {
    const missing = [imagesPath ?? `${imagesName}(.gz)`, labelsPath ?? `${labelsName}(.gz)`].filter((path) =>
      path.endsWith('(.gz)'),
    );
    throw new RectioError('data', `${folder} lacks the ${word} files: ${missing.join(' and ')}.`, howToGet(form));
  }
  const images = await readIdx(form, imagesPath, 3);
  const labels = await readIdx(form, labelsPath, 1);
  const [count, height, width] = images.dimensions as [number, number, number];
  if (count !== labels.dimensions[0]) {
    throw new RectioError(
      'data',
      `${imagesPath} has ${count} images, but ${labelsPath} has ${labels.dimensions[0]} labels.`,
      `The files do not belong together. ${howToGet(form)}`,
    );
  }
  if (count === 0 || height === 0 || width === 0) {
    throw new RectioError('data', `${imagesPath} holds no images.`, howToGet(form));
  }
  const wrong = labels.values.findIndex((label) => label >= form.classes.length);
  if (wrong >= 0) {
    const label = labels.values[wrong]!;
    throw new RectioError(
      'data',
      `${labelsPath} has label ${label} > ${form.classes.length - 1} at image ${wrong}.`,
      `The file is damaged or does not belong to ${form.name}. ${howToGet(form)}`,
    );
  }
  const kept = Math.min(count, limit);
  const buffer = new SharedArrayBuffer(kept * height * width);
  new Uint8Array(buffer).set(images.values.subarray(0, buffer.byteLength));
  const split: MemorySplit = {
    count: kept,
    labels: Uint16Array.from(labels.values.subarray(0, kept)),
    source: { kind: 'memory', images: buffer },
  };
  return { split, height, width };
}

async function readIdx(
  form: IdxForm,
  path: string,
  rank: number,
): Promise<{ dimensions: readonly number[]; values: Uint8Array }> {
  const refuse = (what: string, cause?: unknown) =>
    new RectioError('data', `${path} ${what}.`, `Delete the file and download it again. ${howToGet(form)}`, { cause });
  const header = 4 + 4 * rank;
  /** What the header says; `bytes` hold at least that. */
  const sizeIn = (bytes: Buffer): { readonly dimensions: readonly number[]; readonly size: number } => {
    const magic = bytes.readUInt32BE(0);
    const expected = 0x0800 + rank;
    if (magic !== expected) throw refuse(`begins with the magic number ${magic} instead of ${expected}`);
    const dimensions = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
    const size = header + dimensions.reduce((product, length) => product * length, 1);
    if (size > MOST_BYTES)
      throw refuse(
        `calls for ${dimensions.join(' × ')} values in its header, more than the ${MOST_BYTES} that are read`,
      );
    return { dimensions, size };
  };
  const bytes = await readBounded(path, refuse, (begun) => (begun.length < header ? undefined : sizeIn(begun).size));
  if (bytes.length < header) throw refuse(`has ${bytes.length} bytes, fewer than the ${header} of its header`);
  const { dimensions, size } = sizeIn(bytes);
  if (bytes.length !== size) {
    const held = bytes.length > size ? 'more' : `${bytes.length}`;
    throw refuse(`has ${held} bytes, but its header (${dimensions.join(' × ')}) calls for ${size}`);
  }
  return { dimensions, values: bytes.subarray(header) };
}

/**
 * Reads a file, unzipped if it is gzipped, up to a byte more than it should have.
 * @param sizeOf the size that the beginning calls for; undefined if it is too short to say
 */
async function readBounded(
  path: string,
  refuse: (what: string, cause?: unknown) => RectioError,
  sizeOf: (begun: Buffer) => number | undefined,
): Promise<Buffer> {
  // Opening a pipe would wait for its other end.
  if (!(await stat(path)).isFile()) throw refuse('is not a file');
  const file = createReadStream(path, { highWaterMark: 1 << 16 });
  const unzipping = createGunzip();
  file.on('error', (error) => unzipping.destroy(error));
  const chunks: Buffer[] = [];
  let read = 0;
  let size: number | undefined;
  try {
    for await (const chunk of path.endsWith('.gz') ? file.pipe(unzipping) : file) {
      chunks.push(chunk as Buffer);
      read += (chunk as Buffer).length;
      size ??= sizeOf(Buffer.concat(chunks));
      if (size !== undefined && read > size) break;
    }
  } catch (error) {
    if (error instanceof RectioError) throw error;
    const what = path.endsWith('.gz') ? 'unzipped' : 'read';
    throw refuse(`cannot be ${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  } finally {
    file.destroy();
    unzipping.destroy();
  }
  return Buffer.concat(chunks);
}
