/**
 * Converts CIFAR-100 from class folders of PNG files (`train/apple/….png`, `test/apple/….png`) to the official binary
 * format.
 *
 *     node scripts/cifar100-binary.js FOLDER OUT
 *
 * Writes OUT/cifar-100-binary with train.bin, test.bin, fine_label_names.txt and coarse_label_names.txt. Test images
 * that are also in the training split are left out and listed. Images are ordered by a hash of class and name, so that
 * classes are mixed.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import sharp from 'sharp';

/**
 * The twenty superclasses in the official order, with their classes (Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html).
 */
const superclasses = {
  aquatic_mammals: 'beaver dolphin otter seal whale',
  fish: 'aquarium_fish flatfish ray shark trout',
  flowers: 'orchid poppy rose sunflower tulip',
  food_containers: 'bottle bowl can cup plate',
  fruit_and_vegetables: 'apple mushroom orange pear sweet_pepper',
  household_electrical_devices: 'clock keyboard lamp telephone television',
  household_furniture: 'bed chair couch table wardrobe',
  insects: 'bee beetle butterfly caterpillar cockroach',
  large_carnivores: 'bear leopard lion tiger wolf',
  'large_man-made_outdoor_things': 'bridge castle house road skyscraper',
  large_natural_outdoor_scenes: 'cloud forest mountain plain sea',
  large_omnivores_and_herbivores: 'camel cattle chimpanzee elephant kangaroo',
  medium_mammals: 'fox porcupine possum raccoon skunk',
  'non-insect_invertebrates': 'crab lobster snail spider worm',
  people: 'baby boy girl man woman',
  reptiles: 'crocodile dinosaur lizard snake turtle',
  small_mammals: 'hamster mouse rabbit shrew squirrel',
  trees: 'maple_tree oak_tree palm_tree pine_tree willow_tree',
  vehicles_1: 'bicycle bus motorcycle pickup_truck train',
  vehicles_2: 'lawn_mower rocket streetcar tank tractor',
};

const coarseNames = Object.keys(superclasses);
const coarseOf = new Map(
  Object.values(superclasses).flatMap((classes, coarse) => classes.split(' ').map((name) => [name, coarse])),
);
const fineNames = [...coarseOf.keys()].sort();

/** @param {string | Uint8Array} bytes */
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @typedef {{ name: string, path: string, pixels: Buffer }} Image its class, its file, and its pixels by channel */

/**
 * Reads all images of a split, ordered by hash.
 * @param {string} folder
 * @returns {Promise<Image[]>}
 */
async function readSplit(folder) {
  const classes = (await readdir(folder)).sort();
  const strange = classes.find((name) => !coarseOf.has(name));
  if (strange !== undefined || classes.length !== fineNames.length) {
    throw new Error(
      `${folder} does not hold the 100 classes of CIFAR-100: ${strange ?? `it has ${classes.length} folders`}`,
    );
  }
  const files = [];
  for (const name of classes) {
    for (const file of await readdir(join(folder, name))) {
      files.push({ name, path: join(folder, name, file), order: digest(`${name}/${file}`) });
    }
  }
  files.sort((a, b) => (a.order < b.order ? -1 : 1));
  const images = [];
  for (const { name, path } of files) images.push({ name, path, pixels: await readPixels(path) });
  return images;
}

/**
 * 1024 red, 1024 green and 1024 blue bytes.
 * @param {string} path
 */
async function readPixels(path) {
  const { data, info } = await sharp(path)
    .toColorspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== 32 || info.height !== 32 || info.channels !== 3) {
    throw new Error(`${path} is ${info.width}×${info.height} with ${info.channels} channels, not 32×32 with 3`);
  }
  const pixels = Buffer.alloc(3072);
  for (let at = 0; at < 1024; at++) {
    for (let channel = 0; channel < 3; channel++) pixels[channel * 1024 + at] = data.readUInt8(at * 3 + channel);
  }
  return pixels;
}

/** @param {readonly Image[]} images */
function records(images) {
  return Buffer.concat(
    images.flatMap(({ name, pixels }) => [Buffer.from([coarseOf.get(name) ?? 0, fineNames.indexOf(name)]), pixels]),
  );
}

const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) {
  process.stderr.write('Usage: node scripts/cifar100-binary.js FOLDER OUT\n');
  process.exit(2);
}
const train = await readSplit(join(folder, 'train'));
const seen = new Map(train.map(({ pixels, path }) => [digest(pixels), path]));
const all = await readSplit(join(folder, 'test'));
const test = all.filter(({ pixels }) => !seen.has(digest(pixels)));
for (const { path, pixels } of all) {
  const twin = seen.get(digest(pixels));
  if (twin !== undefined) process.stdout.write(`left out of the test split: ${path}, the same as ${twin}\n`);
}
const target = join(out, 'cifar-100-binary');
await mkdir(target, { recursive: true });
await writeFile(join(target, 'train.bin'), records(train));
await writeFile(join(target, 'test.bin'), records(test));
await writeFile(join(target, 'fine_label_names.txt'), `${fineNames.join('\n')}\n`);
await writeFile(join(target, 'coarse_label_names.txt'), `${coarseNames.join('\n')}\n`);
process.stdout.write(`${target}: ${train.length} training images, ${test.length} test images\n`);
