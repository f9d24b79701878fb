/**
 * The mean of a table of seeds × test examples, with an error that treats both as samples. The model is two-way random
 * effects without replication. With n seeds, m examples and the mean squares S of seeds, E of examples and R of the residual,
 * the variance of the mean is (S + E − R)/(n·m). It has two parts: S with n − 1 degrees of freedom, and E − R with about
 * m − 1.
 *
 * A sum of such parts has no exact test (the Behrens–Fisher problem). From four seeds on, critical values are Cochran's:
 * the mean of both parts' values, weighted by the parts (Cochran and Cox 1950). With two or three seeds they are
 * Banerjee's (1960), the root of the weighted mean of squares, since Cochran's raise up to 1.2 times the false alarms
 * asked for at two seeds and 1.7 times if three ratios are compared. Satterthwaite's (1946) degrees of freedom alone gave
 * too many with three to five seeds. A test integrates both rates.
 */

import { studentCdf, studentQuantile } from './distributions.js';

/** Everything in points of percent. */
export interface CrossedEstimate {
  readonly seeds: number;
  readonly examples: number;
  readonly mean: number;
  /** Of each seed over all examples. */
  readonly seedMeans: readonly number[];
  /** Null for a single seed, which does not show how much seeds differ. */
  readonly spread: Spread | null;
}

export interface Spread {
  readonly standardError: number;
  /** Its variance, in two parts. */
  readonly parts: { readonly seeds: Part; readonly examples: Part };
  readonly variances: VarianceComponents;
}

/** In points². */
interface Part {
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/** Variances in points², none below 0. */
export interface VarianceComponents {
  /** Between seeds, over all possible examples. */
  readonly seed: number;
  /** Between examples, over all possible seeds. */
  readonly example: number;
  /** Of a single example under a single seed, apart from both. */
  readonly residual: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * @param rows for each seed one number for each example: 1 for wrong and 0 for right, or the difference of two such
 * @throws Error if there is no seed or no example, or if rows differ in length
 */
export function crossedMean(rows: readonly Int8Array[]): CrossedEstimate {
  const seeds = rows.length;
  const examples = rows[0]?.length ?? 0;
  if (seeds === 0 || examples === 0) throw new Error('A mean needs at least one seed and one example.');
  if (rows.some((row) => row.length !== examples)) throw new Error('Every seed needs the same examples.');
  const columns = new Int32Array(examples);
  const sums = rows.map((row) => {
    let sum = 0;
    for (let i = 0; i < examples; i++) {
      columns[i]! += row[i]!;
      sum += row[i]!;
    }
    return sum;
  });
  const total = sums.reduce((a, b) => a + b, 0);
  return {
    seeds,
    examples,
    mean: (100 * total) / (seeds * examples),
    seedMeans: sums.map((sum) => (100 * sum) / examples),
    spread: seeds < 2 || examples < 2 ? null : spreadOf(rows, sums, columns),
  };
}

function spreadOf(rows: readonly Int8Array[], sums: readonly number[], columns: Int32Array): Spread {
  const [n, m] = [rows.length, columns.length];
  const total = sums.reduce((a, b) => a + b, 0);
  // Sums of squares from whole numbers, so that equal rows give exactly 0.
  const correction = total ** 2 / (n * m);
  const ofSeeds = sums.reduce((sum, value) => sum + value ** 2, 0) / m - correction;
  const ofExamples = columns.reduce((sum, value) => sum + value ** 2, 0) / n - correction;
  let squares = 0;
  for (const row of rows) for (const value of row) squares += value * value;
  const left = Math.max(0, squares - correction - ofSeeds - ofExamples);
  const seed = (1e4 * Math.max(0, ofSeeds)) / (n - 1);
  const example = (1e4 * Math.max(0, ofExamples)) / (m - 1);
  const residual = (1e4 * left) / ((n - 1) * (m - 1));
  return spreadFrom({ seed, example, residual }, n, m);
}

/** The spread from mean squares. A negative variance of examples counts as 0 and does not reduce that of seeds. */
function spreadFrom({ seed, example, residual }: VarianceComponents, n: number, m: number): Spread {
  const ofExamples = Math.max(0, example - residual);
  return {
    standardError: Math.sqrt((seed + ofExamples) / (n * m)),
    parts: {
      seeds: { variance: seed / (n * m), degreesOfFreedom: n - 1 },
      examples: { variance: ofExamples / (n * m), degreesOfFreedom: m - 1 },
    },
    variances: { seed: Math.max(0, seed - residual) / m, example: ofExamples / n, residual },
  };
}

/**
 * The expected error of a mean over `seeds` and `examples`, given the variances.
 */
export function expectedSpread(variances: VarianceComponents, seeds: number, examples: number): Spread {
  const { seed, example, residual } = variances;
  return spreadFrom(
    { seed: examples * seed + residual, example: seeds * example + residual, residual },
    seeds,
    examples,
  );
}

/** How many standard errors a mean must be from 0 for a two-sided p-value of `alpha`. */
export function criticalValue({ seeds, examples }: Spread['parts'], alpha: number): number {
  const [ofSeeds, ofExamples] = [seeds, examples].map(
    ({ degreesOfFreedom }) => -studentQuantile(alpha / 2, degreesOfFreedom),
  ) as [number, number];
  const sum = seeds.variance + examples.variance;
  if (sum === 0) return ofSeeds;
  const weighted = (a: number, b: number): number => (seeds.variance * a + examples.variance * b) / sum;
  return seeds.degreesOfFreedom < 3
    ? Math.sqrt(weighted(ofSeeds ** 2, ofExamples ** 2))
    : weighted(ofSeeds, ofExamples);
}

/** The central interval that holds the true mean in at least `level` of all studies; null if there is no spread. */
export function meanInterval({ mean, spread }: CrossedEstimate, level = 0.95): Interval | null {
  if (spread === null) return null;
  const reach = criticalValue(spread.parts, 1 - level) * spread.standardError;
  return { low: mean - reach, high: mean + reach };
}

/** The smallest p-value reported. */
const leastP = 1e-12;

/** Two-sided p-value of a true mean of 0; null if there is no spread. */
export function meanP({ mean, spread }: CrossedEstimate): number | null {
  if (spread === null) return null;
  if (spread.standardError === 0) return mean === 0 ? 1 : leastP;
  const t = Math.abs(mean) / spread.standardError;
  if (t >= criticalValue(spread.parts, leastP)) return leastP;
  // Bisect for the p-value whose critical value is t, to about nine digits.
  let [low, high] = [Math.log(leastP), 0];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (criticalValue(spread.parts, Math.exp(middle)) > t) low = middle;
    else high = middle;
  }
  return Math.exp(high);
}

/** Of Student's t. */
export function twoSidedP(t: number, degrees: number): number {
  return Math.min(1, 2 * studentCdf(-Math.abs(t), degrees));
}
