/**
 * What a network sees of a picture that is kept whole: its middle for testing, or a random part, resized, for training.
 * The draws are those of timm's RandomResizedCrop, keyed like all random transforms.
 */

import { hashText, randomStream } from '../base/random.js';
import type { Dataset, Split } from './dataset.js';
import { openImages, type PlacedImage } from './images.js';

/** A part of a picture, in its pixels. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const VIEW_STREAM = hashText('data.view');
const TRIES = 10;

/**
 * Draws the part of a picture for one epoch: its share of the area evenly from `scale` to 1, the logarithm of its ratio of
 * sides evenly between 1/`ratio` and `ratio`. If ten draws do not fit, it is the middle, with its ratio kept in that range.
 */
export function drawWindow(
  { cropScale, cropRatio }: { readonly cropScale: number; readonly cropRatio: number },
  seed: number,
  epoch: number,
  index: number,
  height: number,
  width: number,
): Window {
  const stream = randomStream(seed, VIEW_STREAM, epoch, index);
  const reach = Math.log(cropRatio);
  for (let n = 0; n < TRIES; n++) {
    const area = height * width * (cropScale + (1 - cropScale) * stream.uniform());
    const ratio = Math.exp(reach * (2 * stream.uniform() - 1));
    const wide = Math.max(1, Math.round(Math.sqrt(area * ratio)));
    const high = Math.max(1, Math.round(Math.sqrt(area / ratio)));
    if (wide > width || high > height) continue;
    const top = stream.below(height - high + 1);
    return { top, left: stream.below(width - wide + 1), height: high, width: wide };
  }
  return middle(
    height,
    width,
    Math.min(height, Math.round(width * cropRatio)),
    Math.min(width, Math.round(height * cropRatio)),
  );
}

/** The middle part of the given size. */
export function middle(height: number, width: number, high: number, wide: number): Window {
  return { top: (height - high) >> 1, left: (width - wide) >> 1, height: high, width: wide };
}

export interface MiddleReader {
  readonly pixels: Uint8Array;
  /** Makes the middle of image `index` available and returns its offset in `pixels`. Valid until the next call. */
  read(index: number): number;
  close(): void;
}

/** Reads images as they are seen without random crops: [C, H, W] of the dataset's shape. */
export function openMiddles(split: Split, shape: Dataset['shape']): MiddleReader {
  const { pixels, read, close } = openImages(split, shape);
  if (split.extents === undefined) return { pixels, read: (index) => read(index).at, close };
  const [channels, height, width] = shape;
  const seen = new Uint8Array(channels * height * width);
  const resizer = createResizer(channels, height, width);
  return {
    pixels: seen,
    read(index) {
      const image = read(index);
      resizer.resize(pixels, image, middle(image.height, image.width, height, width), seen);
      return 0;
    },
    close,
  };
}

/** The values that make up each output value along one axis, and their weights. */
interface Axis {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `taps` for each output value. */
  readonly weights: Float32Array;
  readonly taps: number;
}

/**
 * Linear interpolation, over a wider range if the axis shrinks, as in Pillow: value i of the output lies at
 * (i + ½) · length / side of the input.
 */
function axisOf(length: number, side: number): Axis {
  const step = length / side;
  const reach = Math.max(1, step);
  const taps = 2 * Math.ceil(reach) + 1;
  const starts = new Int32Array(side);
  const counts = new Int32Array(side);
  const weights = new Float32Array(side * taps);
  for (let i = 0; i < side; i++) {
    const center = (i + 0.5) * step;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(length, Math.trunc(center + reach + 0.5));
    let sum = 0;
    for (let k = first; k < end; k++) sum += tent((k + 0.5 - center) / reach);
    starts[i] = first;
    counts[i] = end - first;
    for (let k = first; k < end; k++) weights[i * taps + k - first] = tent((k + 0.5 - center) / reach) / sum;
  }
  return { starts, counts, weights, taps };
}

function tent(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

export interface Resizer {
  /** Writes a part of an image in `pixels` into `out` [channels, height, width]. A part of that size is copied as it is. */
  resize(pixels: Uint8Array, image: PlacedImage, part: Window, out: Uint8Array): void;
}

/** @param height and width of what it makes, in pixels */
export function createResizer(channels: number, height: number, width: number): Resizer {
  let rows = new Float32Array(0);
  const sums = new Float32Array(width);
  return {
    resize(pixels, image, part, out) {
      const planeAt = (channel: number): number =>
        image.at + (channel * image.height + part.top) * image.width + part.left;
      if (part.height === height && part.width === width) {
        for (let row = 0; row < channels * height; row++) {
          const from = planeAt(Math.floor(row / height)) + (row % height) * image.width;
          out.set(pixels.subarray(from, from + width), row * width);
        }
        return;
      }
      if (rows.length < part.height * width) rows = new Float32Array(part.height * width);
      const across = axisOf(part.width, width);
      const down = axisOf(part.height, height);
      for (let channel = 0; channel < channels; channel++) {
        resizeRows(pixels, planeAt(channel), image.width, part.height, across, rows);
        mixRows(rows, down, sums, out, channel * height * width);
      }
    },
  };
}

function resizeRows(
  pixels: Uint8Array,
  start: number,
  width: number,
  height: number,
  { starts, counts, weights, taps }: Axis,
  rows: Float32Array,
): void {
  const side = starts.length;
  for (let y = 0; y < height; y++) {
    const row = start + y * width;
    for (let x = 0; x < side; x++) {
      const at = row + starts[x]!;
      const count = counts[x]!;
      const weight = x * taps;
      let sum = 0;
      for (let k = 0; k < count; k++) sum += pixels[at + k]! * weights[weight + k]!;
      rows[y * side + x] = sum;
    }
  }
}

function mixRows(
  rows: Float32Array,
  { starts, counts, weights, taps }: Axis,
  sums: Float32Array,
  out: Uint8Array,
  at: number,
): void {
  const width = sums.length;
  for (let y = 0; y < starts.length; y++) {
    sums.fill(0.5);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * taps + k]!;
      const row = (starts[y]! + k) * width;
      for (let x = 0; x < width; x++) sums[x]! += rows[row + x]! * weight;
    }
    // A weighted mean of bytes is at most 255, so that adding a half and cutting rounds it.
    for (let x = 0; x < width; x++) out[at + y * width + x] = sums[x]!;
  }
}
