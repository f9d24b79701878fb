/** The report as one HTML page. */

import { escapeText } from '../figures/index.js';
import type { ArmResult, GroupResult, StudyResult } from '../results.js';
import type { ReportFigure } from './figures.js';
import type { Provenance } from './markdown.js';
import { figureOf, listOf, pageOf, tableOf } from './page.js';
import { caveats, method, verdictSentence } from './sentences.js';
import { fitSection } from './fit.js';
import { costColumns, reportColumns, type TableColumn } from './tables.js';

export function htmlOf(result: StudyResult, figures: readonly ReportFigure[], { command, made }: Provenance): string {
  const several = result.groups.length > 1;
  return pageOf(`${result.study}: a study by Rectio`, [
    `<h1>${escapeText(result.study)}</h1>`,
    ...result.groups.map((group) => `<p class="verdict">${escapeText(verdictSentence(group))}</p>`),
    `<p class="meta">${escapeText(metaOf(result))}</p>`,
    listOf(caveats(result)),
    ...result.groups.flatMap((group) => [
      ...(several ? [`<h2>${escapeText(group.name)}</h2>`] : []),
      table(group.arms, reportColumns, 'Test error by ratio'),
      explained(reportColumns),
      ...figuresOf(figures, group),
      table(group.arms, costColumns, 'Cost by ratio'),
      explained(costColumns.slice(1)),
      ...fitOf(figures, group),
    ]),
    ...failures(result),
    '<h2>How it was made</h2>',
    listOf([...method, ...made]),
    `<pre><code>${escapeText(command)}</code></pre>`,
  ]);
}

function metaOf({ trials, dataset, epochs, hash, created }: StudyResult): string {
  const done = trials.filter(({ state }) => state === 'done').length;
  const data =
    dataset === null
      ? ''
      : `${dataset.name}, ${dataset.trainImages} images to train on, ${dataset.testImages} to test · `;
  return `${data}${epochs.join(' or ')} ${epochs.length === 1 && epochs[0] === 1 ? 'epoch' : 'epochs'} · ${done} of ${trials.length} trainings done · plan ${hash}, made ${created}`;
}

function table(arms: readonly ArmResult[], columns: readonly TableColumn[], caption: string): string {
  const kind = ({ title, align }: TableColumn): string =>
    title === 'verdict' ? ' class="words"' : align === 'right' ? ' class="right"' : '';
  const rows = arms.map((arm) => {
    const verdict = arm.difference?.verdict.kind ?? '';
    const cells = columns.map((column, index) => {
      const text = escapeText(column.cell(arm));
      return index === 0 ? `<th scope="row">${text}</th>` : `<td${kind(column)}>${text}</td>`;
    });
    return `<tr class="${verdict}">${cells.join('')}</tr>`;
  });
  const head = columns.map(
    (column) => `<th scope="col"${kind(column)} title="${escapeText(column.about)}">${escapeText(column.title)}</th>`,
  );
  return tableOf(caption, head, rows);
}

function explained(columns: readonly TableColumn[]): string {
  const lines = columns.map(({ title, about }) => `${title}: ${about}`);
  return `<details><summary>What the columns mean</summary>${listOf(lines)}</details>`;
}

function figuresOf(figures: readonly ReportFigure[], group: GroupResult): string[] {
  const drawings = own(figures, group, 'drawing');
  return [
    ...chartsOf(own(figures, group, 'chart')),
    ...(drawings.length === 0
      ? []
      : [
          '<h3>The networks: filled ReLUs are kept, hollow ones dropped</h3>',
          ...drawings.map(
            (figure, index) =>
              `<details class="drawings"${index === 1 ? ' open' : ''}><summary>${escapeText(figure.title)}</summary>${figureOf(figure)}</details>`,
          ),
        ]),
  ];
}

function own(figures: readonly ReportFigure[], { name }: GroupResult, kind: ReportFigure['kind']): ReportFigure[] {
  return figures.filter((figure) => figure.group === name && figure.kind === kind);
}

function chartsOf(charts: readonly ReportFigure[]): string[] {
  return charts.length === 0 ? [] : [`<div class="charts">${charts.map(figureOf).join('')}</div>`];
}

function fitOf(figures: readonly ReportFigure[], group: GroupResult): string[] {
  const section = fitSection(group);
  if (section === undefined) return [];
  const { title, paragraphs, arms, columns } = section;
  return [
    `<h3>${escapeText(title)}</h3>`,
    ...(arms.length === 0 ? [] : [table(arms, columns, title), explained(columns.slice(1))]),
    '<div class="fit">',
    ...chartsOf(own(figures, group, 'fit')),
    `<div>${paragraphs.map((text) => `<p>${escapeText(text)}</p>`).join('')}</div>`,
    '</div>',
  ];
}

function failures({ trials }: StudyResult): string[] {
  const failed = trials.flatMap(({ trial, failure }) => (failure === null ? [] : [`${trial.id}: ${failure.reason}`]));
  return failed.length === 0 ? [] : ['<h2>Trainings that failed</h2>', listOf(failed)];
}
