/** Writes the report of a campaign into its folder, in every form, and the reports of its studies into theirs. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { escapeText } from '../../figures/index.js';
import { listOf, pageOf } from '../../report/page.js';
import { writeReportOf } from '../../report/write.js';
import { replaceFile } from '../../../system/durable.js';
import { onDisk } from '../../../system/errno.js';
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
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const files: readonly (readonly [name: string, text: string])[] = [
    ...figures.map(({ file, svg }) => [file, svg] as const),
    ['report.md', markdownOf(result, figures)],
    ['results.json', `${JSON.stringify(campaignDocument(result), null, 2)}\n`],
    ['index.html', htmlOf(result, figures)],
  ];
  for (const [name, text] of files) await replaceFile(join(folder, name), (file) => file.writeFile(text));
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
  const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string => {
    const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
  };
  const cells = result.hypotheses.map((row) => hypothesisColumns.map(({ cell }) => cell(row)));
  const bullets = (texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [texts.map((text) => `- ${text}`).join('\n')];
  return [
    `# ${result.record.name}`,
    `**${wholeSentence(result)}**`,
    ruleSentence(result.record.claims),
    table(
      hypothesisColumns.map(({ title }) => title),
      cells,
    ),
    ...bullets(conclusions(result)),
    ...figures.map(({ file, title }) => `![${title}](${file})`),
    ...bullets(campaignCaveats(result)),
    '## Studies',
    table(
      progressTitles,
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
    `<div class="charts">${figures.map(figureHtml).join('')}</div>`,
    ...(campaignCaveats(result).length === 0 ? [] : [listOf(campaignCaveats(result))]),
    '<h2>Studies</h2>',
    tableHtml(
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

function figureHtml({ title, svg }: Figure): string {
  return `<figure>${svg.trim()}<figcaption>${escapeText(title)}</figcaption></figure>`;
}

/** The color of a verdict's row is that of its direction in a study's table: confirmed as better, refuted as worse. */
const rowClasses = { confirmed: 'better', refuted: 'worse', open: '', pending: '' } as const;

function hypothesisTable({ hypotheses }: CampaignResult): string {
  return tableHtml(
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

function tableHtml(caption: string, head: readonly string[], rows: readonly string[]): string {
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table><thead><tr>${head.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>`
  );
}
