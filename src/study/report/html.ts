/** The report as one HTML file that needs nothing else: no script, no network, light and dark, wide and narrow. */

import { pageColors, themeRules } from '../../base/colors.js';
import { escapeText } from '../figures/index.js';
import type { GroupResult, StudyResult } from '../results.js';
import type { ReportFigure } from './figures.js';
import type { Provenance } from './markdown.js';
import { caveats, method, verdictSentence } from './sentences.js';
import { costColumns, resultColumns, type TableColumn } from './tables.js';

const style = `
:root{color-scheme:light dark}
${themeRules(':root', pageColors).join('\n')}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:28px;line-height:1.2;margin:0 0 4px}
h2{font-size:20px;margin:40px 0 12px}
h3{font-size:16px;margin:28px 0 8px}
.meta{color:var(--muted);margin:0 0 24px;font-size:14px;overflow-wrap:anywhere}
.verdict{font-size:19px;line-height:1.45;padding:16px 20px;background:var(--panel);border-left:4px solid var(--ink);border-radius:4px;margin:0 0 12px}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px;margin:0 0 20px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:8px 12px;text-align:left;border-top:1px solid var(--line);white-space:nowrap}
td.words{white-space:normal;min-width:220px}
thead th{border-top:0;color:var(--muted);font-weight:600}
.right{text-align:right}
.better td.words{color:var(--better);font-weight:600}
.worse td.words{color:var(--worse);font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
figure{margin:0;border:1px solid var(--line);border-radius:6px;padding:8px;overflow-x:auto}
figure svg{display:block;width:100%;min-width:460px;height:auto}
.drawings figure{max-height:720px;overflow:auto}
.drawings figure svg{width:auto;min-width:0;max-width:none}
figcaption{color:var(--muted);font-size:13px;padding:6px 8px 0}
details{margin:12px 0}
summary{cursor:pointer;font-weight:600}
pre{background:var(--panel);padding:12px 16px;border-radius:6px;overflow-x:auto;font-size:13px}
ul{padding-left:20px}
li{margin:4px 0}
`;

export function htmlOf(result: StudyResult, figures: readonly ReportFigure[], { command, made }: Provenance): string {
  const several = result.groups.length > 1;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(result.study)}: a study by Rectio</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escapeText(result.study)}</h1>`,
    ...result.groups.map((group) => `<p class="verdict">${escapeText(verdictSentence(group))}</p>`),
    `<p class="meta">${escapeText(metaOf(result))}</p>`,
    list(caveats(result)),
    ...result.groups.flatMap((group) => [
      ...(several ? [`<h2>${escapeText(group.name)}</h2>`] : []),
      table(group, resultColumns, 'Test error by ratio'),
      ...figuresOf(figures, group),
      table(group, costColumns, 'Cost by ratio'),
    ]),
    ...failures(result),
    '<h2>How it was made</h2>',
    list([...method, ...made]),
    `<pre><code>${escapeText(command)}</code></pre>`,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function metaOf({ trials, dataset, epochs, hash, created }: StudyResult): string {
  const done = trials.filter(({ state }) => state === 'done').length;
  const data =
    dataset === null
      ? ''
      : `${dataset.name}, ${dataset.trainImages} images to train on, ${dataset.testImages} to test · `;
  return `${data}${epochs.join(' or ')} ${epochs.length === 1 && epochs[0] === 1 ? 'epoch' : 'epochs'} · ${done} of ${trials.length} trainings done · plan ${hash}, made ${created}`;
}

function table({ arms }: GroupResult, columns: readonly TableColumn[], caption: string): string {
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
  const head = columns.map((column) => `<th scope="col"${kind(column)}>${escapeText(column.title)}</th>`).join('');
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table><thead><tr>${head}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>`
  );
}

function figuresOf(figures: readonly ReportFigure[], group: GroupResult): string[] {
  const own = figures.filter((figure) => figure.group === group.name);
  const show = ({ title, svg }: ReportFigure): string =>
    `<figure>${svg.trim()}<figcaption>${escapeText(title)}</figcaption></figure>`;
  const charts = own.filter(({ drawing }) => !drawing);
  const drawings = own.filter(({ drawing }) => drawing);
  return [
    ...(charts.length === 0 ? [] : [`<div class="charts">${charts.map(show).join('')}</div>`]),
    ...(drawings.length === 0
      ? []
      : [
          '<h3>The networks: filled ReLUs are kept, hollow ones dropped</h3>',
          ...drawings.map(
            (figure, index) =>
              `<details class="drawings"${index === 1 ? ' open' : ''}><summary>${escapeText(figure.title)}</summary>${show(figure)}</details>`,
          ),
        ]),
  ];
}

function failures({ trials }: StudyResult): string[] {
  const failed = trials.flatMap(({ trial, failure }) => (failure === null ? [] : [`${trial.id}: ${failure.reason}`]));
  return failed.length === 0 ? [] : ['<h2>Trainings that failed</h2>', list(failed)];
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`;
}
