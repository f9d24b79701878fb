/**
 * Formulas for weights, images and checksums. bench/oracle/formulas.py computes the same bits. Every number is a
 * function of a name and an index, through 32-bit integer arithmetic and one rounding to float32, so fixtures need to
 * store neither weights nor images.
 */

import { hashText } from '../../base/random.js';
import { elements, type Shape } from '../../graph/index.js';

const step = 2 ** -23;
/** Side of an image's cells, in pixels. */
const cell = 16;
/** Number of projections in a checksum. */
const projections = 3;

/** A signed 32-bit word: MurmurHash3's finalizer (Appleby) applied to index · golden ratio + hash of the name. */
function hashed(stream: number, index: number): number {
  let h = Math.imul(index, 0x9e3779b1) + stream;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Uniform over [-1, 1), in steps of 2^-23. */
const even = (stream: number, index: number): number => (hashed(stream, index) >>> 8) * step - 1;

/** Values for the parameter or statistic with this published name and shape. */
export function formulaWeights(name: string, shape: Shape): Float32Array {
  const { center, reach } = spread(name, shape);
  const stream = hashText(name);
  const values = new Float32Array(elements(shape));
  for (let i = 0; i < values.length; i++) values[i] = center + reach * even(stream, i);
  return values;
}

/** Kernels and matrices keep the magnitude of values that pass through a ReLU (He et al. 2015). */
function spread(name: string, shape: Shape): { center: number; reach: number } {
  if (name.endsWith('running_mean') || name.endsWith('bias')) return { center: 0, reach: 0.25 };
  if (shape.length === 2 || shape.length === 4) {
    const reach = Math.sqrt(6 / elements(shape.slice(1)));
    // A saturated gate amplifies rounding errors: PyTorch itself is then 8 % off in float32.
    const gate = shape.length === 4 && /\.fc[12]\.weight$/.test(name);
    return { center: 0, reach: Math.fround(gate ? reach / 4 : reach) };
  }
  return { center: 1, reach: 0.5 };
}

/** [N, C, H, W]: fine noise over cells of 16×16 pixels, so that images differ in more than their noise. */
export function formulaImages([count, channels, height, width]: readonly [number, number, number, number]) {
  const [fine, coarse] = [hashText('images'), hashText('cells')];
  const [rows, columns] = [Math.ceil(height / cell), Math.ceil(width / cell)];
  const values = new Float32Array(count * channels * height * width);
  let i = 0;
  for (let map = 0; map < count * channels; map++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const place = (map * rows + Math.floor(y / cell)) * columns + Math.floor(x / cell);
        values[i] = 1.25 * (even(fine, i) + even(coarse, place));
        i++;
      }
    }
  }
  return values;
}

/** [N, classes], one-hot rows. */
export function formulaTargets(count: number, classes: number): Float32Array {
  const stream = hashText('targets');
  const values = new Float32Array(count * classes);
  for (let n = 0; n < count; n++) values[n * classes + ((hashed(stream, n) >>> 0) % classes)] = 1;
  return values;
}

/** The Euclidean norm and projections on vectors of ±1. Two tensors have close checksums only if they are close. */
export type Checksum = readonly number[];

export function checksum(values: ArrayLike<number>): Checksum {
  const stream = hashText('projections');
  let squares = 0;
  const sums = new Float64Array(projections);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    squares += value * value;
    const word = hashed(stream, i);
    for (let bit = 0; bit < projections; bit++) sums[bit]! += (word >>> bit) & 1 ? -value : value;
  }
  return [Math.sqrt(squares), ...sums];
}

/**
 * Estimates the distance between two tensors from their checksums, relative to the expected norm. It is the largest
 * difference between the checksums' numbers, which for a random error is about the norm of the tensors' difference.
 * @param scale a lower bound for the reference norm
 */
export function checksumError(actual: Checksum, expected: Checksum, scale = 0): number {
  const size = Math.max(scale, expected[0]!);
  const largest = Math.max(...expected.map((value, index) => Math.abs(actual[index]! - value)));
  return largest === 0 ? 0 : largest / size;
}
