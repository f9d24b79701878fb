/** Computes normalization constants and the fingerprint from a dataset's pixels. */

import { createHash } from 'node:crypto';

import type { Dataset, Split } from './dataset.js';
import { openImages } from './images.js';

/** Images per split in the fingerprint: enough to tell datasets apart, few enough to hash within milliseconds. */
const FINGERPRINT_IMAGES = 256;

/** The most values whose squares a 32-bit integer can sum: 2¹⁶ · 255² < 2³². */
const EXACT_RUN = 1 << 16;

export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * Mean and standard deviation of each channel, for pixel values divided by 255.
 *
 * @param images images in sequence, each [channels, plane]
 * @param plane height · width
 */
export function channelStatistics(images: Uint8Array, channels: number, plane: number): ChannelStatistics {
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const count = images.length / (channels * plane);
  for (let start = 0, channel = 0; start < images.length; start += plane, channel = (channel + 1) % channels) {
    addPlane(images, start, start + plane, channel, sum, squares);
  }
  return statisticsFromSums(sum, squares, count * plane);
}

/** Mean and deviation from the sums of pixel values and of their squares, over `count` pixels per channel. */
export function statisticsFromSums(sum: Float64Array, squares: Float64Array, count: number): ChannelStatistics {
  const mean = Array.from(sum, (value) => value / count / 255);
  const deviation = Array.from(squares, (value, channel) => {
    const variance = value / count / (255 * 255) - mean[channel]! ** 2;
    // A constant channel has no deviation; 1 avoids a division by zero.
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  return { mean, deviation };
}

/** Adds the pixels from `start` to `end` to one channel's sums, without rounding. */
export function addPlane(
  images: Uint8Array,
  start: number,
  end: number,
  channel: number,
  sum: Float64Array,
  squares: Float64Array,
): void {
  for (let from = start; from < end; from += EXACT_RUN) {
    const to = Math.min(end, from + EXACT_RUN);
    let runSum = 0;
    let runSquares = 0;
    let i = from;
    // Unrolled by four: this halves the time of a loop over every training pixel.
    for (; i + 3 < to; i += 4) {
      const a = images[i]!;
      const b = images[i + 1]!;
      const c = images[i + 2]!;
      const d = images[i + 3]!;
      runSum = (runSum + (a + b + c + d)) | 0;
      runSquares = (runSquares + (Math.imul(a, a) + Math.imul(b, b) + Math.imul(c, c) + Math.imul(d, d))) | 0;
    }
    for (; i < to; i++) {
      const value = images[i]!;
      runSum = (runSum + value) | 0;
      runSquares = (runSquares + Math.imul(value, value)) | 0;
    }
    sum[channel]! += runSum >>> 0;
    squares[channel]! += runSquares >>> 0;
  }
}

/** Hashes the classes, the shape, the labels and evenly spaced images of both splits. */
export function fingerprint(dataset: Omit<Dataset, 'fingerprint' | 'name' | 'mean' | 'deviation'>): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([dataset.classes, dataset.shape, dataset.train.count, dataset.test.count]));
  for (const split of [dataset.train, dataset.test]) hashSplit(hash, split, dataset.shape);
  return hash.digest('hex').slice(0, 32);
}

function hashSplit(hash: ReturnType<typeof createHash>, split: Split, shape: Dataset['shape']): void {
  hash.update(Uint8Array.from(split.labels, (label) => label & 0xff));
  hash.update(Uint8Array.from(split.labels, (label) => label >> 8));
  const images = openImages(split, shape);
  const sample = Math.min(FINGERPRINT_IMAGES, split.count);
  for (let i = 0; i < sample; i++) {
    const { at, height, width } = images.read(Math.floor((i * split.count) / sample));
    hash.update(images.pixels.slice(at, at + shape[0] * height * width));
  }
  images.close();
}
