/** An interval without a distribution's form: seeds and examples are both drawn anew. */

import { randomStream } from '../../base/random.js';
import type { Interval } from './crossed.js';

export interface BootstrapOptions {
  /** Default 2000. */
  readonly draws?: number;
  readonly level?: number;
  readonly seed?: number;
}

/**
 * Percentile interval of the mean of a table of seeds × examples, in points, from tables whose seeds and whose examples
 * are each drawn with replacement (the pigeonhole bootstrap, Owen 2007: its intervals are rather too wide than too
 * narrow). Null for a single seed.
 * @param rows for each seed one number for each example, most of them 0
 */
export function bootstrapInterval(
  rows: readonly Int8Array[],
  { draws = 2000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval | null {
  const seeds = rows.length;
  const examples = rows[0]?.length ?? 0;
  if (seeds < 2 || examples === 0) return null;
  const sparse = rows.map(nonZero);
  const stream = randomStream(seed, 0x626f6f74);
  const counts = new Uint16Array(examples);
  const means = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    counts.fill(0);
    for (let i = 0; i < examples; i++) counts[stream.below(examples)]!++;
    let sum = 0;
    for (let i = 0; i < seeds; i++) {
      const { at, values } = sparse[stream.below(seeds)]!;
      for (let k = 0; k < at.length; k++) sum += values[k]! * counts[at[k]!]!;
    }
    means[draw] = (100 * sum) / (seeds * examples);
  }
  means.sort();
  return { low: quantile(means, (1 - level) / 2), high: quantile(means, (1 + level) / 2) };
}

function nonZero(row: Int8Array): { at: Uint32Array; values: Int8Array } {
  const at = Uint32Array.from([...row.keys()].filter((index) => row[index] !== 0));
  return { at, values: Int8Array.from(at, (index) => row[index]!) };
}

/** Of sorted values, between neighbors in proportion (Hyndman and Fan 1996, type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
