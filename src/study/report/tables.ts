/** The table of a study, as cells in words and as rows of numbers. */

import { formatCount, formatLarge } from '../../base/numbers.js';
import { evaluatedName, formatDifference, formatP } from '../figures/index.js';
import type { ArmResult, GroupResult, StudyResult } from '../results.js';

export interface TableColumn {
  readonly title: string;
  /** What it says, in a sentence without its subject and full stop. */
  readonly about: string;
  readonly align: 'left' | 'right';
  readonly cell: (arm: ArmResult) => string;
}

/** What a cell shows if there is no value. */
export const none = '–';

export const ratioColumn: TableColumn = {
  title: 'ratio',
  about: 'convolutions to ReLUs, and where they stay',
  align: 'left',
  cell: ({ arm }) => (arm.role === 'control' ? `${arm.label} (control)` : arm.label),
};

const gapColumn: TableColumn = {
  title: 'gap',
  about: 'test error minus error on unaugmented training images, in points',
  align: 'right',
  cell: ({ gap }) => gap?.toFixed(2).replace('-', '−') ?? none,
};

/** Results with their uncertainty. */
export const resultColumns: readonly TableColumn[] = [
  ratioColumn,
  {
    title: 'pattern',
    about: 'which of successive ReLUs stay (1) and which go (0)',
    align: 'left',
    cell: ({ pattern }) => pattern ?? none,
  },
  { title: 'n', about: 'the number of finished seeds', align: 'right', cell: ({ seeds }) => String(seeds.length) },
  {
    title: 'test error, %',
    about: 'the mean over seeds ± the standard deviation between them',
    align: 'right',
    cell: ({ error }) => errorCell(error),
  },
  gapColumn,
  {
    title: 'difference, points',
    about:
      'test error minus that of the baseline, seed by seed, with its 95 % interval over other seeds and test images',
    align: 'right',
    cell: ({ difference }) => (difference ? formatDifference(difference) : none),
  },
  {
    title: 'p (Holm)',
    about: 'the probability of so large a difference by chance alone, corrected for all comparisons of the network',
    align: 'right',
    cell: ({ difference }) => {
      const p = difference?.pHolm ?? null;
      return p === null ? none : formatP(p).replace('= ', '');
    },
  },
  {
    title: 'P(better)',
    about: 'the share of all pairs of a run with a baseline run in which it has the lower error',
    align: 'right',
    cell: ({ difference }) => difference?.improvementProbability.toFixed(2) ?? none,
  },
  {
    title: 'verdict',
    about: 'better or worse if p is below 0.05; else not distinguishable, and what would settle it',
    align: 'left',
    cell: ({ arm, difference }) => difference?.verdict.text ?? (arm.role === 'baseline' ? 'baseline' : none),
  },
];

/** Results, and how well the training images are fitted: more than a terminal is wide. */
export const reportColumns: readonly TableColumn[] = resultColumns.flatMap((column) =>
  column === gapColumn
    ? [
        {
          title: 'training error, %',
          about: 'of the result, in inference mode, on at most 10,000 unaugmented training images; the mean over seeds',
          align: 'right',
          cell: ({ fit }) => known(fit?.error, (error) => error.toFixed(2)),
        },
        {
          title: 'training loss',
          about: 'mean cross entropy in nats on the same images',
          align: 'right',
          cell: ({ fit }) => known(fit?.loss, (loss) => loss.toFixed(3)),
        },
        column,
      ]
    : [column],
);

/** Costs. */
export const costColumns: readonly TableColumn[] = [
  { title: 'ratio', about: 'convolutions to ReLUs, and where they stay', align: 'left', cell: ({ arm }) => arm.label },
  {
    title: 'parameters',
    about: 'trainable values',
    align: 'right',
    cell: ({ cost }) => (cost ? formatCount(cost.parameters) : none),
  },
  {
    title: 'MACs',
    about: 'multiply-adds of convolutions and linear layers, for one image',
    align: 'right',
    cell: ({ cost }) => (cost ? formatLarge(cost.macs) : none),
  },
  {
    title: 'activation elements',
    about: 'values that pass through an activation, for one image',
    align: 'right',
    cell: ({ cost }) => (cost ? formatCount(cost.activationElements) : none),
  },
  {
    title: 'training, images/s',
    about: 'the median speed of the runs',
    align: 'right',
    cell: ({ cost }) => (cost ? formatCount(cost.trainingSpeed) : none),
  },
  {
    title: 'inference, images/s',
    about: 'the median speed of the last evaluations',
    align: 'right',
    cell: ({ cost }) => known(cost?.inferenceSpeed, formatCount),
  },
  {
    title: 'peak memory',
    about: 'the median of the processes that finished the runs',
    align: 'right',
    cell: ({ cost }) => known(cost?.peakMemory, (bytes) => formatLarge(bytes, 'B')),
  },
];

/** The value as text; a dash if there is none. */
function known(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? none : format(value);
}

/** Mean ± standard deviation between seeds. */
function errorCell(error: ArmResult['error']): string {
  if (error === null) return none;
  return error.sd === null ? error.mean.toFixed(2) : `${error.mean.toFixed(2)} ± ${error.sd.toFixed(2)}`;
}

/** All numbers, one line for each ratio, for spreadsheets; always with decimal points. */
export function csvOf(result: StudyResult): string {
  const header = [
    'group,ratio,role,pattern,n,error_mean,error_sd,error_low,error_high,gap,difference_mean,difference_low,difference_high',
    'p,p_holm,p_seeds,p_sign_flip,improvement_probability,correlation,verdict,parameters,macs,activation_elements',
    'training_images_per_second,inference_images_per_second,peak_memory_bytes,training_error,training_loss',
    'shared_training_error_low,shared_training_error_high,epoch_at_low,baseline_epoch_at_low',
    'difference_at_low_mean,difference_at_low_low,difference_at_low_high',
    'difference_over_shared_mean,difference_over_shared_low,difference_over_shared_high',
  ].join(',');
  const lines = result.groups.flatMap((group) => group.arms.map((arm) => csvCells(group, arm).map(csvCell).join(',')));
  return `${[header, ...lines].join('\n')}\n`;
}

type Cell = string | number | null | undefined;

function csvCells(group: GroupResult, result: ArmResult): Cell[] {
  const { arm, pattern, seeds, error, gap, difference, cost, fit, sameTrainingError } = result;
  const same = sameTrainingError?.kind === 'shared' ? sameTrainingError : undefined;
  return [
    ...[group.name, arm.label, arm.role, pattern, seeds.length],
    ...[error?.mean, error?.sd, error?.ci?.low, error?.ci?.high, gap],
    ...[difference?.mean, difference?.ci?.low, difference?.ci?.high],
    ...[difference?.p, difference?.pHolm, difference?.pSeeds, difference?.pSignFlip],
    ...[difference?.improvementProbability, difference?.correlation, difference?.verdict.kind],
    ...[cost?.parameters, cost?.macs, cost?.activationElements],
    ...[cost?.trainingSpeed, cost?.inferenceSpeed, cost?.peakMemory, fit?.error, fit?.loss],
    ...[same?.range.low, same?.range.high, same?.epochs.arm, same?.epochs.baseline],
    ...[same?.lowest, same?.average].flatMap((value) => [value?.mean, value?.interval?.low, value?.interval?.high]),
  ];
}

function csvCell(value: Cell): string {
  const text = String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Every epoch of every finished run: the numbers behind the curves. */
export function curvesCsvOf({ groups }: StudyResult): string {
  const lines = groups.flatMap((group) => {
    const held = evaluatedName(group) === 'Validation error';
    return group.arms.flatMap(({ arm, runs }) =>
      runs.flatMap(({ seed, curve }) =>
        curve.map(({ epoch, trainLoss, trainError, evaluatedError }) => [
          ...[group.name, arm.label, seed, epoch, trainLoss, trainError],
          ...(held ? [evaluatedError, null] : [null, evaluatedError]),
        ]),
      ),
    );
  });
  const header = 'group,ratio,seed,epoch,train_loss,train_error,validation_error,test_error';
  return `${[header, ...lines.map((cells) => cells.map(csvCell).join(','))].join('\n')}\n`;
}

/** The results of a group as a LaTeX table (booktabs), ready to be included. */
export function latexOf(group: GroupResult): string {
  const columns = reportColumns.filter(({ title }) => title !== 'verdict');
  const row = (cells: readonly string[]) => `  ${cells.map(latexText).join(' & ')} \\\\`;
  return [
    `% ${group.name}; needs \\usepackage{booktabs}`,
    `\\begin{tabular}{${columns.map(({ align }) => (align === 'left' ? 'l' : 'r')).join('')}}`,
    '  \\toprule',
    row(columns.map(({ title }) => title)),
    '  \\midrule',
    ...group.arms.map((arm) => row(columns.map(({ cell }) => cell(arm)))),
    '  \\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}

function latexText(text: string): string {
  return text
    .replaceAll('\\', '\\textbackslash ')
    .replaceAll(/[%&_#${}]/g, (mark) => `\\${mark}`)
    .replaceAll('<', '$<$')
    .replaceAll('±', '$\\pm$')
    .replaceAll('−', '$-$')
    .replaceAll('–', '--');
}
