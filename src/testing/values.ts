/** Test values from a seed, so that every engine and every run gets the same ones. All are exact in float32. */

import { hashText, randomStream } from '../base/random.js';

/** How to fill a test tensor. */
export type Fill =
  /** Standard normal, times `deviation`, plus `mean`. */
  | { readonly kind: 'normal'; readonly mean?: number; readonly deviation?: number }
  /** Uniform in [from, to). */
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number }
  /** Integers from `from` to `to`, both included. They give ties and values exactly at a kink. */
  | { readonly kind: 'integers'; readonly from: number; readonly to: number }
  /** One-hot rows of length `classes`. */
  | { readonly kind: 'oneHot'; readonly classes: number }
  /** Rows of length `classes`, each a probability distribution. */
  | { readonly kind: 'distribution'; readonly classes: number }
  | { readonly kind: 'constant'; readonly value: number }
  /** A function of another fill's values and their positions, such as max(x, 0) of normal values. */
  | { readonly kind: 'mapped'; readonly of: Fill; readonly by: (value: number, index: number) => number };

export const normal: Fill = { kind: 'normal' };
export const constant = (value: number): Fill => ({ kind: 'constant', value });
export const uniform = (from: number, to: number): Fill => ({ kind: 'uniform', from, to });
export const integers = (from: number, to: number): Fill => ({ kind: 'integers', from, to });
/** Normal values after a ReLU: about half are exactly zero. */
export const rectified: Fill = { kind: 'mapped', of: normal, by: (value) => Math.max(value, 0) };

/** `count` values for `name`. The same name and fill always give the same values. */
export function filled(count: number, fill: Fill, name: string, seed = 1): Float32Array {
  const stream = quickStream(randomStream(seed, hashText(name)).word());
  switch (fill.kind) {
    case 'normal':
      return drawn(count, () => (fill.mean ?? 0) + (fill.deviation ?? 1) * stream.normal());
    case 'uniform':
      return drawn(count, () => fill.from + (fill.to - fill.from) * stream.uniform());
    case 'integers':
      return drawn(count, () => fill.from + stream.below(fill.to - fill.from + 1));
    case 'oneHot':
      return rows(count, fill.classes, (row) => (row[stream.below(fill.classes)] = 1));
    case 'distribution':
      return rows(count, fill.classes, (row) => fillDistribution(row, stream));
    case 'constant':
      return new Float32Array(count).fill(fill.value);
    case 'mapped':
      return filled(count, fill.of, name, seed).map(fill.by);
  }
}

interface QuickStream {
  uniform(): number;
  below(bound: number): number;
  normal(): number;
}

/**
 * A fast stream for the millions of values in test tensors: xorshift32 (Marsaglia 2003), seeded with a word from
 * `randomStream`. It is many times as fast as `randomStream`, but cannot jump to a position.
 */
function quickStream(start: number): QuickStream {
  let state = start || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  return {
    uniform: next,
    below: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

const drawn = (count: number, draw: () => number): Float32Array => Float32Array.from({ length: count }, draw);

function rows(count: number, width: number, fillRow: (row: Float32Array) => void): Float32Array {
  const values = new Float32Array(count);
  for (let start = 0; start < count; start += width) fillRow(values.subarray(start, start + width));
  return values;
}

function fillDistribution(row: Float32Array, stream: QuickStream): void {
  const weights = drawn(row.length, () => stream.uniform());
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  row.set(weights.map((weight) => weight / total));
}
