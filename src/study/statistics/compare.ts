/** Compares one ratio with the baseline: estimates, intervals, p-values and the verdict. */

import { bootstrapIntervals } from './bootstrap.js';
import {
  crossedMean,
  meanInterval,
  meanP,
  type CrossedEstimate,
  type Interval,
  type VarianceComponents,
} from './crossed.js';
import { correlation, holm, improvementProbability, pairedP, signFlipP, summarize } from './seeds.js';
import { verdictOf, type Verdict } from './verdict.js';

/** The mistakes of a finished training. */
export interface Outcome {
  readonly seed: number;
  /** For each test example, in the test set's order: 1 for wrong, 0 for right. */
  readonly wrong: Int8Array;
}

/** A ratio's error minus the baseline's, in points. Below 0, the ratio is better. */
export interface Difference {
  /** The seeds that both have. */
  readonly seeds: readonly number[];
  readonly mean: number;
  /** One for each seed. */
  readonly values: readonly number[];
  /** 95 %, over other seeds and other test examples; null for a single seed, as is everything else that needs a spread. */
  readonly ci: Interval | null;
  /** 95 %, over other seeds on this test set: the paired t-interval. */
  readonly ciSeeds: Interval | null;
  /** 95 %, by bootstrap over seeds and examples. */
  readonly ciBootstrap: Interval | null;
  /** The p-value of no difference, over other seeds and other test examples. */
  readonly p: number | null;
  /** `p` with Holm's correction for all comparisons of the study; decides the verdict. */
  readonly pHolm: number | null;
  /** Over other seeds on this test set: paired t-test, and sign-flip permutation test. */
  readonly pSeeds: number | null;
  readonly pSignFlip: number;
  /** The probability that a run of this ratio beats a run of the baseline. */
  readonly improvementProbability: number;
  /** Between the errors of a seed's two runs; null for fewer than three seeds. */
  readonly correlation: number | null;
  /** Of the differences; null for a single seed. */
  readonly variances: VarianceComponents | null;
  readonly verdict: Verdict;
}

export interface CompareOptions {
  /** A difference in points that would matter; an open verdict refers to it. Default 0.3. */
  readonly worthwhile?: number;
}

/** The numbers that decide the verdict on one variant. */
export interface Judgment {
  readonly estimate: CrossedEstimate;
  /** See `Difference`. */
  readonly p: number | null;
  readonly pHolm: number | null;
  readonly verdict: Verdict;
}

/**
 * Judges each variant against the baseline, seed by seed.
 * @returns for each variant its judgment, or null if it shares no seed with the baseline
 * @throws Error if two outcomes of one seed have different numbers of examples
 */
export function judgeAll(
  baseline: readonly Outcome[],
  variants: readonly (readonly Outcome[])[],
  options: CompareOptions = {},
): (Judgment | null)[] {
  return judgePairs(
    variants.map((variant) => pairUp(baseline, variant)),
    options,
  );
}

function judgePairs(pairs: readonly Pairs[], { worthwhile = 0.3 }: CompareOptions): (Judgment | null)[] {
  const estimates = pairs.map(({ rows }) => (rows.length === 0 ? null : crossedMean(rows)));
  const pValues = estimates.map((estimate) => (estimate === null ? null : meanP(estimate)));
  // Comparisons that cannot be judged yet do not count in the correction.
  const judged = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }]));
  const corrected = new Map(holm(judged.map(({ p }) => p)).map((p, rank) => [judged[rank]!.index, p]));
  return estimates.map((estimate, index) => {
    if (estimate === null) return null;
    const pHolm = corrected.get(index) ?? null;
    const verdict = verdictOf(estimate, pHolm, { worthwhile, comparisons: pairs.length });
    return { estimate, p: pValues[index]!, pHolm, verdict };
  });
}

/**
 * `judgeAll`, with all other statistics of each difference.
 * @returns for each variant its difference, or null if it shares no seed with the baseline
 * @throws Error if two outcomes of one seed have different numbers of examples
 */
export function compareAll(
  baseline: readonly Outcome[],
  variants: readonly (readonly Outcome[])[],
  options: CompareOptions = {},
): (Difference | null)[] {
  const pairs = variants.map((variant) => pairUp(baseline, variant));
  const bootstrap = bootstrapIntervals(pairs.map(({ rows }) => rows));
  return judgePairs(pairs, options).map((judgment, index) => {
    if (judgment === null) return null;
    const { seeds, errors, baselineErrors } = pairs[index]!;
    const { estimate, p, pHolm, verdict } = judgment;
    return {
      seeds,
      mean: estimate.mean,
      values: estimate.seedMeans,
      ci: meanInterval(estimate),
      ciSeeds: summarize(estimate.seedMeans).interval,
      ciBootstrap: bootstrap[index]!,
      p,
      pHolm,
      pSeeds: pairedP(estimate.seedMeans),
      pSignFlip: signFlipP(estimate.seedMeans),
      improvementProbability: improvementProbability(errors, baselineErrors),
      correlation: correlation(errors, baselineErrors),
      variances: estimate.spread?.variances ?? null,
      verdict,
    };
  });
}

/** Mean error in percent with a 95 % interval over other seeds and other test examples. */
export function meanError(outcomes: readonly Outcome[]): { estimate: CrossedEstimate; ci: Interval | null } {
  const estimate = crossedMean(outcomes.map(({ wrong }) => wrong));
  return { estimate, ci: meanInterval(estimate) };
}

interface Pairs {
  readonly seeds: readonly number[];
  /** For each common seed, the variant's mistakes minus the baseline's, example by example. */
  readonly rows: readonly Int8Array[];
  readonly errors: readonly number[];
  readonly baselineErrors: readonly number[];
}

function pairUp(baseline: readonly Outcome[], variant: readonly Outcome[]): Pairs {
  const bySeed = new Map(baseline.map((outcome) => [outcome.seed, outcome.wrong]));
  const common = variant.flatMap(({ seed, wrong }) => {
    const other = bySeed.get(seed);
    return other === undefined ? [] : [{ seed, wrong, other }];
  });
  return {
    seeds: common.map(({ seed }) => seed),
    rows: common.map(({ wrong, other }) => subtract(wrong, other)),
    errors: common.map(({ wrong }) => share(wrong)),
    baselineErrors: common.map(({ other }) => share(other)),
  };
}

function subtract(a: Int8Array, b: Int8Array): Int8Array {
  if (a.length !== b.length) throw new Error(`Outcomes over ${a.length} and ${b.length} examples are no pair.`);
  return a.map((value, index) => value - b[index]!);
}

function share(wrong: Int8Array): number {
  let sum = 0;
  for (const value of wrong) sum += value;
  return (100 * sum) / wrong.length;
}
