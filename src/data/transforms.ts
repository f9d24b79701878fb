/**
 * Random transforms of training images. Every choice is drawn from a stream keyed by the seed, the epoch and the
 * image's index in the dataset (for mixup, the batch's index in the epoch). The result is therefore the same whichever
 * worker prepares an image, in whatever order, and after a resume.
 */

import { RectioError } from '../base/error.js';
import { hashText, permutation, randomStream, type RandomStream } from '../base/random.js';

export interface Transforms {
  /** Black pixels added on every side before a random crop back to the original size; 0: off. */
  readonly padCrop: number;
  /**
   * Least share of the image's area that a random crop has, which is then resized to the network's input; null or
   * undefined: off.
   */
  readonly cropScale?: number | null;
  /** The most that the sides of such a crop differ. Default 4/3. */
  readonly cropRatio?: number;
  /** Flips the image horizontally with probability ½. */
  readonly flip: boolean;
  /** Side in pixels of a square around a random pixel, set to the mean color (DeVries and Taylor 2017); 0: off. */
  readonly cutout: number;
  /** α of the Beta(α, α) distribution of the mixing weight (Zhang et al. 2018, "mixup"); 0: off. */
  readonly mixup: number;
}

/** Normalization only. */
export const noTransforms: Required<Transforms> = {
  padCrop: 0,
  cropScale: null,
  cropRatio: 4 / 3,
  flip: false,
  cutout: 0,
  mixup: 0,
};

/** Pad by 4, crop and flip, as He et al. (2016) do on CIFAR. */
export const standardTransforms: Required<Transforms> = { ...noTransforms, padCrop: 4, flip: true };

/** @throws RectioError `usage`; it names the transform and its range. */
export function checkTransforms(transforms: Transforms, height: number, width: number): void {
  const refuse = (name: string, value: unknown, range: string) =>
    new RectioError('usage', `The transform ${name} cannot be ${String(value)}.`, `Give ${range}.`);
  const side = Math.max(height, width);
  const { padCrop, cropScale = null, cropRatio = 1, cutout, mixup } = transforms;
  if (cropScale !== null && !(cropScale > 0 && cropScale <= 1)) {
    throw refuse('cropScale', cropScale, 'a share of the area above 0, at most 1');
  }
  if (!(cropRatio >= 1 && cropRatio <= 10)) throw refuse('cropRatio', cropRatio, 'a number from 1 to 10');
  if (!Number.isInteger(padCrop) || padCrop < 0 || padCrop > side) {
    throw refuse('padCrop', padCrop, `a whole number of pixels from 0 to ${side}`);
  }
  if (!Number.isInteger(cutout) || cutout < 0 || cutout > 2 * side) {
    throw refuse('cutout', cutout, `a whole number of pixels from 0 to ${2 * side}`);
  }
  if (!(mixup >= 0 && mixup <= 100)) throw refuse('mixup', mixup, 'a number from 0 to 100');
}

const IMAGE_STREAM = hashText('data.image');
const BATCH_STREAM = hashText('data.batch');

/** The random choices for one image. */
export interface ImageDraw {
  /** Row and column of the crop, relative to the unpadded image; negative if the crop begins in the padding. */
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
  /** The pixel that cutout is centered on, after crop and flip. */
  readonly cutoutRow: number;
  readonly cutoutColumn: number;
}

/**
 * Draws the choices for one image. Crop and flip consume their random numbers even when they are off, and cutout draws
 * last. Switching one option therefore does not change the others' draws.
 */
export function drawImage(
  transforms: Transforms,
  seed: number,
  epoch: number,
  index: number,
  height: number,
  width: number,
): ImageDraw {
  const stream = randomStream(seed, IMAGE_STREAM, epoch, index);
  const reach = 2 * transforms.padCrop + 1;
  const top = stream.below(reach) - transforms.padCrop;
  const left = stream.below(reach) - transforms.padCrop;
  const flip = stream.below(2) === 1 && transforms.flip;
  if (transforms.cutout === 0) return { top, left, flip, cutoutRow: 0, cutoutColumn: 0 };
  return { top, left, flip, cutoutRow: stream.below(height), cutoutColumn: stream.below(width) };
}

/** Row r of a batch becomes `weight` · row r + (1 − weight) · row `partners[r]`. */
export interface MixupDraw {
  readonly weight: number;
  readonly partners: Uint32Array;
}

/** Draws the mixing weight and the partners for one batch of `count` images. */
export function drawMixup(alpha: number, seed: number, epoch: number, step: number, count: number): MixupDraw {
  const stream = randomStream(seed, BATCH_STREAM, epoch, step);
  const a = gamma(alpha, stream);
  const b = gamma(alpha, stream);
  // If α is very small, both can underflow to zero. Beta(α, α) is then close to a fair coin between 0 and 1.
  const weight = a + b > 0 ? a / (a + b) : stream.below(2);
  return { weight, partners: permutation(count, stream) };
}

/** Draws from the gamma distribution with shape `alpha` and scale 1 (Marsaglia and Tsang 2000). */
function gamma(alpha: number, stream: RandomStream): number {
  if (alpha < 1) return gamma(alpha + 1, stream) * (1 - stream.uniform()) ** (1 / alpha);
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - stream.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
