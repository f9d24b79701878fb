/**
 * Reads CIFAR-10 and CIFAR-100 in the official binary format (Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html). Each
 * record holds one label byte (CIFAR-100: a coarse and a fine label) and 1024 red, 1024 green and 1024 blue bytes.
 */

import { join } from 'node:path';

import { RectioError } from '../base/error.js';
import type { Dataset, Split } from './dataset.js';
import { fileBytes, kindOf, memoryBytes, type ByteSource } from './files.js';
import type { OpenOptions } from './options.js';
import { channelStatistics, fingerprint } from './statistics.js';
import { readTarGz } from '../formats/index.js';

const SHAPE = [3, 32, 32] as const;
const PIXELS = 3 * 32 * 32;

/** The archives unpack to 185 MB; what they hold is in memory twice while it is read. */
const MOST_UNPACKED = 400 * 2 ** 20;

export interface CifarForm {
  readonly name: 'cifar10' | 'cifar100';
  /** The official archive, and the folder inside it. */
  readonly folder: string;
  readonly archive: string;
  /** The folder of the official Python version, and a file in it. Users often mistake it for the binary version. */
  readonly pythonFolder: string;
  readonly pythonFile: string;
  readonly trainFiles: readonly string[];
  readonly testFile: string;
  /** A text file with one class name per line. It may be missing. */
  readonly namesFile: string;
  /** Bytes before the pixels; the last one is the class. */
  readonly labelBytes: number;
  readonly classes: number;
}

export const cifar10Form: CifarForm = {
  name: 'cifar10',
  folder: 'cifar-10-batches-bin',
  archive: 'cifar-10-binary.tar.gz',
  pythonFolder: 'cifar-10-batches-py',
  pythonFile: 'data_batch_1',
  trainFiles: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`),
  testFile: 'test_batch.bin',
  namesFile: 'batches.meta.txt',
  labelBytes: 1,
  classes: 10,
};

export const cifar100Form: CifarForm = {
  name: 'cifar100',
  folder: 'cifar-100-binary',
  archive: 'cifar-100-binary.tar.gz',
  pythonFolder: 'cifar-100-python',
  pythonFile: 'train',
  trainFiles: ['train.bin'],
  testFile: 'test.bin',
  namesFile: 'fine_label_names.txt',
  labelBytes: 2,
  classes: 100,
};

/** Finds the dataset's files by name, and names them in error messages. */
interface CifarFiles {
  /** Returns undefined if the file is missing. */
  find(name: string): Promise<ByteSource | undefined>;
  place(name: string): string;
}

/** @throws RectioError `data`; it names the file and the problem. */
export async function openCifar(form: CifarForm, dir: string, options: OpenOptions): Promise<Dataset> {
  const files = await findFiles(form, dir);
  const train = await readSplit(form, files, form.trainFiles, options.limit);
  const test = await readSplit(form, files, [form.testFile], options.limit);
  const content = { classes: await readClassNames(form, files), shape: SHAPE, train, test };
  return {
    name: form.name,
    ...content,
    ...channelStatistics(new Uint8Array(train.source.images), 3, 1024),
    fingerprint: fingerprint(content),
  };
}

/** Looks in `dir`, in the official folder below it, and in the official archive, which may be `dir` itself. */
async function findFiles(form: CifarForm, dir: string): Promise<CifarFiles> {
  const kind = await kindOf(dir);
  if (kind === 'file') return archiveFiles(form, dir);
  for (const folder of [dir, join(dir, form.folder), join(dir, form.name), join(dir, form.name, form.folder)]) {
    for (const name of [...form.trainFiles, form.testFile]) {
      if ((await kindOf(join(folder, name))) === 'file') return folderFiles(folder);
    }
  }
  for (const archive of [join(dir, form.archive), join(dir, form.name, form.archive)]) {
    if ((await kindOf(archive)) === 'file') return archiveFiles(form, archive);
  }
  for (const folder of [dir, join(dir, form.pythonFolder)]) {
    if ((await kindOf(join(folder, form.pythonFile))) !== 'file') continue;
    throw new RectioError(
      'data',
      `${folder} holds the Python version of ${form.name}; the binary version is needed.`,
      howToGet(form),
    );
  }
  const what = kind === undefined ? 'does not exist' : `holds neither ${form.testFile} nor ${form.archive}`;
  throw new RectioError('data', `${dir} ${what}.`, howToGet(form));
}

function howToGet(form: CifarForm): string {
  return `Get the data with \`npx rectio data get ${form.name}\`, or name its folder or ${form.archive} with \`data.dir\`.`;
}

function folderFiles(folder: string): CifarFiles {
  const place = (name: string): string => join(folder, name);
  return {
    place,
    find: async (name) => ((await kindOf(place(name))) === 'file' ? fileBytes(place(name)) : undefined),
  };
}

async function archiveFiles(form: CifarForm, path: string): Promise<CifarFiles> {
  const wanted = new Set([...form.trainFiles, form.testFile, form.namesFile]);
  const entries = await readTarGz(path, { wanted: (name) => wanted.has(baseName(name)), mostBytes: MOST_UNPACKED });
  const byName = new Map([...entries].map(([name, bytes]) => [baseName(name), memoryBytes(bytes)]));
  return { place: (name) => `${path}: ${name}`, find: async (name) => byName.get(name) };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

type MemorySplit = Split & { readonly source: { readonly kind: 'memory'; readonly images: SharedArrayBuffer } };

async function readSplit(
  form: CifarForm,
  files: CifarFiles,
  names: readonly string[],
  limit = Infinity,
): Promise<MemorySplit> {
  const record = form.labelBytes + PIXELS;
  const parts: { readonly source: ByteSource; readonly place: string }[] = [];
  let count = 0;
  for (const name of names) {
    if (count >= limit) break;
    const source = await files.find(name);
    const place = files.place(name);
    if (source === undefined) throw new RectioError('data', `${place} is missing.`, howToGet(form));
    if (source.size === 0 || source.size % record !== 0) {
      throw new RectioError(
        'data',
        `${place} has ${source.size} bytes, not a multiple of ${record}, the size of one image with its label.`,
        `The file is truncated or does not belong to ${form.name}'s binary version. ${howToGet(form)}`,
      );
    }
    parts.push({ source, place });
    count += source.size / record;
  }
  count = Math.min(count, limit);
  const images = new SharedArrayBuffer(count * PIXELS);
  const labels = new Uint16Array(count);
  const pixels = new Uint8Array(images);
  let index = 0;
  for (const { source, place } of parts) {
    const first = index;
    await source.visit(record, (bytes) => {
      for (let at = 0; at < bytes.length && index < count; at += record, index++) {
        const label = bytes[at + form.labelBytes - 1]!;
        if (label >= form.classes) throw badLabel(form, place, label, index - first);
        labels[index] = label;
        pixels.set(bytes.subarray(at + form.labelBytes, at + record), index * PIXELS);
      }
    });
  }
  return { count, labels, source: { kind: 'memory', images } };
}

function badLabel(form: CifarForm, place: string, label: number, image: number): RectioError {
  return new RectioError(
    'data',
    `${place} has label ${label} > ${form.classes - 1} at image ${image}.`,
    `The file is damaged or does not belong to ${form.name}'s binary version. ${howToGet(form)}`,
  );
}

async function readClassNames(form: CifarForm, files: CifarFiles): Promise<string[]> {
  const source = await files.find(form.namesFile);
  const names: string[] = [];
  // A list of names takes a few kilobytes; this limit avoids reading a wrong, large file.
  if (source !== undefined && source.size > 0 && source.size < 65_536) {
    await source.visit(source.size, (bytes) => names.push(...bytes.toString('utf8').split(/\s+/).filter(Boolean)));
  }
  // Class names are only labels, so a missing or odd file does not prevent training.
  return names.length === form.classes ? names : Array.from({ length: form.classes }, (_, index) => String(index));
}
