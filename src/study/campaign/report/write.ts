/** Writes the report of a campaign into its folder, in every form, and the reports of its studies into theirs. */

import { join } from 'node:path';

import { escapeText } from '../../figures/index.js';
import { markdownTable } from '../../report/markdown.js';
import { figureOf, listOf, pageOf, tableOf } from '../../report/page.js';
import { writeFiles, writeReportOf } from '../../report/write.js';
import type { Campaign } from '../folder.js';
import { campaignResult, type CampaignResult } from '../results.js';
import { campaignDocument } from './document.js';
import { differenceChart, hypothesisPlot } from './figures.js';
import {
  campaignCaveats,
  campaignMethod,
  conclusions,
  dateText,
  hypothesisColumns,
  ruleSentence,
  wholeSentence,
} from './words.js';

export interface CampaignReport {
  readonly result: CampaignResult;
  /** The folder that holds `index.html` and the other forms. */
  readonly folder: string;
}

interface Figure {
  readonly title: string;
  readonly file: string;
  readonly svg: string;
}

/**
 * Reads the finished trainings and writes `report/`: index.html, report.md, results.json and figures; and the same for each
 * of its studies.
 * @throws RectioError `disk`, `checkpoint` if a finished run is damaged
 */
export async function writeCampaignReport(campaign: Campaign): Promise<CampaignReport> {
  const result = await campaignResult(campaign);
  for (const { name, study } of campaign.studies) {
    const own = result.studies.find((progress) => progress.name === name)?.result ?? null;
    if (study !== undefined && own !== null) await writeReportOf(study, own);
  }
  const figures = figuresOf(result);
  const folder = join(campaign.folder, 'report');
  await writeFiles(folder, [
    ...figures.map(({ file, svg }) => [file, svg] as const),
    ['report.md', markdownOf(result, figures)],
    ['results.json', `${JSON.stringify(campaignDocument(result), null, 2)}\n`],
    ['index.html', htmlOf(result, figures)],
  ]);
  return { result, folder };
}

function figuresOf(result: CampaignResult): Figure[] {
  const chart = result.chart && differenceChart(result.chart);
  return [
    ...(chart ? [{ title: `Difference against ${result.chart!.x}`, file: 'differences.svg', svg: chart }] : []),
    ...[hypothesisPlot(result)].flatMap((svg) =>
      svg === undefined ? [] : [{ title: 'Hypotheses, predicted and found', file: 'hypotheses.svg', svg }],
    ),
  ];
}

const progressOf = ({ studies }: CampaignResult): string[][] =>
  studies.map(({ name, trainings }) => [
    name,
    trainings === null ? 'not here' : `${trainings.done} of ${trainings.all}`,
    trainings === null ? '–' : String(trainings.failed),
  ]);

const progressTitles = ['study', 'trainings done', 'failed'];

function markdownOf(result: CampaignResult, figures: readonly Figure[]): string {
  const cells = result.hypotheses.map((row) => hypothesisColumns.map(({ cell }) => cell(row)));
  const bullets = (texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [texts.map((text) => `- ${text}`).join('\n')];
  return [
    `# ${result.record.name}`,
    `**${wholeSentence(result)}**`,
    ruleSentence(result.record.claims),
    markdownTable(hypothesisColumns, cells),
    ...bullets(conclusions(result)),
    ...figures.map(({ file, title }) => `![${title}](${file})`),
    ...bullets(campaignCaveats(result)),
    '## Studies',
    markdownTable(
      progressTitles.map((title) => ({ title })),
      progressOf(result).map(([name = '', ...rest]) => [`[${name}](../studies/${name}/report/report.md)`, ...rest]),
    ),
    '## How it was made',
    ...campaignMethod,
    madeSentence(result),
    ['```sh', result.record.command, '```'].join('\n'),
    '',
  ].join('\n\n');
}

function madeSentence({ record }: CampaignResult): string {
  const versions = Object.entries(record.versions).map(([name, version]) => `${name} ${version}`);
  const machine = record.machine === undefined ? '' : ` Machine: ${record.machine}.`;
  return `Plan ${record.hash}, made ${dateText(record.created)}; versions: ${versions.join(', ')}.${machine}`;
}

function htmlOf(result: CampaignResult, figures: readonly Figure[]): string {
  return pageOf(`${result.record.name}: a campaign by Rectio`, [
    `<h1>${escapeText(result.record.name)}</h1>`,
    `<p class="verdict">${escapeText(wholeSentence(result))}</p>`,
    `<p class="meta">${escapeText(ruleSentence(result.record.claims))}</p>`,
    hypothesisTable(result),
    ...(conclusions(result).length === 0 ? [] : [listOf(conclusions(result))]),
    `<div class="charts">${figures.map(figureOf).join('')}</div>`,
    ...(campaignCaveats(result).length === 0 ? [] : [listOf(campaignCaveats(result))]),
    '<h2>Studies</h2>',
    tableOf(
      'Studies',
      progressTitles.map((title) => `<th scope="col">${title}</th>`),
      progressOf(result).map(([name = '', ...rest]) =>
        rowHtml('', `<a href="../studies/${encodeURIComponent(name)}/report/index.html">${escapeText(name)}</a>`, rest),
      ),
    ),
    '<h2>How it was made</h2>',
    listOf([...campaignMethod, madeSentence(result)]),
    `<pre><code>${escapeText(result.record.command)}</code></pre>`,
  ]);
}

/** The color of a verdict's row is that of its direction in a study's table: confirmed as better, refuted as worse. */
const rowClasses = { confirmed: 'better', refuted: 'worse', open: '', pending: '' } as const;

function hypothesisTable({ hypotheses }: CampaignResult): string {
  return tableOf(
    'Hypotheses',
    hypothesisColumns.map(({ title }) => `<th scope="col">${escapeText(title)}</th>`),
    hypotheses.map((result) => {
      const cells = hypothesisColumns.map(({ cell, look }) => ({ text: cell(result), look }));
      const [name, ...rest] = cells;
      const inner = rest.map(
        ({ text, look }) => `<td class="${look}">${escapeText(text).replaceAll('; ', '<br>')}</td>`,
      );
      return `<tr class="${rowClasses[result.finding]}"><th scope="row">${escapeText(name!.text)}</th>${inner.join('')}</tr>`;
    }),
  );
}

function rowHtml(kind: string, head: string, cells: readonly string[]): string {
  return `<tr class="${kind}"><th scope="row">${head}</th>${cells.map((cell) => `<td>${escapeText(cell)}</td>`).join('')}</tr>`;
}
