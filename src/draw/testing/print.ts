/** Prints a sketch as text: its content without coordinates. */

import { foldParts } from '../fold.js';
import { labelText, type Drawn } from '../glyphs.js';
import { marks } from '../marks.js';
import { sectionsOf } from '../parts.js';
import type { Chain } from '../structure.js';

const signs = { add: '+', multiply: '*', concat: '&' } as const;

/** One line per fold: its section, its content, and its repetition count. */
export function printSketch(chain: Chain): string {
  const lines = sectionsOf(chain).flatMap(({ title, parts }) =>
    foldParts(parts).map(({ times, parts: drawn, growth }) => {
      const shown = drawn.map((part) => printChain(part.chain, growth)).join(' ; ');
      return `${title ?? '-'}: ${shown}${times > 1 ? ` ×${times}` : ''}`;
    }),
  );
  return `\n${lines.join('\n')}\n`;
}

/** Elements separated by spaces, branches in brackets, an identity as `=`, a norm inside a box as `'`. */
export function printChain(chain: Chain, growth: ReadonlyMap<Drawn, number> = new Map()): string {
  const node = (drawn: Drawn): string => {
    const { glyph } = drawn;
    if (glyph.kind === 'dot') return marks[glyph.state];
    if (glyph.kind === 'bar') return 'norm';
    if (glyph.kind === 'junction') return signs[glyph.sign];
    return `<${labelText(glyph.label, growth.get(drawn))}>${glyph.kind === 'box' && glyph.normed ? "'" : ''}`;
  };
  return chain
    .map((element) => {
      if (element.kind === 'single') return node(element.node);
      if (element.kind === 'tangle') {
        const rows = element.nodes.map((each, index) => `${node(each)} of ${element.inputs[index]!.join(',')}`);
        return `{${rows.join('; ')}; out ${element.ends.join(',')}}`;
      }
      const branches = element.branches.map((branch) => printChain(branch, growth) || '=');
      return `(${branches.join(' | ')})${element.join === undefined ? '' : node(element.join)}`;
    })
    .join(' ');
}
