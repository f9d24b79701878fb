/** The page around a report: one HTML file that needs nothing else: no script, no network, light and dark, wide and narrow. */

import { pageColors, themeRules } from '../../base/colors.js';
import { escapeText } from '../figures/index.js';

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
td.words,td.claim{white-space:normal;min-width:220px}
a{color:var(--accent)}
thead th{border-top:0;color:var(--muted);font-weight:600}
.right{text-align:right}
.better td.words,.better td.found{color:var(--better);font-weight:600}
.worse td.words,.worse td.found{color:var(--worse);font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
figure{margin:0;border:1px solid var(--line);border-radius:6px;padding:8px;overflow-x:auto}
figure svg{display:block;width:100%;max-width:560px;height:auto}
.drawings figure{max-height:720px;overflow:auto}
.drawings figure svg{width:auto;min-width:0;max-width:none}
figcaption{color:var(--muted);font-size:13px;padding:6px 8px 0}
.fit{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
.fit p{margin:0 0 12px}
details{margin:12px 0}
summary{cursor:pointer;font-weight:600}
pre{background:var(--panel);padding:12px 16px;border-radius:6px;overflow-x:auto;font-size:13px}
ul{padding-left:20px}
li{margin:4px 0}
`;

/** @param body what stands within the page, as HTML */
export function pageOf(title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...body,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** A table that scrolls by itself if it is too wide. @param head and rows as HTML: cells, and whole rows */
export function tableOf(caption: string, head: readonly string[], rows: readonly string[]): string {
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table><thead><tr>${head.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>`
  );
}

/** A figure with its title below. */
export function figureOf({ title, svg }: { readonly title: string; readonly svg: string }): string {
  return `<figure>${svg.trim()}<figcaption>${escapeText(title)}</figcaption></figure>`;
}

/** Texts as a list. */
export function listOf(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`;
}
