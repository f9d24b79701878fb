/** Statistics over seeds alone, with one number for each seed; the test set counts as fixed. */

import { randomStream } from '../../base/random.js';
import { twoSidedP, type Interval } from './crossed.js';
import { studentQuantile } from './distributions.js';

/** Mean, standard deviation (n − 1; null for one value), and Student's interval for the mean. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  readonly deviation: number | null;
  readonly interval: Interval | null;
}

/** @throws Error if there are no values */
export function summarize(values: readonly number[], level = 0.95): Summary {
  const n = values.length;
  if (n === 0) throw new Error('There is nothing to summarize.');
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { n, mean, deviation: null, interval: null };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const reach = (studentQuantile((1 + level) / 2, n - 1) * deviation) / Math.sqrt(n);
  return { n, mean, deviation, interval: { low: mean - reach, high: mean + reach } };
}

/** Two-sided p-value of the paired t-test: that the mean of these differences is 0. Null for fewer than two. */
export function pairedP(differences: readonly number[]): number | null {
  const { n, mean, deviation } = summarize(differences);
  if (deviation === null) return null;
  if (deviation === 0) return mean === 0 ? 1 : 0;
  return twoSidedP((mean * Math.sqrt(n)) / deviation, n - 1);
}

/** The difference of two means, with its 95 % interval and two-sided p-value; both null if a side has a single value. */
export interface MeanDifference {
  readonly mean: number;
  readonly ci: Interval | null;
  readonly p: number | null;
}

/** The mean of `a` minus that of `b`, as independent samples of unequal variance (Welch 1947). @throws Error if one is empty */
export function welch(a: readonly number[], b: readonly number[]): MeanDifference {
  const [one, other] = [summarize(a), summarize(b)];
  const mean = one.mean - other.mean;
  if (one.deviation === null || other.deviation === null) return { mean, ci: null, p: null };
  const [ofOne, ofOther] = [one.deviation ** 2 / one.n, other.deviation ** 2 / other.n];
  const variance = ofOne + ofOther;
  if (variance === 0) return { mean, ci: { low: mean, high: mean }, p: mean === 0 ? 1 : 0 };
  const degrees = variance ** 2 / (ofOne ** 2 / (one.n - 1) + ofOther ** 2 / (other.n - 1));
  const error = Math.sqrt(variance);
  const reach = studentQuantile(0.975, degrees) * error;
  return { mean, ci: { low: mean - reach, high: mean + reach }, p: twoSidedP(mean / error, degrees) };
}

/** Up to this many differences, all 2ⁿ signs are tried; above, as many signs are drawn at random. */
const exactUpTo = 16;
const draws = 2 ** exactUpTo;

/**
 * Two-sided p-value of the sign-flip permutation test (Fisher 1935): the share of all ways to give each difference a sign in
 * which their sum is at least as far from 0. Up to 16 differences exact; with n seeds it cannot be below 2^(1 − n).
 */
export function signFlipP(differences: readonly number[]): number {
  const n = differences.length;
  const observed = Math.abs(differences.reduce((a, b) => a + b, 0));
  // Sums of the same numbers in another order differ in their last digits.
  const bound = observed - 1e-9 * (1 + observed);
  if (n <= exactUpTo) {
    const ways = 2 ** n;
    let far = 0;
    for (let way = 0; way < ways; way++) if (Math.abs(sumWithSigns(differences, () => way)) >= bound) far++;
    return far / ways;
  }
  const stream = randomStream(n, 0x666c6970);
  let far = 1;
  for (let draw = 0; draw < draws; draw++) if (Math.abs(sumWithSigns(differences, stream.word)) >= bound) far++;
  // The observed signs count as one of the draws (Phipson and Smyth 2010), so that the p-value is never 0.
  return far / (draws + 1);
}

/** The sum of values, each with the sign given by a bit; `nextBits` returns 32 bits at a time. */
function sumWithSigns(values: readonly number[], nextBits: () => number): number {
  let sum = 0;
  for (let first = 0; first < values.length; first += 32) {
    const bits = nextBits();
    const end = Math.min(first + 32, values.length);
    for (let index = first; index < end; index++) {
      sum += ((bits >>> (index - first)) & 1) === 1 ? -values[index]! : values[index]!;
    }
  }
  return sum;
}

/** Pearson's correlation; null for fewer than three pairs, or if one side does not vary. */
export function correlation(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 3) return null;
  const [centerA, centerB] = [summarize(a).mean, summarize(b).mean];
  const product = a.reduce((sum, value, index) => sum + (value - centerA) * (b[index]! - centerB), 0);
  const squares = (values: readonly number[], center: number) =>
    values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  const scale = Math.sqrt(squares(a, centerA) * squares(b, centerB));
  return scale === 0 ? null : product / scale;
}

/**
 * The probability that a run of one arm has a lower error than a run of the other, over all pairs of runs; ties count half
 * (Agarwal et al. 2021; the Mann–Whitney statistic).
 */
export function improvementProbability(errors: readonly number[], baseline: readonly number[]): number {
  let better = 0;
  for (const error of errors) {
    for (const other of baseline) better += error < other ? 1 : error === other ? 0.5 : 0;
  }
  return better / (errors.length * baseline.length);
}

/**
 * Holm's (1979) correction. Compare each adjusted p-value with the level for the whole family. Keeps the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = pValues.map(() => 0);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}
