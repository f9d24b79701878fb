/** The result of a study as a JSON document, as `rectio compare` prints it. Errors in percent, differences in points. */

import type { ArmResult, Cost, ErrorResult, GroupResult, StudyResult } from '../results.js';
import type { SameTrainingError } from '../same-training-error.js';
import type { Difference, Interval, Summary } from '../statistics/index.js';

export interface StudyDocument {
  readonly study: string;
  /** Of the plan, made before the first trial. */
  readonly hash: string;
  /** The ratio that the others are compared with. */
  readonly baseline: string;
  readonly ratios: readonly RatioDocument[];
  readonly trials: { readonly all: number; readonly done: number; readonly failed: number };
  readonly failures: readonly { readonly trial: string; readonly reason: string }[];
  /** Seeds that were added to the plan, and when. */
  readonly additions: StudyResult['additions'];
}

export interface RatioDocument {
  /** Network, and what else varies. */
  readonly group: string;
  readonly ratio: string;
  readonly role: 'baseline' | 'variant' | 'control';
  readonly pattern: string | null;
  /** The number of finished seeds. */
  readonly n: number;
  readonly error: Omit<ErrorResult, 'n'> | null;
  /** Error and mean cross entropy (nats) on unaugmented training images, in inference mode; null if a run recorded none. */
  readonly training: { readonly error: number; readonly loss: number } | null;
  /** Test error minus error on training images as they are; null before a seed is done. */
  readonly gap: number | null;
  readonly difference:
    | (Pick<
        Difference,
        'mean' | 'ci' | 'ciSeeds' | 'ciBootstrap' | 'p' | 'pHolm' | 'pSeeds' | 'pSignFlip' | 'improvementProbability'
      > & { readonly n: number; readonly correlation: number | null })
    | null;
  /** Null for the baseline and before a seed is done in both. */
  readonly sameTrainingError: SameTrainingErrorDocument | null;
  readonly verdict: 'better' | 'worse' | 'open' | null;
  /** The verdict in words. */
  readonly text: string | null;
  readonly cost: Cost | null;
}

/**
 * The difference to the baseline at the same running training error. `apart`: the seeds have none in common; `unknown`: no seed
 * of both has two evaluated epochs on record. Then all but `n` is null.
 */
interface SameTrainingErrorDocument {
  readonly kind: SameTrainingError['kind'];
  /** The number of seeds compared. */
  readonly n: number;
  /** The training errors that all seeds of both reached. */
  readonly range: Interval | null;
  /** At the range's low end, and the mean epochs after which the ratio and the baseline got there. */
  readonly lowest: (PairedMean & { readonly epoch: number; readonly baselineEpoch: number }) | null;
  /** Mean over the range. */
  readonly average: PairedMean | null;
}

/** `ci`: 95 %, paired t over seeds; null for a single one. */
interface PairedMean {
  readonly mean: number;
  readonly ci: Interval | null;
}

export function studyDocument(result: StudyResult): StudyDocument {
  const failed = result.trials.filter(({ state }) => state === 'failed');
  return {
    study: result.study,
    hash: result.hash,
    baseline: result.groups[0]!.arms[0]!.arm.label,
    ratios: result.groups.flatMap((group) => group.arms.map((arm) => ratioDocument(group, arm))),
    trials: {
      all: result.trials.length,
      done: result.trials.filter(({ state }) => state === 'done').length,
      failed: failed.length,
    },
    failures: failed.map(({ trial, failure }) => ({ trial: trial.id, reason: failure?.reason ?? '' })),
    additions: result.additions,
  };
}

function ratioDocument(
  group: GroupResult,
  { arm, pattern, seeds, error, fit, gap, difference, sameTrainingError, cost }: ArmResult,
): RatioDocument {
  return {
    group: group.name,
    ratio: arm.label,
    role: arm.role,
    pattern,
    n: seeds.length,
    error: error && { mean: error.mean, sd: error.sd, ci: error.ci },
    training: fit && { error: fit.error, loss: fit.loss },
    gap,
    difference: difference && withoutVerdict(difference),
    sameTrainingError: sameTrainingError && sameDocument(sameTrainingError),
    verdict: difference?.verdict.kind ?? null,
    text: difference?.verdict.text ?? null,
    cost,
  };
}

function withoutVerdict({ seeds, values: _values, variances: _variances, verdict: _verdict, ...rest }: Difference) {
  return { n: seeds.length, ...rest };
}

function sameDocument(same: SameTrainingError): SameTrainingErrorDocument {
  const { kind } = same;
  if (kind !== 'shared') {
    const n = kind === 'apart' ? same.seeds.length : 0;
    return { kind, n, range: null, lowest: null, average: null };
  }
  const { seeds, range, lowest, epochs, average } = same;
  return {
    kind,
    n: seeds.length,
    range,
    lowest: { ...pairedMean(lowest), epoch: epochs.arm, baselineEpoch: epochs.baseline },
    average: pairedMean(average),
  };
}

function pairedMean({ mean, interval }: Summary): PairedMean {
  return { mean, ci: interval };
}
