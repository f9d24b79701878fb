/** Prepares one batch: turns uint8 images into the normalized float32 that an engine takes. Runs on any thread. */

import { hashText, permutation, randomStream } from '../base/random.js';
import type { Dataset, Split } from './dataset.js';
import { openImages } from './images.js';
import { drawImage, drawMixup, noTransforms, type ImageDraw, type Transforms } from './transforms.js';
import { createResizer, drawWindow, openMiddles } from './view.js';

const ORDER_STREAM = hashText('data.order');

/** Everything that a loader's batches depend on. It is plain data, so it can be sent to a worker thread. */
export interface BatchRecipe {
  readonly split: Split;
  readonly shape: Dataset['shape'];
  readonly classes: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly batch: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly transforms: Transforms;
}

export interface BatchMaker {
  /**
   * Fills `images` [N, C, H, W] and `targets` [N, classes] with batch `step` of `epoch`. Returns the number of real
   * examples; the remaining rows are zero.
   */
  make(epoch: number, step: number, images: Float32Array, targets: Float32Array): number;
  close(): void;
}

/** Creates a batch maker. It caches the image order of the latest epoch. */
export function createBatchMaker(recipe: BatchRecipe): BatchMaker {
  const { split, batch, seed, transforms, classes } = recipe;
  const viewer = openViewer(recipe);
  const norm = normalization(recipe);
  const [channels, height, width] = recipe.shape;
  const size = channels * height * width;
  let order: Uint32Array | undefined;
  let orderEpoch = -1;
  let unmixed: Float32Array | undefined;

  return {
    make(epoch, step, images, targets) {
      if (recipe.shuffle && orderEpoch !== epoch) {
        order = permutation(split.count, randomStream(seed, ORDER_STREAM, epoch));
        orderEpoch = epoch;
      }
      const start = step * batch;
      const count = Math.min(batch, split.count - start);
      targets.fill(0);
      for (let row = 0; row < count; row++) {
        const index = order ? order[start + row]! : start + row;
        writeImage(recipe, norm, viewer, epoch, index, images, row * size);
        targets[row * classes + split.labels[index]!] = 1;
      }
      images.fill(0, count * size);
      if (transforms.mixup > 0) {
        const { weight, partners } = drawMixup(transforms.mixup, seed, epoch, step, count);
        unmixed ??= new Float32Array(Math.max(images.length, targets.length));
        mixRows(images, size, weight, partners, unmixed);
        mixRows(targets, classes, weight, partners, unmixed);
      }
      return count;
    },
    close: () => viewer.close(),
  };
}

/** Normalization as one multiplication and one addition: (p / 255 − mean) / deviation = p · scale + shift. */
interface Normalization {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

function normalization({ mean, deviation }: BatchRecipe): Normalization {
  return {
    scale: deviation.map((value) => 1 / (255 * value)),
    shift: mean.map((value, channel) => -value / deviation[channel]!),
  };
}

/** Reads images [C, H, W] of the dataset's shape. */
interface Viewer {
  readonly pixels: Uint8Array;
  /** Makes an image available and returns its offset in `pixels`. Valid until the next call. */
  read(epoch: number, index: number): number;
  close(): void;
}

/** Each image's middle, or a random crop of it. */
function openViewer({ split, shape, transforms, seed }: BatchRecipe): Viewer {
  const { cropScale = null, cropRatio = noTransforms.cropRatio } = transforms;
  if (cropScale === null) {
    const { pixels, read, close } = openMiddles(split, shape);
    return { pixels, read: (_, index) => read(index), close };
  }
  const [channels, height, width] = shape;
  const reader = openImages(split, shape);
  const seen = new Uint8Array(channels * height * width);
  const resizer = createResizer(channels, height, width);
  return {
    pixels: seen,
    read(epoch, index) {
      const image = reader.read(index);
      const part = drawWindow({ cropScale, cropRatio }, seed, epoch, index, image.height, image.width);
      resizer.resize(reader.pixels, image, part, seen);
      return 0;
    },
    close: reader.close,
  };
}

function writeImage(
  { shape, transforms, seed }: BatchRecipe,
  norm: Normalization,
  viewer: Viewer,
  epoch: number,
  index: number,
  out: Float32Array,
  at: number,
): void {
  const [, height, width] = shape;
  const { pixels } = viewer;
  const from = viewer.read(epoch, index);
  if (transforms.padCrop === 0 && !transforms.flip && transforms.cutout === 0) {
    writeWhole(pixels, from, out, at, norm, shape);
    return;
  }
  const draw = drawImage(transforms, seed, epoch, index, height, width);
  writeWindow(pixels, from, out, at, norm, shape, draw);
  if (transforms.cutout > 0) eraseSquare(out, at, shape, transforms.cutout, draw);
}

function writeWhole(
  pixels: Uint8Array,
  from: number,
  out: Float32Array,
  at: number,
  norm: Normalization,
  [channels, height, width]: Dataset['shape'],
): void {
  const plane = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const scale = norm.scale[channel]!;
    const shift = norm.shift[channel]!;
    for (let i = channel * plane, end = i + plane; i < end; i++) out[at + i] = pixels[from + i]! * scale + shift;
  }
}

/** Writes the drawn crop of the padded image. The padding is black. */
function writeWindow(
  pixels: Uint8Array,
  from: number,
  out: Float32Array,
  at: number,
  norm: Normalization,
  [channels, height, width]: Dataset['shape'],
  { top, left, flip }: ImageDraw,
): void {
  // Columns of the crop, before flipping, that lie inside the image.
  const first = Math.max(0, -left);
  const end = Math.min(width, width - left);
  for (let channel = 0; channel < channels; channel++) {
    const scale = norm.scale[channel]!;
    const black = norm.shift[channel]!;
    for (let y = 0; y < height; y++) {
      const target = at + (channel * height + y) * width;
      const sourceRow = y + top;
      if (sourceRow < 0 || sourceRow >= height) {
        out.fill(black, target, target + width);
        continue;
      }
      const source = from + (channel * height + sourceRow) * width + left;
      if (flip) {
        const last = target + width - 1;
        for (let x = 0; x < first; x++) out[last - x] = black;
        for (let x = first; x < end; x++) out[last - x] = pixels[source + x]! * scale + black;
        for (let x = end; x < width; x++) out[last - x] = black;
      } else {
        for (let x = 0; x < first; x++) out[target + x] = black;
        for (let x = first; x < end; x++) out[target + x] = pixels[source + x]! * scale + black;
        for (let x = end; x < width; x++) out[target + x] = black;
      }
    }
  }
}

/** Sets a square around the drawn pixel to zero, the mean color. The square is clipped to the image. */
function eraseSquare(
  out: Float32Array,
  at: number,
  [channels, height, width]: Dataset['shape'],
  side: number,
  { cutoutRow, cutoutColumn }: ImageDraw,
): void {
  const top = cutoutRow - (side >> 1);
  const left = cutoutColumn - (side >> 1);
  const from = Math.max(0, left);
  const to = Math.min(width, left + side);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
      const row = at + (channel * height + y) * width;
      out.fill(0, row + from, row + to);
    }
  }
}

function mixRows(
  values: Float32Array,
  size: number,
  weight: number,
  partners: Uint32Array,
  unmixed: Float32Array,
): void {
  unmixed.set(values);
  for (let row = 0; row < partners.length; row++) {
    const own = row * size;
    const partner = partners[row]! * size;
    for (let i = 0; i < size; i++) {
      values[own + i] = weight * unmixed[own + i]! + (1 - weight) * unmixed[partner + i]!;
    }
  }
}
