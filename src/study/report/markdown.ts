/** The report as Markdown, with its figures in files beside it. */

import type { ArmResult, GroupResult, StudyResult } from '../results.js';
import { caveats, method, verdictSentence } from './sentences.js';
import { fitSection } from './fit.js';
import { costColumns, reportColumns, type TableColumn } from './tables.js';
import type { ReportFigure } from './figures.js';

export interface Provenance {
  /** The command line that made the study. */
  readonly command: string;
  /** Sentences on machine and versions. */
  readonly made: readonly string[];
}

export function markdownOf(
  result: StudyResult,
  figures: readonly ReportFigure[],
  { command, made }: Provenance,
): string {
  return [
    `# ${result.study}`,
    ...result.groups.map((group) => `**${verdictSentence(group)}**`),
    caveats(result).join(' '),
    ...result.groups.flatMap((group) => [
      ...(result.groups.length > 1 ? [`## ${group.name}`] : []),
      table(group.arms, reportColumns),
      ...pictures(figures, group, 'chart'),
      ...pictures(figures, group, 'drawing'),
      table(group.arms, costColumns),
      ...fitOf(figures, group, result.groups.length > 1 ? '###' : '##'),
    ]),
    ...failures(result),
    '## How it was made',
    ...method,
    made.join(' '),
    ['```sh', command, '```'].join('\n'),
    '',
  ].join('\n\n');
}

function pictures(figures: readonly ReportFigure[], { name }: GroupResult, kind: ReportFigure['kind']): string[] {
  return figures
    .filter((figure) => figure.group === name && figure.kind === kind)
    .map(({ file, title }) => `![${title}](${file})`);
}

function fitOf(figures: readonly ReportFigure[], group: GroupResult, heading: string): string[] {
  const section = fitSection(group);
  if (section === undefined) return [];
  const { title, paragraphs, arms, columns } = section;
  return [
    `${heading} ${title}`,
    ...pictures(figures, group, 'fit'),
    ...(arms.length === 0 ? [] : [table(arms, columns)]),
    ...paragraphs,
  ];
}

function table(arms: readonly ArmResult[], columns: readonly TableColumn[]): string {
  return markdownTable(
    columns,
    arms.map((arm) => columns.map(({ cell }) => cell(arm))),
  );
}

/** A table in Markdown; columns stand to the left unless they say otherwise. */
export function markdownTable(
  columns: readonly { readonly title: string; readonly align?: 'left' | 'right' }[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => (align === 'right' ? '--:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

function failures({ trials }: StudyResult): string[] {
  const failed = trials.flatMap(({ trial, failure }) =>
    failure === null ? [] : [`- \`${trial.id}\`: ${failure.reason.replaceAll('\n', ' ')}`],
  );
  return failed.length === 0 ? [] : ['## Trainings that failed', failed.join('\n')];
}
