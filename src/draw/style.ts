/** Colors and fonts of a drawing, for light and dark pages. Class names are short because they occur very often. */

import { pageColors, themeRules, type Theme } from '../base/colors.js';

/** The page's colors that a drawing uses. */
function shared(kind: keyof Theme) {
  const { page, panel, line: edge, ink, muted } = pageColors[kind];
  return { page, panel, edge, ink, muted };
}

const light = {
  ...shared('light'),
  wire: '#7c8895',
  point: '#e4effd',
  conv: '#b9d4f8',
  convEdge: '#4a80c9',
  depth: '#c9ede3',
  depthEdge: '#2f917b',
  pool: '#fbe7bf',
  poolEdge: '#b98522',
  full: '#e6d9f9',
  fullEdge: '#8462c4',
  mark: '#e2542a',
};

const dark: { readonly [K in keyof typeof light]: string } = {
  ...shared('dark'),
  wire: '#7f8d9b',
  point: '#1b2d47',
  conv: '#27508a',
  convEdge: '#6f9fe2',
  depth: '#15443a',
  depthEdge: '#47ad96',
  pool: '#46371a',
  poolEdge: '#c79a45',
  full: '#3a2c55',
  fullEdge: '#a68be0',
  mark: '#ff7b4f',
};

/** Every rule is scoped to the drawing's class, so an inline drawing does not restyle its page. */
const rules: { readonly [selector: string]: string } = {
  text: "font:11px ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:var(--ink)",
  '.s': 'text-anchor:start',
  '.m': 'text-anchor:middle',
  '.e': 'text-anchor:end',
  '.u': 'font-size:9px',
  '.v': 'font-size:9px;fill:var(--muted);paint-order:stroke;stroke:var(--page);stroke-width:3px',
  '.w': 'font-size:11px;fill:var(--muted)',
  '.y': 'font-size:12px;font-weight:600;paint-order:stroke;stroke:var(--panel);stroke-width:4px',
  '.r': 'font-size:10px;fill:var(--muted);paint-order:stroke;stroke:var(--panel);stroke-width:4px',
  '.n1': 'font-size:18px;font-weight:650',
  '.bt': 'font-size:11px;font-weight:650;fill:var(--page)',
  '.bg': 'fill:var(--page)',
  '.fr': 'fill:var(--panel);stroke:var(--edge)',
  '.ca': 'fill:var(--page);stroke:var(--edge)',
  '.gr': 'fill:none;stroke:var(--muted);stroke-dasharray:4 3',
  '.ba': 'fill:var(--ink)',
  '.l': 'fill:none;stroke:var(--wire);stroke-width:1.4',
  '.a': 'fill:var(--wire)',
  '.b': 'stroke-width:1.1',
  '.p': 'fill:var(--point);stroke:var(--convEdge)',
  '.c': 'fill:var(--conv);stroke:var(--convEdge)',
  '.d': 'fill:var(--depth);stroke:var(--depthEdge)',
  '.q': 'fill:var(--pool);stroke:var(--poolEdge)',
  '.f': 'fill:var(--full);stroke:var(--fullEdge)',
  '.i': 'fill:var(--page);stroke:var(--ink)',
  '.n': 'fill:var(--page);stroke:var(--wire)',
  '.g': 'fill:none;stroke:var(--convEdge);stroke-width:1.4;opacity:.75',
  '.z': 'fill:var(--convEdge)',
  '.k': 'fill:var(--mark);stroke:var(--mark);stroke-width:1.6',
  '.o': 'fill:var(--page);stroke:var(--mark);stroke-width:1.6',
  '.x': 'fill:var(--muted);stroke:var(--muted);stroke-width:1.2',
  '.j': 'fill:var(--page);stroke:var(--ink);stroke-width:1.2',
  '.h': 'fill:none;stroke:var(--ink);stroke-width:1.3',
};

export const styleSheet: string = [
  ...themeRules('.rectio', { light, dark }),
  ...Object.entries(rules).map(([selector, rule]) => `.rectio ${selector}{${rule}}`),
].join('\n');
