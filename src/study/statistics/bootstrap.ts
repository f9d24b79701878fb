/** A bootstrap interval, which assumes no distribution: resamples both seeds and examples. */

import { randomStream } from '../../base/random.js';
import type { Interval } from './crossed.js';

export interface BootstrapOptions {
  /** Default 2000. */
  readonly draws?: number;
  readonly level?: number;
  readonly seed?: number;
}

/**
 * Percentile interval of the mean of a table of seeds × examples, in points. Draws seeds and examples with replacement (the
 * pigeonhole bootstrap, Owen 2007, whose intervals tend to be too wide, not too narrow). Tables of one size share draws.
 * @param tables each with one row of whole numbers for each seed, most of them 0
 * @returns for each table its interval; null for a single seed
 */
export function bootstrapIntervals(
  tables: readonly (readonly Int8Array[])[],
  { draws = 2000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): (Interval | null)[] {
  const intervals = new Map<readonly Int8Array[], Interval>();
  const usable = tables.filter((rows) => rows.length >= 2 && rows[0]!.length > 0);
  for (const size of new Set(usable.map(sizeOf))) {
    const alike = usable.filter((rows) => sizeOf(rows) === size);
    bootstrapMeans(alike, draws, seed).forEach((means, index) => {
      means.sort();
      intervals.set(alike[index]!, {
        low: quantile(means, (1 - level) / 2),
        high: quantile(means, (1 + level) / 2),
      });
    });
  }
  return tables.map((rows) => intervals.get(rows) ?? null);
}

const sizeOf = (rows: readonly Int8Array[]): string => `${rows.length}×${rows[0]!.length}`;

/** The mean of each table, all of one size, in every draw. */
function bootstrapMeans(tables: readonly (readonly Int8Array[])[], draws: number, seed: number): Float64Array[] {
  const seeds = tables[0]!.length;
  const examples = tables[0]![0]!.length;
  const sparse = tables.map((rows) => rows.map(unitsOf));
  const stream = randomStream(seed, 0x626f6f74);
  const packing = packingFor(tables.flat(), examples);
  const { field, drawsAtOnce } = packing;
  const counts = new Float64Array(examples);
  const weights = new Float64Array(seeds * drawsAtOnce);
  const means = tables.map(() => new Float64Array(draws));
  for (let first = 0; first < draws; first += drawsAtOnce) {
    const now = Math.min(drawsAtOnce, draws - first);
    counts.fill(0);
    weights.fill(0);
    for (let draw = 0, unit = 1; draw < now; draw++, unit *= field) {
      for (let i = 0; i < examples; i++) counts[stream.below(examples)]! += unit;
      for (let i = 0; i < seeds; i++) weights[stream.below(seeds) * drawsAtOnce + draw]!++;
    }
    sparse.forEach((rows, table) => {
      const sums = weighted(rows, counts, weights, packing);
      for (let draw = 0; draw < now; draw++) means[table]![first + draw] = (100 * sums[draw]!) / (seeds * examples);
    });
  }
  return means;
}

/** Packs the sums of several draws into one number, each below half a `field`: a double holds 53 bits exactly. */
interface Packing {
  readonly field: number;
  readonly drawsAtOnce: number;
}

function packingFor(rows: readonly Int8Array[], examples: number): Packing {
  let largest = 1;
  for (const row of rows) for (const value of row) largest = Math.max(largest, Math.abs(value));
  // A draw may take the largest number every time; the sum has a sign besides.
  const bits = Math.ceil(Math.log2(2 * largest * examples + 1));
  return { field: 2 ** bits, drawsAtOnce: Math.max(1, Math.floor(52 / bits)) };
}

/** For each draw, the sum over rows of the row's weight times the row's sum over the drawn examples. */
function weighted(
  rows: readonly Units[],
  counts: Float64Array,
  weights: Float64Array,
  { field, drawsAtOnce }: Packing,
): Float64Array {
  const sums = new Float64Array(drawsAtOnce);
  rows.forEach(({ plus, minus }, row) => {
    let sum = 0;
    for (let k = 0; k < plus.length; k++) sum += counts[plus[k]!]!;
    for (let k = 0; k < minus.length; k++) sum -= counts[minus[k]!]!;
    for (let draw = 0; draw < drawsAtOnce; draw++) {
      const rest = Math.round(sum / field);
      sums[draw]! += weights[row * drawsAtOnce + draw]! * (sum - rest * field);
      sum = rest;
    }
  });
  return sums;
}

/** A row of whole numbers as two lists of places: each place in the first adds 1, in the second subtracts 1. */
interface Units {
  readonly plus: Uint32Array;
  readonly minus: Uint32Array;
}

function unitsOf(row: Int8Array): Units {
  const plus: number[] = [];
  const minus: number[] = [];
  for (let index = 0; index < row.length; index++) {
    const value = row[index]!;
    for (let unit = 0; unit < value; unit++) plus.push(index);
    for (let unit = 0; unit > value; unit--) minus.push(index);
  }
  return { plus: Uint32Array.from(plus), minus: Uint32Array.from(minus) };
}

/** A quantile of sorted values, interpolated linearly (Hyndman and Fan 1996, type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
