/** The legend, which explains only the shapes that the drawing contains. */

import { textWidth, type Canvas } from './canvas.js';
import type { Fold } from './fold.js';
import { activationNames, type Drawn, type Glyph, type Sign } from './glyphs.js';
import { circle, drawnAsBar, rectangle, signs } from './layout.js';
import { nodesOf, type Chain } from './structure.js';
import { look, type LookName } from './style.js';

interface Entry {
  readonly text: string;
  readonly width: number;
  /** Draws the sample from x on, `width` wide, centered vertically on y. */
  draw(canvas: Canvas, x: number, y: number): void;
}

export interface Legend {
  readonly height: number;
  draw(canvas: Canvas, x: number, y: number): void;
}

const rowHeight = 20;
const fontSize = 11;

/** Makes the legend for these folds, in rows of at most `width`. */
export function legendOf(folded: readonly { readonly folds: readonly Fold[] }[], width: number): Legend {
  const all = folded.flatMap(({ folds }) => folds);
  const chain = all.flatMap(({ parts }) => parts.flatMap((part) => part.chain));
  const rows: Entry[][] = [[]];
  let used = 0;
  for (const entry of entriesOf(
    chain,
    all.some(({ times }) => times > 1),
  )) {
    const room = entry.width + 6 + textWidth(entry.text, fontSize) + 18;
    if (used + room > width && used > 0) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)!.push(entry);
    used += room;
  }
  return {
    height: rows.length * rowHeight,
    draw: (canvas, left, top) => {
      for (const [row, entries] of rows.entries()) {
        let x = left;
        const y = top + row * rowHeight + rowHeight / 2;
        for (const entry of entries) {
          entry.draw(canvas, x, y);
          canvas.text('w', x + entry.width + 6, y + 4, entry.text, 'start');
          x += entry.width + 6 + textWidth(entry.text, fontSize) + 18;
        }
      }
    },
  };
}

/** The signs of all joins that are drawn as junctions. */
function signsIn(chain: Chain): Sign[] {
  const own = (nodes: readonly Drawn[]): Sign[] =>
    nodes.flatMap(({ glyph }) => (glyph.kind === 'junction' ? glyph.sign : []));
  return chain.flatMap((element): Sign[] => {
    if (element.kind === 'single') return own([element.node]);
    if (element.kind === 'tangle') return own(element.nodes);
    const joins = element.join === undefined || drawnAsBar(element) ? [] : [element.join];
    return [...element.branches.flatMap(signsIn), ...own(joins)];
  });
}

const dot = (style: LookName, text: string): Entry => ({
  text,
  width: 11,
  draw: (canvas, x, y) => canvas.front(circle(style, x + 5.5, y, 5)),
});

const swatch = (style: LookName, text: string, normed = false): Entry => ({
  text,
  width: 22,
  draw: (canvas, x, y) => {
    canvas.front(rectangle(style, x, y - 7, 22, 14, 3));
    if (normed) canvas.front(`<path${look('g')} d="M${x + 3} ${y + 4}h16"/>`);
  },
});

const junction = (sign: Sign, text: string): Entry => ({
  text,
  width: 16,
  draw: (canvas, x, y) => {
    canvas.front(circle('j', x + 8, y, 8));
    canvas.front(`<path${look('h')} transform="translate(${x + 8} ${y})" d="${signs[sign]}"/>`);
  },
});

function entriesOf(chain: Chain, folds: boolean): Entry[] {
  const glyphs = nodesOf(chain).map(({ glyph }) => glyph);
  const joins = new Set(signsIn(chain));
  const has = (test: (glyph: Glyph) => boolean): boolean => glyphs.some(test);
  const kinds = new Set(
    glyphs.flatMap((glyph) =>
      glyph.kind === 'dot' && glyph.state === 'kept' && glyph.activation !== 'identity' ? glyph.activation : [],
    ),
  );
  const activation = [...kinds].map((kind) => activationNames[kind]).join(' or ') || 'activation';
  const boxed = (style: string) => (glyph: Glyph) => glyph.kind === 'box' && glyph.style === style;
  const dotted = (state: string) => (glyph: Glyph) => glyph.kind === 'dot' && glyph.state === state;
  const entries: [boolean, () => Entry][] = [
    [has(dotted('kept')), () => dot('k', `${activation} kept`)],
    [has(dotted('dropped')), () => dot('o', 'dropped')],
    [has(dotted('other')), () => dot('x', 'activation that takes no part')],
    [has(boxed('convolution')), () => swatch('c', 'convolution: kernel, channels /stride')],
    [has(boxed('pointwise')), () => swatch('p', '1×1')],
    [has(boxed('depthwise')), () => swatch('d', 'depthwise')],
    [has((glyph) => glyph.kind === 'box' && glyph.normed), () => swatch('c', 'with a norm behind it', true)],
    [
      has((glyph) => glyph.kind === 'bar'),
      () => ({ text: 'norm', width: 22, draw: (canvas, x, y) => canvas.front(rectangle('z', x, y - 2.5, 22, 5, 2.5)) }),
    ],
    [joins.has('add'), () => junction('add', 'addition')],
    [joins.has('multiply'), () => junction('multiply', 'channels weighed by a gate')],
    [joins.has('concat'), () => junction('concat', 'concatenation')],
    [
      folds,
      () => ({
        text: 'so many times, one behind the other',
        width: 24,
        draw: (canvas, x, y) => {
          canvas.front(rectangle('ba', x, y - 8, 24, 17, 8.5));
          canvas.text('bt', x + 12, y + 4.5, '×n');
        },
      }),
    ],
  ];
  return entries.filter(([shown]) => shown).map(([, make]) => make());
}
