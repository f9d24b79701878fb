/**
 * Writes the built-in dataset as a folder of images: PNG files in DIR/train/CLASS and DIR/test/CLASS, by default 3000 for
 * training and 1000 for testing.
 *
 *     node examples/folder/make-images.js DIR [TRAIN] [TEST]     (ten seconds)
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { openDataset } from 'rectio/training';
import sharp from 'sharp';

const [folder, trainImages = '3000', testImages = '1000'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Give the folder to make, as in: node examples/folder/make-images.js shapes');
  process.exit(2);
}

const dataset = await openDataset('synthetic', { limit: Math.max(Number(trainImages), Number(testImages)) });
await writeSplit('train', Number(trainImages));
await writeSplit('test', Number(testImages));
console.log(`${trainImages} and ${testImages} images of ${dataset.classes.length} classes are in ${folder}`);

/** @param {'train' | 'test'} split @param {number} count */
async function writeSplit(split, count) {
  const { labels, source } = dataset[split];
  if (source.kind !== 'memory') throw new Error('The built-in dataset lies in memory.');
  const [channels, height, width] = dataset.shape;
  const pixels = height * width;
  for (const name of dataset.classes)
    await mkdir(join(/** @type {string} */ (folder), split, name), { recursive: true });
  for (let index = 0; index < count; index++) {
    const planes = new Uint8Array(source.images, index * channels * pixels, channels * pixels);
    // The dataset stores one plane per channel; image files interleave the channels of each pixel.
    const image = Uint8Array.from(planes, (_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)] ?? 0);
    const name = dataset.classes[labels[index] ?? 0] ?? '';
    const file = join(/** @type {string} */ (folder), split, name, `${String(index).padStart(5, '0')}.png`);
    await sharp(image, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file);
  }
}
