/** Makes a dataset from arrays or a function, for images that are not in files. */

import { RectioError } from '../base/error.js';
import type { Dataset, Split } from './dataset.js';
import { channelStatistics, fingerprint } from './statistics.js';

/** Images of one split. */
export interface MemorySplit {
  /**
   * Pixel values from 0 to 255: all images in sequence, each [channels, height, width], or a function that returns one
   * image by its index. It is called once per image.
   */
  readonly images: Uint8Array | ((index: number) => ArrayLike<number>);
  /** The class number of each image, from 0. */
  readonly labels: ArrayLike<number>;
}

export interface MemoryDataset {
  readonly train: MemorySplit;
  readonly test: MemorySplit;
  /** [channels, height, width] of every image. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Class names, or the number of classes. */
  readonly classes: readonly string[] | number;
  /** The dataset's name in reports. Default `memory`. */
  readonly name?: string;
}

/**
 * Makes a dataset from images in memory, which it copies. Mean and deviation are those of the training split.
 * @throws RectioError `data`; it names the split and the wrong size, label or pixel value
 */
export function memoryDataset({ train, test, shape, classes, name = 'memory' }: MemoryDataset): Dataset {
  const names = typeof classes === 'number' ? Array.from({ length: classes }, (_, index) => String(index)) : classes;
  if (!shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw refused(`The shape of its images cannot be [${shape.join(', ')}]`, 'Give [channels, height, width].');
  }
  if (names.length < 2) throw refused(`It has ${names.length} classes`, 'Give at least two classes.');
  const content = {
    classes: names,
    shape,
    train: copySplit('training', train, shape, names.length),
    test: copySplit('test', test, shape, names.length),
  };
  const [channels, height, width] = shape;
  const pixels = new Uint8Array(content.train.source.images);
  return {
    name,
    ...content,
    ...channelStatistics(pixels, channels, height * width),
    fingerprint: fingerprint(content),
  };
}

type CopiedSplit = Split & { readonly source: { readonly kind: 'memory'; readonly images: SharedArrayBuffer } };

function copySplit(
  what: string,
  { images, labels }: MemorySplit,
  shape: readonly number[],
  classes: number,
): CopiedSplit {
  const size = shape.reduce((product, side) => product * side, 1);
  const count = labels.length;
  if (count === 0) throw refused(`Its ${what} split has no image`, 'Give at least one image and its label.');
  if (typeof images !== 'function' && images.length !== count * size) {
    throw refused(
      `Its ${what} split has ${images.length} pixel values, but ${count} images of [${shape.join(', ')}] have ${count * size}`,
      'Give one label for each image, and all pixels of each image.',
    );
  }
  const buffer = new SharedArrayBuffer(count * size);
  const pixels = new Uint8Array(buffer);
  if (typeof images !== 'function') pixels.set(images);
  else
    for (let index = 0; index < count; index++)
      pixels.set(checkedImage(what, images(index), index, size), index * size);
  const numbers = Uint16Array.from({ length: count }, (_, index) => {
    const label = labels[index]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) return label;
    throw refused(
      `Label ${index} of its ${what} split is ${label}, but there are ${classes} classes`,
      `Give whole numbers from 0 to ${classes - 1}.`,
    );
  });
  return { count, labels: numbers, source: { kind: 'memory', images: buffer } };
}

function checkedImage(what: string, image: ArrayLike<number>, index: number, size: number): ArrayLike<number> {
  if (image.length !== size) {
    throw refused(
      `Image ${index} of its ${what} split has ${image.length} values, not ${size}`,
      'Give all its pixels.',
    );
  }
  for (let i = 0; i < size; i++) {
    const value = image[i]!;
    if (Number.isInteger(value) && value >= 0 && value <= 255) continue;
    throw refused(`Image ${index} of its ${what} split has a pixel of ${value}`, 'Give whole numbers from 0 to 255.');
  }
  return image;
}

function refused(what: string, hint: string): RectioError {
  return new RectioError('data', `This dataset in memory cannot be used. ${what}.`, hint);
}
