/** The table of a study, as cells in words and as rows of numbers. */

import { formatCount, formatLarge } from '../../base/numbers.js';
import { formatDifference, formatP } from '../figures/index.js';
import type { ArmResult, GroupResult, StudyResult } from '../results.js';

export interface TableColumn {
  readonly title: string;
  /** What it says, in a sentence without its subject and full stop. */
  readonly about: string;
  readonly align: 'left' | 'right';
  readonly cell: (arm: ArmResult) => string;
}

const none = '–';

/** Results with their uncertainty. */
export const resultColumns: readonly TableColumn[] = [
  {
    title: 'ratio',
    about: 'convolutions to ReLUs, and where they stay',
    align: 'left',
    cell: ({ arm }) => (arm.role === 'control' ? `${arm.label} (control)` : arm.label),
  },
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
  {
    title: 'gap',
    about: 'test error minus error on unaugmented training images, in points',
    align: 'right',
    cell: ({ gap }) => gap?.toFixed(2).replace('-', '−') ?? none,
  },
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
    'training_images_per_second,inference_images_per_second,peak_memory_bytes',
  ].join(',');
  const lines = result.groups.flatMap((group) => group.arms.map((arm) => csvCells(group, arm).map(csvCell).join(',')));
  return `${[header, ...lines].join('\n')}\n`;
}

type Cell = string | number | null | undefined;

function csvCells(group: GroupResult, { arm, pattern, seeds, error, gap, difference, cost }: ArmResult): Cell[] {
  return [
    ...[group.name, arm.label, arm.role, pattern, seeds.length],
    ...[error?.mean, error?.sd, error?.ci?.low, error?.ci?.high, gap],
    ...[difference?.mean, difference?.ci?.low, difference?.ci?.high],
    ...[difference?.p, difference?.pHolm, difference?.pSeeds, difference?.pSignFlip],
    ...[difference?.improvementProbability, difference?.correlation, difference?.verdict.kind],
    ...[cost?.parameters, cost?.macs, cost?.activationElements],
    ...[cost?.trainingSpeed, cost?.inferenceSpeed, cost?.peakMemory],
  ];
}

function csvCell(value: Cell): string {
  const text = String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The results of a group as a LaTeX table (booktabs), ready to be included. */
export function latexOf(group: GroupResult): string {
  const columns = resultColumns.filter(({ title }) => title !== 'verdict');
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
