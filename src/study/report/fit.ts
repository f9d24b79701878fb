/** The report's section on fit and generalization: test error at the same training error, as a table and in words. */

import { evaluatedName, formatDifference } from '../figures/index.js';
import type { ArmResult, GroupResult } from '../results.js';
import type { SameTrainingError } from '../same-training-error.js';
import { none, ratioColumn, type TableColumn } from './tables.js';

export interface FitSection {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** The arms that can be compared, and what is said of each; no arms if none can. */
  readonly arms: readonly ArmResult[];
  readonly columns: readonly TableColumn[];
}

/** Undefined until a seed is done both in the baseline and in another arm. */
export function fitSection(group: GroupResult): FitSection | undefined {
  const baseline = group.arms[0]!.arm.label;
  const compared = group.arms.flatMap((arm) =>
    arm.sameTrainingError === null ? [] : [{ arm, same: arm.sameTrainingError }],
  );
  if (compared.length === 0) return undefined;
  const tested = evaluatedName(group).toLowerCase();
  return {
    title: `${evaluatedName(group)} at the same training error`,
    paragraphs: [
      ...explanation(tested),
      ...compared.flatMap(({ arm, same }) => whyNot(arm.arm.label, baseline, same) ?? []),
    ],
    arms: compared.filter(({ same }) => same.kind === 'shared').map(({ arm }) => arm),
    columns: fitColumns(baseline),
  };
}

function explanation(tested: string): string[] {
  return [
    `If two ratios lie on the same curve of ${tested} over training error, they differ only in how far they fit the training images. ` +
      'A curve that lies above another speaks for worse generalization, with the reservations below. ' +
      'Each point is one epoch. Its training error is the running one: the mean over the epoch’s batches as they were trained on, ' +
      'augmented, while the weights change. No other training error is known for every epoch. ' +
      `The ${tested} is measured after the epoch. Straight lines join the epochs; where a training error rose again, the last crossing counts.`,
    'The shared training errors are those that all seeds of both reached. The mean difference gives each of them the same weight. ' +
      'This is not a comparison at equal budget. Ratios reach the same training error after different numbers of epochs, and so at ' +
      `different learning rates. Under a learning rate that decays, the ${tested} at one training error is usually lower late in the training, ` +
      'which favors the ratio that gets there later. Differences are in points and paired by seed, negative is better, and intervals (95 %, paired t) ' +
      'count the seeds alone, on these test images. No verdict rests on them.',
  ];
}

function whyNot(ratio: string, baseline: string, same: SameTrainingError): string | undefined {
  if (same.kind === 'shared') return undefined;
  if (same.kind === 'unknown') {
    return `${ratio} cannot be compared with ${baseline} this way: no seed of both has the training and the evaluated errors of at least two epochs on record.`;
  }
  const range = ({ low, high }: { readonly low: number; readonly high: number }): string =>
    `${low.toFixed(2)} to ${high.toFixed(2)} %`;
  return (
    `${ratio} cannot be compared with ${baseline} this way: no training error was reached by ${same.seeds.length === 1 ? 'both' : `all ${same.seeds.length} seeds of both`} ` +
    `(${ratio}: ${range(same.arm)}; ${baseline}: ${range(same.baseline)}).`
  );
}

type Shared = Extract<SameTrainingError, { kind: 'shared' }>;

function fitColumns(baseline: string): TableColumn[] {
  const column = (title: string, about: string, cell: (same: Shared) => string): TableColumn => ({
    ...{ title, about, align: 'right' },
    cell: ({ sameTrainingError: same }) => (same?.kind === 'shared' ? cell(same) : none),
  });
  const difference = ({ mean, interval }: Shared['lowest']): string => formatDifference({ mean, ci: interval });
  return [
    ratioColumn,
    column('n', 'the number of seeds that both have', ({ seeds }) => String(seeds.length)),
    column(
      'shared training error, %',
      'the running training errors that all seeds of both reached',
      ({ range }) => `${range.low.toFixed(2)} to ${range.high.toFixed(2)}`,
    ),
    column(
      'difference at its low end',
      'error minus that of the baseline, at the lowest shared training error, in points with its 95 % interval over other seeds',
      ({ lowest }) => difference(lowest),
    ),
    column(
      'there after epoch',
      'when it reached the lowest shared training error, mean over seeds; fractions are read off between epochs',
      ({ epochs }) => epochs.arm.toFixed(1),
    ),
    column(`${baseline} after epoch`, 'when the baseline reached it', ({ epochs }) => epochs.baseline.toFixed(1)),
    column(
      'mean difference',
      'over all shared training errors, each with the same weight, in points with its 95 % interval over other seeds',
      ({ average }) => difference(average),
    ),
  ];
}
