/** Reads one image folder per class: `train/CLASS/*.jpg` and `test/CLASS/*.jpg` (or `val`), or just `CLASS/*.jpg`. */

import { basename, relative, resolve } from 'node:path';

import { RectioError } from '../base/error.js';
import { hashText, permutation, randomStream } from '../base/random.js';
import { createTally, type FolderContents, type Tally } from './contents.js';
import type { Dataset, Split } from './dataset.js';
import type { DecodedForm } from './decode.js';
import { kindOf } from './files.js';
import { findLayout, splitNames, type Layout, type SplitName } from './folder-layout.js';
import { imagesBelow, type LabelledImage, type Walk } from './folder-walk.js';
import { openImageCache, type ImageCache, type Listings } from './image-cache.js';
import type { OpenOptions } from './options.js';
import { fingerprint } from './statistics.js';

const TEST_SHARE = 0.1;
const DEFAULT_SIZE = 32;

/**
 * Opens a folder of images. If it has no test folder, its validation folder is the test split; if it has neither, a tenth
 * of each class's images becomes the test split, and the seed decides which. `contents` of the dataset says what was
 * found, used and passed over.
 *
 * @throws RectioError `data`, which names the folder or images and the problem; `usage` for a bad size.
 */
export async function openFolder(dir: string | undefined, options: OpenOptions): Promise<Dataset> {
  const { size = DEFAULT_SIZE, seed = 0, limit = Infinity } = options;
  const root = await checkedRoot(dir, size);
  const form = formOf(size, options);
  const passedOver = createTally();
  const listed = await listImages({ root, tally: passedOver, remarks: createTally() }, seed);
  const images = {
    train: thin(listed.images.train, limit, seed),
    test: thin(listed.images.test, limit, seed),
    validation: thin(listed.images.validation, limit, seed),
  };
  const cache = await openImageCache({ root, form, images, options });
  checkClasses(root, listed, images, cache.images);
  const split = (name: SplitName): Split => ({
    count: cache.images[name].length,
    labels: Uint16Array.from(cache.images[name], ({ label }) => label),
    source: cache.sources[name],
    ...(cache.extents === undefined ? {} : { extents: cache.extents[name] }),
  });
  const content = {
    classes: listed.classes,
    shape: [3, size, size] as const,
    train: split('train'),
    test: split('test'),
    ...(cache.images.validation.length === 0 ? {} : { validation: split('validation') }),
  };
  noteBroken(root, images, cache, passedOver);
  const contents = contentsOf(root, listed, form, cache, passedOver);
  const { mean, deviation } = cache;
  const testFiles = cache.images.test.map(({ path }) => relative(root, path));
  return { name: basename(root), ...content, mean, deviation, testFiles, fingerprint: fingerprint(content), contents };
}

async function checkedRoot(dir: string | undefined, size: number): Promise<string> {
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
  return resolve(dir);
}

const MOST_SHORT = 4096;

/** @throws RectioError `usage` */
function formOf(size: number, { cropPercent = 1, whole = false, interpolation = 'lanczos' }: OpenOptions): DecodedForm {
  const shortSide = Math.round(size / cropPercent);
  if (cropPercent >= 0.25 && cropPercent <= 1 && shortSide <= MOST_SHORT) {
    return { size, shortSide, whole, interpolation };
  }
  throw new RectioError(
    'usage',
    `The middle of ${size}×${size} pixels cannot be a share of ${cropPercent} of the image.`,
    `Give a \`data.cropPercent\` from 0.25 to 1; images are scaled to at most ${MOST_SHORT} pixels.`,
  );
}

/** What is in the folder, before anything is decoded. */
interface Listed {
  readonly classes: readonly string[];
  readonly images: Listings;
  readonly splits: FolderContents['splits'];
  /** Whether the test images were drawn from the training images. */
  readonly aside: boolean;
  readonly remarks: Tally;
}

async function listImages(walk: Walk, seed: number): Promise<Listed> {
  const layout = await findLayout(walk);
  const images: Record<SplitName, LabelledImage[]> = { train: [], test: [], validation: [] };
  const { remarks } = walk;
  for (const [label, { name, folders }] of layout.classes.entries()) {
    for (const split of splitNames) {
      const before = images[split].length;
      for (const folder of folders[split]) {
        for (const image of await imagesBelow(folder, walk)) images[split].push({ ...image, label });
      }
      if (images[split].length === before && folders[split].length > 0) throw emptyClass(folders[split][0]!.path);
      if (folders[split].length > 1) remarks.add('classes in several folders whose names look the same', name);
    }
  }
  const classes = layout.classes.map(({ name }) => name);
  return { classes, ...divide(layout, classes, images, seed, walk.root), remarks };
}

function emptyClass(path: string): RectioError {
  return new RectioError(
    'data',
    `${path} holds no images that can be read.`,
    'Put JPEG, PNG, WebP, GIF, TIFF or AVIF files there, or remove the folder.',
  );
}

/** Which images are the test split, and how to say so. */
function divide(
  { sources }: Layout,
  classes: readonly string[],
  images: Listings,
  seed: number,
  root: string,
): Pick<Listed, 'images' | 'splits' | 'aside'> {
  const folder = (source: string | null): string =>
    source === null || source === '' ? 'the folder itself' : `${source}/`;
  const train = folder(sources.train);
  if (sources.test !== null) {
    const validation = sources.validation === null ? null : `${sources.validation}/, which chooses the epoch`;
    return { images, aside: false, splits: { train, test: folder(sources.test), validation } };
  }
  if (sources.validation !== null) {
    const test = `${folder(sources.validation)}, since no folder of test images has classes`;
    return {
      images: { ...images, test: images.validation, validation: [] },
      aside: false,
      splits: { train, test, validation: null },
    };
  }
  const divided = setAside(images.train, classes, seed, root);
  const test = `a tenth of each class in ${train}, drawn by \`data.seed\` ${seed}`;
  return { images: { ...divided, validation: [] }, aside: true, splits: { train, test, validation: null } };
}

/** Sets a tenth of each class aside for testing: at least one image if the class has two or more. */
function setAside(all: readonly LabelledImage[], classes: readonly string[], seed: number, root: string) {
  const byClass = classes.map((): LabelledImage[] => []);
  for (const image of all) byClass[image.label]!.push(image);
  const train: LabelledImage[] = [];
  const test: LabelledImage[] = [];
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
function thin(listing: readonly LabelledImage[], limit: number, seed: number): readonly LabelledImage[] {
  if (listing.length <= limit) return listing;
  const order = permutation(listing.length, randomStream(seed, hashText('data.limit')));
  return [...order.subarray(0, limit)].sort((a, b) => a - b).map((index) => listing[index]!);
}

function countsOf(images: readonly LabelledImage[], classes: readonly string[]): number[] {
  const counts = classes.map(() => 0);
  for (const { label } of images) counts[label]!++;
  return counts;
}

/**
 * @param aside whether the test split was drawn from the training images: then a class can lose its few test images by
 * chance, which is told but no fault of the folder
 * @throws RectioError `data` if all images that a split has of a class are broken
 */
function checkClasses(root: string, { classes, aside }: Listed, chosen: Listings, usable: Listings): void {
  for (const split of splitNames) {
    const left = countsOf(usable[split], classes);
    const lost = countsOf(chosen[split], classes).findIndex((count, label) => count > 0 && left[label] === 0);
    if (lost === -1 || (aside && split === 'test' && usable.test.length > 0)) continue;
    throw new RectioError(
      'data',
      `Of the class ${classes[lost]} in ${root}, no ${split} image can be decoded.`,
      'Repair its images, or remove the class.',
    );
  }
}

function noteBroken(root: string, images: Listings, { facts }: ImageCache, passedOver: Tally): void {
  const all = [...images.train, ...images.test, ...images.validation];
  for (const { index, reason } of facts.broken) {
    passedOver.add('images that cannot be decoded', `${relative(root, all[index]!.path)} (${reason})`);
  }
}

function contentsOf(
  root: string,
  listed: Listed,
  { shortSide, whole }: DecodedForm,
  { facts, images }: ImageCache,
  passedOver: Tally,
): FolderContents {
  const { classes, splits, remarks } = listed;
  const counts = {
    train: countsOf(images.train, classes),
    test: countsOf(images.test, classes),
    validation: countsOf(images.validation, classes),
  };
  for (const [label, name] of classes.entries()) {
    if (counts.train[label] === 0) remarks.add('classes without training images', name);
    if (counts.test[label] === 0) remarks.add('classes without test images', name);
  }
  return {
    root,
    classes: classes.map((name, label) => ({
      name,
      train: counts.train[label]!,
      test: counts.test[label]!,
      validation: counts.validation[label]!,
    })),
    splits,
    sizes: facts.sizes,
    shortSide,
    whole,
    passedOver: passedOver.findings(),
    remarks: [...remarks.findings(), ...facts.remarks],
  };
}
