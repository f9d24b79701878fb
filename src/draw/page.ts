/** The complete drawing: title, columns of framed sections, legend. */

import { formatCount, formatLarge } from '../base/numbers.js';
import type { Inspection } from '../inspect/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { createCanvas, escapeText, number, textWidth, type Canvas, type Layout } from './canvas.js';
import { columnEnds, type Measures, type Piece } from './columns.js';
import { foldParts, type Fold, type Part } from './fold.js';
import type { Drawn } from './glyphs.js';
import type { Figure } from './gradients.js';
import { boxWidth, chainLayout, normal, rectangle } from './layout.js';
import { legendOf } from './legend.js';
import type { Section } from './parts.js';
import { nodesOf } from './structure.js';
import { look, rootLook, styleSheet } from './style.js';

const margin = 20;
const titleHeight = 78;
const frameHead = 26;
const frameFoot = 12;
const frameSide = 12;
/** The least distance between a line and the texts beside it. */
const clear = 8;
const measures: Measures = { gap: 14, frame: frameHead + frameFoot, sectionGap: 16, columnGap: 34, padding: 14 };

/** A fold and the section it belongs to. */
interface Placed extends Piece, Layout {
  readonly shape: string;
}

/** Draws a network with these sections as an SVG document, with `below` under the legend. */
export function pageOf(
  sections: readonly Section[],
  inspection: Inspection,
  report: ProportionReport,
  below?: Figure,
): string {
  const folded = sections.map(({ title, parts }) => ({ title, parts, folds: foldParts(parts) }));
  const pieces = folded.flatMap(({ parts, folds }, section) => {
    const loose = parts.filter(({ block }) => block === undefined);
    const width = Math.max(0, ...loose.map(({ chain }) => boxWidth(chain)));
    return folds.map((fold): Placed => ({
      ...foldLayout(fold, width, folded[section]!.title === undefined),
      section,
      shape: outputShape(fold),
    }));
  });
  const ends = columnEnds(pieces, measures);
  const columns = ends.map((end, index) => pieces.slice(ends[index - 1] ?? 0, end));
  const canvas = createCanvas();
  const titles = sections.map(({ title }) => title);

  const top = margin + titleHeight;
  let x = margin;
  let bottom = top;
  let before: { x: number; y: number } | undefined;
  for (const pieceRow of columns) {
    const column = drawColumn(canvas, pieceRow, titles, x, top, before !== undefined);
    if (before !== undefined) connect(canvas, before, { x: column.axis, y: top }, x - measures.columnGap / 2);
    before = { x: column.axis, y: column.bottom };
    bottom = Math.max(bottom, column.bottom);
    x += column.width + measures.columnGap;
  }
  if (before !== undefined) {
    canvas.line(`M${number(before.x)} ${number(before.y)}v12`);
    canvas.arrow(before.x, before.y + 14, 'down');
  }
  const heading = headingOf(inspection, report);
  const headWidth = Math.max(textWidth(heading.name, 18), ...heading.lines.map((line) => textWidth(line, 11)));
  const figureWidth = below === undefined ? 0 : below.width + 2 * margin;
  const width = Math.max(x - measures.columnGap + margin, headWidth + 2 * margin, figureWidth, 300);
  const legend = legendOf(folded, width - 2 * margin);
  const drawnHeight = bottom + 26 + legend.height + margin;
  const height = drawnHeight + (below === undefined ? 0 : below.height + margin);
  legend.draw(canvas, margin, bottom + 26);
  canvas.text('h1', margin, margin + 16, heading.name, 'start');
  heading.lines.forEach((line, index) => canvas.text('w', margin, margin + 34 + 15 * index, line, 'start'));
  if (below !== undefined) canvas.front(`<g transform="translate(${margin} ${number(drawnHeight)})">${below.svg}</g>`);
  return documentOf(canvas.markup(), { width, height }, heading, folded);
}

function drawColumn(
  canvas: Canvas,
  pieces: readonly Placed[],
  titles: readonly (string | undefined)[],
  x: number,
  top: number,
  continues: boolean,
): { width: number; axis: number; bottom: number } {
  // A frame's title stands left of the line that enters it, and its shape right of the line.
  const room = (text: string, size: number): number => textWidth(text, size) + frameSide + clear - measures.padding;
  const named = pieces.filter(({ section }) => titles[section] !== undefined);
  const left = Math.max(
    ...pieces.map((piece) => piece.left),
    ...named.map(({ section }) => room(titles[section]!, 1.1 * 12)),
  );
  const right = Math.max(...pieces.map((piece) => piece.right), ...named.map(({ shape }) => room(shape, 10)));
  const width = left + right + 2 * measures.padding;
  const axis = x + measures.padding + left;
  let y = top;
  let lineFrom = continues ? top : undefined;
  for (let start = 0; start < pieces.length;) {
    const { section } = pieces[start]!;
    const end = start + pieces.slice(start).findIndex((_, index, rest) => rest[index + 1]?.section !== section) + 1;
    const own = pieces.slice(start, end);
    const title = titles[section];
    const frameTop = y;
    if (title !== undefined) y += frameHead;
    for (const [index, piece] of own.entries()) {
      if (lineFrom !== undefined) canvas.line(`M${number(axis)} ${number(lineFrom)}V${number(y)}`);
      if (lineFrom !== undefined && start + index === 0) canvas.arrow(axis, y, 'down');
      piece.draw(canvas, axis, y);
      y += piece.height;
      lineFrom = y;
      if (index + 1 < own.length) y += measures.gap;
    }
    if (title !== undefined) {
      y += frameFoot;
      canvas.frame(rectangle('fr', x, frameTop, width, y - frameTop, 10));
      canvas.text('y', x + frameSide, frameTop + 17, title, 'start');
      canvas.text('r', x + width - frameSide, frameTop + 17, own.at(-1)!.shape, 'end');
    }
    start = end;
    if (start < pieces.length) y += measures.sectionGap;
  }
  // The line continues from the last piece to the edge of its frame.
  canvas.line(`M${number(axis)} ${number(lineFrom ?? y)}V${number(y)}`);
  return { width, axis, bottom: y };
}

/** Draws the line from the bottom of one column to the top of the next, between the two columns. */
function connect(
  canvas: Canvas,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  between: number,
): void {
  const radius = 10;
  const [low, high] = [from.y + 12, to.y - 12];
  const turn = (dx: number, dy: number, sweep: 0 | 1) => `a${radius} ${radius} 0 0 ${sweep} ${dx} ${dy}`;
  canvas.line(
    `M${number(from.x)} ${number(from.y)}V${number(low - radius)}${turn(radius, radius, 0)}H${number(between - radius)}` +
      `${turn(radius, -radius, 0)}V${number(high + radius)}${turn(radius, -radius, 1)}H${number(to.x - radius)}` +
      `${turn(radius, radius, 1)}V${number(to.y)}`,
  );
}

const shapeOf = ({ chain }: Part): string => nodesOf(chain).at(-1)!.shape.join('×');
const outputShape = ({ parts }: Fold): string => shapeOf(parts.at(-1)!);

const cardHead = 18;
const cardFoot = 8;
const cardSide = 10;
const cardTextSide = 7;
const sheet = 4;

/**
 * `width` applies to boxes outside blocks, so that they are equally wide within a section. `shapes`: whether each block
 * shows the shape of its output, because its section has no title that would.
 */
function foldLayout(fold: Fold, width: number, shapes: boolean): Layout {
  const { parts, times, growth } = fold;
  const names = captions(fold);
  const [first] = parts;
  if (times === 1 && first !== undefined && first.block === undefined)
    return chainLayout(first.chain, growth, normal, width);
  const card = (part: Part, index: number, count: number): Layout =>
    cardLayout(part, growth, { name: names[index]!, shape: shapes ? shapeOf(part) : '' }, count);
  if (parts.length === 1) return card(first!, 0, times);
  const cards = parts.map((part, index) => card(part, index, 1));
  const left = Math.max(...cards.map((each) => each.left)) + 8;
  const right = Math.max(...cards.map((each) => each.right)) + 8;
  const gap = 12;
  const height = cards.reduce((sum, each) => sum + each.height, 0) + gap * (cards.length - 1) + 24;
  return {
    left,
    right: right + 10,
    height,
    draw: (canvas, x, y) => {
      canvas.card(rectangle('gr', x - left, y, left + right, height, 10));
      badge(canvas, x + right, y + 10, times);
      let top = y + 12;
      canvas.line(`M${number(x)} ${number(y)}V${number(top)}`);
      for (const each of cards) {
        each.draw(canvas, x, top);
        top += each.height + gap;
        canvas.line(`M${number(x)} ${number(top - gap)}V${number(Math.min(top, y + height))}`);
      }
    },
  };
}

/** A part on a card. A repeated part looks like a stack of cards and shows the repetition count. */
function cardLayout(
  { chain }: Part,
  growth: ReadonlyMap<Drawn, number>,
  { name, shape }: { readonly name: string; readonly shape: string },
  times: number,
): Layout {
  const inner = chainLayout(chain, growth);
  // The caption stands left of the line that enters the card, and the shape between the line and the badge.
  const room = (text: string): number => (text === '' ? 0 : textWidth(text, 9) + cardTextSide + clear);
  const badgeRoom = times > 1 ? 14 : 0;
  const left = Math.max(inner.left + cardSide, 34, room(name));
  const right = Math.max(inner.right + cardSide, 34, room(shape) + badgeRoom);
  const sheets = times > 1 ? 2 * sheet : 0;
  const height = cardHead + inner.height + cardFoot;
  return {
    left,
    right: right + (times > 1 ? 12 : 0),
    height: height + sheets,
    draw: (canvas, x, y) => {
      for (let offset = sheets; offset >= 0; offset -= sheet) {
        canvas.card(rectangle('ca', x - left + offset, y + offset, left + right, height, 7));
      }
      canvas.text('v', x - left + cardTextSide, y + 12, name, 'start');
      if (shape !== '') canvas.text('v', x + right - cardTextSide - badgeRoom, y + 12, shape, 'end');
      if (times > 1) badge(canvas, x + right, y + 8, times);
      canvas.line(`M${number(x)} ${number(y)}V${number(y + cardHead)}`);
      inner.draw(canvas, x, y + cardHead);
      canvas.line(`M${number(x)} ${number(y + cardHead + inner.height)}V${number(y + height + sheets)}`);
    },
  };
}

function badge(canvas: Canvas, x: number, y: number, times: number): void {
  const text = `×${times}`;
  const width = textWidth(text, 11) + 12;
  canvas.front(rectangle('ba', x - width / 2, y - 8, width, 17, 8.5));
  canvas.text('bt', x, y + 4.5, text);
}

/** For each drawn part, labels the blocks it stands for by the last words of their names. */
function captions({ parts, blocks, times }: Fold): string[] {
  // The last word identifies a block, together with the word before it if that is a number.
  const local = (block = ''): string => /(\.\d+)?\.[^.]+$/.exec(block)?.[0].slice(1) ?? block;
  if (times === 1 || blocks.length === 0) return parts.map(({ block }) => local(block));
  return parts.map((_, index) => {
    const own = blocks.filter((__, position) => position % parts.length === index).map(local);
    const [first = ''] = own;
    // `denselayer1 – 6`: the common prefix appears once.
    const word = /^\D*/.exec(first)![0];
    const others = own.slice(1).map((name) => (name.startsWith(word) ? name.slice(word.length) : name));
    if (parts.length === 1) return `${first} – ${others.at(-1)!}`;
    return own.length < 4 ? [first, ...others].join(', ') : `${first}, ${others[0]!} … ${others.at(-1)!}`;
  });
}

const scopeWords = { network: 'over the network', stage: 'over each stage', block: 'over each block' } as const;

function headingOf({ model, totals }: Inspection, report: ProportionReport): { name: string; lines: string[] } {
  const { asked, achieved, pattern, scope, label, sites } = report;
  const kept = sites.filter((site) => site.kept).length;
  // A ratio with `=` already names the stages it applies to.
  const where = asked.includes('=') && scope === 'network' ? '' : ` ${scopeWords[scope]}`;
  const how = pattern === '1' ? '' : `pattern ${pattern}${where}: `;
  return {
    name: `${model} at ${label}`,
    lines: [
      `${how}${kept} of ${sites.length} activations kept${achieved === asked ? '' : ` (achieved: ${achieved})`}`,
      `${formatCount(totals.parameters)} parameters · ${formatLarge(totals.macs)} MACs · ` +
        `${totals.convolutions} convolutions · ${formatLarge(totals.activationElements)} values through an activation`,
    ],
  };
}

function documentOf(
  markup: string,
  { width, height }: { readonly width: number; readonly height: number },
  { name, lines }: { readonly name: string; readonly lines: readonly string[] },
  folded: readonly { readonly title: string | undefined; readonly folds: readonly Fold[] }[],
): string {
  // Ids must differ between drawings on one page.
  const id = `rectio-${name}`.replaceAll(/[^\w-]+/g, '-');
  const [w, h] = [number(Math.ceil(width)), number(Math.ceil(height))];
  return `<svg xmlns="http://www.w3.org/2000/svg"${rootLook} role="img" aria-labelledby="${id}-title ${id}-desc" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">
<title id="${id}-title">${escapeText(name)}</title>
<desc id="${id}-desc">${escapeText([...lines, ...folded.map(sentence)].join('. '))}.</desc>
<style>
${styleSheet}
</style>
<rect${look('bg')} width="${w}" height="${h}" rx="12"/>
${markup}
</svg>
`;
}

/** Describes a section for users of screen readers. */
function sentence({ title, folds }: { readonly title: string | undefined; readonly folds: readonly Fold[] }): string {
  const counts = { convolutions: 0, kept: 0, dropped: 0 };
  for (const { parts, times } of folds) {
    for (const { glyph } of parts.flatMap(({ chain }) => nodesOf(chain))) {
      if (glyph.kind === 'box' && glyph.style !== 'pool' && glyph.style !== 'linear') counts.convolutions += times;
      if (glyph.kind === 'dot' && glyph.state !== 'other') counts[glyph.state] += times;
    }
  }
  const blocks = folds.reduce((sum, fold) => sum + fold.blocks.length, 0);
  return [
    title ?? 'Outside of any stage',
    ...(blocks > 0 ? [`${blocks} blocks`] : []),
    `${counts.convolutions} convolutions`,
    ...(counts.kept + counts.dropped > 0 ? [`${counts.kept} activations kept and ${counts.dropped} dropped`] : []),
    `output ${outputShape(folds.at(-1)!)}`,
  ].join(', ');
}
