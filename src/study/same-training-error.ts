/**
 * Test error at the same training error. Fewer ReLUs change how fast a network fits the training images. Two arms on the same
 * curve of test error over training error differ only in that; if one curve lies above the other, its arm generalizes worse.
 *
 * Of each epoch a log has the running training error (the mean over the epoch's batches, as they were trained on) and the
 * error on the test split after it. Error on training images as they are is known of the end alone, so it makes no curve.
 */

import { summarize, type Interval, type Summary } from './statistics/index.js';

/** One epoch of one run. */
export interface CurvePoint {
  /** From 1. */
  readonly epoch: number;
  /** Means over the epoch's batches, as they were trained on. */
  readonly trainLoss: number;
  readonly trainError: number;
  /** On the held-out images if there are any, else on the test split; null if the epoch was not evaluated. */
  readonly evaluatedError: number | null;
}

/** A run's evaluated epochs in order; two successive ones are joined by a straight line. */
export type FitCurve = readonly FitPoint[];

interface FitPoint {
  readonly epoch: number;
  /** In percent. */
  readonly trainError: number;
  readonly testError: number;
}

/** An arm against the baseline at the same training error. Errors in percent, differences in points, below 0 better. */
export type SameTrainingError =
  /** No seed of both has two evaluated epochs in its log. */
  | { readonly kind: 'unknown' }
  /** The seeds of both reached no common training error. */
  | { readonly kind: 'apart'; readonly seeds: readonly number[]; readonly arm: Interval; readonly baseline: Interval }
  | {
      readonly kind: 'shared';
      readonly seeds: readonly number[];
      /** The training errors that every seed of both reached. */
      readonly range: Interval;
      /** At the range's low end. */
      readonly lowest: Summary;
      /** When the two got there: epochs, mean over the seeds. */
      readonly epochs: { readonly arm: number; readonly baseline: number };
      /** Mean over the range, every training error with the same weight. */
      readonly average: Summary;
    };

/** The two curves of one seed. */
export interface CurvePair {
  readonly seed: number;
  readonly arm: FitCurve;
  readonly baseline: FitCurve;
}

interface RunCurve {
  readonly seed: number;
  readonly curve: readonly CurvePoint[];
}

export function fitCurve(points: readonly CurvePoint[]): FitCurve {
  return points.flatMap(({ epoch, trainError, evaluatedError: testError }) =>
    testError === null ? [] : [{ epoch, trainError, testError }],
  );
}

/** The seeds of which both runs have a curve. */
export function curvePairs(baseline: readonly RunCurve[], arm: readonly RunCurve[]): CurvePair[] {
  const bySeed = new Map(baseline.map(({ seed, curve }) => [seed, fitCurve(curve)]));
  return arm
    .map(({ seed, curve }) => ({ seed, arm: fitCurve(curve), baseline: bySeed.get(seed) ?? [] }))
    .filter((pair) => pair.arm.length >= 2 && pair.baseline.length >= 2);
}

/** Compares an arm's runs with the baseline's, seed by seed. */
export function sameTrainingError(baseline: readonly RunCurve[], arm: readonly RunCurve[]): SameTrainingError {
  const pairs = curvePairs(baseline, arm);
  if (pairs.length === 0) return { kind: 'unknown' };
  const seeds = pairs.map(({ seed }) => seed);
  const range = sharedRange(pairs.flatMap((pair) => [pair.arm, pair.baseline]));
  if (range === undefined) {
    const hull = (curves: readonly FitCurve[]): Interval => spanOf(curves.flat());
    return {
      kind: 'apart',
      seeds,
      arm: hull(pairs.map((pair) => pair.arm)),
      baseline: hull(pairs.map((pair) => pair.baseline)),
    };
  }
  const when = (curve: FitCurve): number => lastCrossing(curve, range.low)!.epoch;
  return {
    kind: 'shared',
    seeds,
    range,
    lowest: differenceAt(pairs, range.low),
    epochs: {
      arm: summarize(pairs.map((pair) => when(pair.arm))).mean,
      baseline: summarize(pairs.map((pair) => when(pair.baseline))).mean,
    },
    average: summarize(pairs.map((pair) => meanDifference(pair, range))),
  };
}

/** The training errors that all curves reached; undefined if there is none. */
export function sharedRange(curves: readonly FitCurve[]): Interval | undefined {
  const spans = curves.map(spanOf);
  const low = Math.max(...spans.map((span) => span.low));
  const high = Math.min(...spans.map((span) => span.high));
  return low <= high ? { low, high } : undefined;
}

function spanOf(points: FitCurve): Interval {
  const errors = points.map(({ trainError }) => trainError);
  return { low: Math.min(...errors), high: Math.max(...errors) };
}

/** Over the pairs' seeds, at a training error that all of them reached. */
export function differenceAt(pairs: readonly CurvePair[], trainError: number): Summary {
  return summarize(pairs.map((pair) => differenceOf(pair, trainError)));
}

/**
 * Where a curve passes a training error; undefined if it does not. A training error can rise again, so that a curve passes
 * several times: the last one counts.
 */
export function lastCrossing(
  curve: FitCurve,
  trainError: number,
): { readonly epoch: number; readonly testError: number } | undefined {
  for (let i = curve.length - 2; i >= 0; i--) {
    const [from, to] = [curve[i]!, curve[i + 1]!];
    const [a, b] = [from.trainError, to.trainError];
    if (Math.min(a, b) > trainError || Math.max(a, b) < trainError) continue;
    const share = a === b ? 1 : (trainError - a) / (b - a);
    return {
      epoch: from.epoch + share * (to.epoch - from.epoch),
      testError: from.testError + share * (to.testError - from.testError),
    };
  }
  return undefined;
}

function differenceOf({ arm, baseline }: CurvePair, trainError: number): number {
  return lastCrossing(arm, trainError)!.testError - lastCrossing(baseline, trainError)!.testError;
}

/** Exact: between two successive epochs' training errors of either curve, the difference is a straight line. */
function meanDifference(pair: CurvePair, { low, high }: Interval): number {
  if (low === high) return differenceOf(pair, low);
  const inside = [...pair.arm, ...pair.baseline]
    .map(({ trainError }) => trainError)
    .filter((error) => error > low && error < high)
    .sort((a, b) => a - b);
  const ends = [low, ...inside, high];
  let area = 0;
  for (let i = 1; i < ends.length; i++) {
    const [from, to] = [ends[i - 1]!, ends[i]!];
    area += (to - from) * differenceOf(pair, (from + to) / 2);
  }
  return area / (high - low);
}
