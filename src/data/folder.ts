/** Reads one image folder per class: `train/CLASS/*.jpg` and `test/CLASS/*.jpg` (or `val`), or just `CLASS/*.jpg`. */

import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { RectioError } from '../base/error.js';
import { hashText, permutation, randomStream } from '../base/random.js';
import type { Dataset, Split } from './dataset.js';
import { kindOf, unreadable } from './files.js';
import { openImageCache, type ImageFile } from './image-cache.js';
import type { OpenOptions } from './options.js';
import { fingerprint } from './statistics.js';

const ENDINGS = /\.(jpe?g|png|webp)$/i;
const TEST_FOLDERS = ['test', 'val'] as const;
const TEST_SHARE = 0.1;
const DEFAULT_SIZE = 32;
const MOST_CLASSES = 65_536;

/** The images of one split, grouped by class. */
type Listing = readonly { readonly path: string; readonly label: number }[];

/**
 * Opens a folder of images. If it has no test folder, a tenth of each class's images becomes the test split; the seed
 * decides which.
 *
 * @throws RectioError `data`, which names the folder or image and the problem; `usage` for a bad size.
 */
export async function openFolder(dir: string | undefined, options: OpenOptions): Promise<Dataset> {
  const { size = DEFAULT_SIZE, seed = 0, limit = Infinity } = options;
  if (dir === undefined) {
    throw new RectioError(
      'usage',
      'The dataset `folder` needs the path of a folder.',
      'Name the folder with `data.dir`.',
    );
  }
  if (!(Number.isInteger(size) && size >= 1 && size <= 4096)) {
    throw new RectioError(
      'usage',
      `The size of images cannot be ${size}.`,
      'Give a whole number of pixels from 1 to 4096.',
    );
  }
  if ((await kindOf(dir)) !== 'folder') {
    throw new RectioError(
      'data',
      `${dir} is not a folder.`,
      'Name a folder that holds one folder of images per class.',
    );
  }
  const root = resolve(dir);
  const { classes, train, test } = await listImages(root, seed);
  const chosen = { train: thin(train, limit, seed), test: thin(test, limit, seed) };
  const cache = await openImageCache({
    root,
    size,
    train: await withStats(chosen.train),
    test: await withStats(chosen.test),
    options,
  });
  const split = (listing: Listing, source: Split['source']): Split => ({
    count: listing.length,
    labels: Uint16Array.from(listing, ({ label }) => label),
    source,
  });
  const content = {
    classes,
    shape: [3, size, size] as const,
    train: split(chosen.train, cache.train),
    test: split(chosen.test, cache.test),
  };
  const { mean, deviation } = cache;
  return { name: basename(root), ...content, mean, deviation, fingerprint: fingerprint(content) };
}

async function listImages(
  root: string,
  seed: number,
): Promise<{ classes: readonly string[]; train: Listing; test: Listing }> {
  const hasTrain = (await kindOf(join(root, 'train'))) === 'folder';
  const trainRoot = hasTrain ? join(root, 'train') : root;
  const classes = await trainingClasses(trainRoot);
  const all = await listClasses(trainRoot, classes);
  if (hasTrain) {
    for (const name of TEST_FOLDERS) {
      const testRoot = join(root, name);
      if ((await kindOf(testRoot)) === 'folder')
        return { classes, train: all, test: await listTest(testRoot, classes) };
    }
  }
  return { classes, ...setAside(all, classes, seed, root) };
}

async function trainingClasses(root: string): Promise<string[]> {
  const names = await folderNames(root);
  if (names.length < 2) {
    throw new RectioError(
      'data',
      `${root} holds ${names.length === 0 ? 'no folder' : 'only one folder'} of images.`,
      'Make one folder per class, at least two: CLASS/*.jpg, or train/CLASS/*.jpg and test/CLASS/*.jpg.',
    );
  }
  if (names.length > MOST_CLASSES) {
    throw new RectioError(
      'data',
      `${root} holds ${names.length} folders.`,
      `A dataset can have at most ${MOST_CLASSES} classes.`,
    );
  }
  return names;
}

/** Names of the visible subfolders, sorted. */
async function folderNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const { name } of await visibleEntries(folder)) {
    if ((await kindOf(join(folder, name))) === 'folder') names.push(name);
  }
  return names;
}

async function visibleEntries(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

async function listTest(root: string, classes: readonly string[]): Promise<Listing> {
  const present = await folderNames(root);
  if (present.length === 0) {
    throw new RectioError(
      'data',
      `${root} holds no folder of images.`,
      'Lay it out like train/, with one folder per class.',
    );
  }
  for (const name of present) {
    if (classes.includes(name)) continue;
    throw new RectioError(
      'data',
      `${join(root, name)} is a class that has no training images.`,
      'Rename it to match a folder in train/, or remove it.',
    );
  }
  return listClasses(root, classes, new Set(present));
}

/** Lists the images of every class. A class outside `present` has none. */
async function listClasses(
  root: string,
  classes: readonly string[],
  present: ReadonlySet<string> = new Set(classes),
): Promise<Listing> {
  const images: { path: string; label: number }[] = [];
  for (const [label, name] of classes.entries()) {
    if (!present.has(name)) continue;
    const before = images.length;
    for (const path of await imagesBelow(join(root, name))) images.push({ path, label });
    if (images.length === before) {
      throw new RectioError(
        'data',
        `${join(root, name)} holds no images.`,
        'Put .jpg, .jpeg, .png or .webp files there, or remove the folder.',
      );
    }
  }
  return images;
}

/** Paths of the images in a folder and its subfolders, sorted by name. */
async function imagesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await visibleEntries(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) paths.push(...(await imagesBelow(path)));
    else if (ENDINGS.test(entry.name)) paths.push(path);
  }
  return paths;
}

/** Sets a tenth of each class aside for testing: at least one image if the class has two or more. */
function setAside(all: Listing, classes: readonly string[], seed: number, root: string) {
  const byClass = classes.map((): Listing[number][] => []);
  for (const image of all) byClass[image.label]!.push(image);
  const train: Listing[number][] = [];
  const test: Listing[number][] = [];
  for (const [label, name] of classes.entries()) {
    const own = byClass[label]!;
    const wanted = own.length < 2 ? 0 : Math.max(1, Math.round(own.length * TEST_SHARE));
    const order = permutation(own.length, randomStream(seed, hashText('data.split'), hashText(name)));
    const chosen = new Set(order.subarray(0, wanted));
    own.forEach((image, index) => (chosen.has(index) ? test : train).push(image));
  }
  if (test.length === 0) {
    throw new RectioError(
      'data',
      `${root} has too few images to set some aside for testing.`,
      'Every class should have ten images or more.',
    );
  }
  return { train, test };
}

/** Draws at most `limit` images, from all classes together. */
function thin(listing: Listing, limit: number, seed: number): Listing {
  if (listing.length <= limit) return listing;
  const order = permutation(listing.length, randomStream(seed, hashText('data.limit')));
  return [...order.subarray(0, limit)].sort((a, b) => a - b).map((index) => listing[index]!);
}

/** Number of concurrent `stat` calls. */
const STATS_AT_ONCE = 64;

async function withStats(listing: Listing): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  for (let at = 0; at < listing.length; at += STATS_AT_ONCE) {
    const some = listing.slice(at, at + STATS_AT_ONCE).map(async ({ path }) => {
      try {
        const { size, mtimeMs } = await stat(path);
        return { path, bytes: size, changed: mtimeMs };
      } catch (error) {
        throw unreadable(path, error);
      }
    });
    files.push(...(await Promise.all(some)));
  }
  return files;
}
