/** Lays out a chain: elements from top to bottom, branches side by side, shortcuts as arcs on the right. */

import { number, textWidth, type Layout } from './canvas.js';
import { labelText, type BoxStyle, type Drawn, type GlyphOf, type Sign } from './glyphs.js';
import type { Chain, Element, Parallel } from './structure.js';
import { look, type LookName } from './style.js';
import { tangleLayout } from './tangle.js';

/** Sizes of shapes. A gate is drawn smaller, beside the path that it weights. */
export interface Scale {
  readonly box: number;
  readonly gap: number;
  readonly dot: number;
  readonly font: number;
  readonly textStyle: LookName;
}

export const normal: Scale = { box: 24, gap: 7, dot: 5, font: 11, textStyle: 't' };
const small: Scale = { box: 17, gap: 5, dot: 3.5, font: 9, textStyle: 'u' };

/** Counts in the last repetition of a fold, for nodes whose count grows. */
export type Growth = ReadonlyMap<Drawn, number>;

const joinRadius = 8;
const laneGap = 14;
const branchGap = 14;

const boxLooks: { readonly [S in BoxStyle]: LookName } = {
  pointwise: 'p',
  convolution: 'c',
  depthwise: 'd',
  pool: 'q',
  linear: 'f',
};

/** Lays out a node on its line. `width` overrides the natural width of a box. */
export function nodeLayout(node: Drawn, growth: Growth, scale: Scale, width?: number): Layout {
  const { glyph } = node;
  switch (glyph.kind) {
    case 'box':
      return boxLayout(glyph, labelText(glyph.label, growth.get(node)), scale, width);
    case 'input':
      return textBox('i', labelText(glyph.label), scale);
    case 'pill':
      return textBox('n', labelText(glyph.label, growth.get(node)), small);
    case 'bar':
      return barLayout(width);
    case 'dot':
      return dotLayout(glyph, scale);
    case 'junction':
      return junctionLayout(glyph);
  }
}

/** The width that a node's box needs for its text. */
function naturalWidth(node: Drawn, growth: Growth, scale: Scale): number {
  if (node.glyph.kind !== 'box') return 0;
  const text = textWidth(labelText(node.glyph.label, growth.get(node)), scale.font);
  return Math.max(scale === normal ? 76 : 44, Math.ceil((text + 14) / 4) * 4);
}

function boxLayout({ style, normed }: GlyphOf<'box'>, text: string, scale: Scale, width = 0): Layout {
  const { box: height, font, textStyle } = scale;
  const half = width / 2;
  return {
    left: half,
    right: half,
    height,
    draw: (canvas, x, y) => {
      canvas.front(rectangle(boxLooks[style], x - half, y, width, height, 4));
      if (normed)
        canvas.front(`<path${look('g')} d="M${number(x - half + 4)} ${number(y + height - 3)}h${number(width - 8)}"/>`);
      canvas.text(textStyle, x, y + height / 2 + 0.36 * font - (normed ? 1 : 0), text);
    },
  };
}

function textBox(style: LookName, text: string, { box: height, font, textStyle }: Scale): Layout {
  const half = textWidth(text, font) / 2 + 8;
  return {
    left: half,
    right: half,
    height,
    draw: (canvas, x, y) => {
      canvas.front(rectangle(style, x - half, y, 2 * half, height, height / 2));
      canvas.text(textStyle, x, y + height / 2 + 0.36 * font, text);
    },
  };
}

function barLayout(width = 76): Layout {
  const half = width / 2;
  const height = 5;
  return {
    left: half,
    right: half,
    height,
    draw: (canvas, x, y) => canvas.front(rectangle('z', x - half, y, width, height, 2.5)),
  };
}

const dotLooks = { kept: 'k', dropped: 'o', other: 'x' } as const;

function dotLayout({ state }: GlyphOf<'dot'>, { dot: radius }: Scale): Layout {
  return {
    left: radius,
    right: radius,
    height: 2 * radius,
    draw: (canvas, x, y) => canvas.front(circle(dotLooks[state], x, y + radius, radius)),
  };
}

/** Signs in junctions, relative to the center. */
export const signs: { readonly [S in Sign]: string } = {
  add: 'M-4 0h8M0-4v8',
  multiply: 'M-3-3l6 6M3-3l-6 6',
  concat: 'M-2.5-4v8M2.5-4v8',
};

function junctionLayout({ sign }: GlyphOf<'junction'>): Layout {
  return {
    left: joinRadius,
    right: joinRadius,
    height: 2 * joinRadius,
    draw: (canvas, x, y) => {
      canvas.front(circle('j', x, y + joinRadius, joinRadius));
      canvas.front(
        `<path${look('h')} transform="translate(${number(x)} ${number(y + joinRadius)})" d="${signs[sign]}"/>`,
      );
    },
  };
}

/** The width of the widest box in a chain, not counting its branches. */
export function boxWidth(chain: Chain, growth: Growth = new Map(), scale: Scale = normal): number {
  return Math.max(
    0,
    ...chain.map((element) => (element.kind === 'single' ? naturalWidth(element.node, growth, scale) : 0)),
  );
}

/** Stacks elements vertically on a straight line, with boxes of equal width. */
export function chainLayout(chain: Chain, growth: Growth, scale: Scale = normal, leastWidth = 0): Layout {
  const width = Math.max(leastWidth, boxWidth(chain, growth, scale));
  const layouts = chain.map((element) => elementLayout(element, growth, scale, width));
  const { gap } = scale;
  return {
    left: Math.max(0, ...layouts.map(({ left }) => left)),
    right: Math.max(0, ...layouts.map(({ right }) => right)),
    height: layouts.reduce((sum, { height }) => sum + height, 0) + gap * Math.max(0, layouts.length - 1),
    draw: (canvas, x, y) => {
      let top = y;
      for (const [index, layout] of layouts.entries()) {
        if (index > 0) canvas.line(vertical(x, top - gap, top));
        layout.draw(canvas, x, top);
        top += layout.height + gap;
      }
    },
  };
}

function elementLayout(element: Element, growth: Growth, scale: Scale, width: number): Layout {
  switch (element.kind) {
    case 'single':
      return nodeLayout(element.node, growth, scale, width || undefined);
    case 'parallel':
      return parallelLayout(element, growth, scale);
    case 'tangle':
      return tangleLayout(element, (node) => nodeLayout(node, growth, scale, naturalWidth(node, growth, scale)));
  }
}

/** The number of convolutions in a chain, not counting shortcuts. It tells main branches from side branches. */
function convolutions(chain: Chain): number {
  return chain.reduce((sum, element) => {
    if (element.kind === 'parallel')
      return sum + element.branches.reduce((inner, each) => inner + convolutions(each), 0);
    const nodes = element.kind === 'single' ? [element.node] : element.nodes;
    return sum + nodes.filter(isMainConvolution).length;
  }, 0);
}

const isMainConvolution = ({ glyph, place }: Drawn): boolean =>
  glyph.kind === 'box' && glyph.style !== 'pool' && place.role !== 'shortcut';

/** Splits branches into those centered on the line and those to their right. Identities are outermost. */
function arrange({ branches, join }: Parallel): { mains: readonly Chain[]; sides: readonly Chain[] } {
  const identities = branches.filter((branch) => branch.length === 0);
  const others = branches.filter((branch) => branch.length > 0);
  // The path that a gate weights continues straight on.
  if (isSign(join, 'multiply')) return { mains: branches.slice(0, 1), sides: branches.slice(1) };
  const strong = others.filter((branch) => convolutions(branch) > 0);
  if (strong.length === 1) {
    return { mains: strong, sides: [...others.filter((branch) => !strong.includes(branch)), ...identities] };
  }
  if (others.length === 0) return { mains: branches.slice(0, 1), sides: branches.slice(1) };
  return { mains: others, sides: identities };
}

const isSign = (node: Drawn | undefined, sign: Sign): boolean =>
  node?.glyph.kind === 'junction' && node.glyph.sign === sign;

/** Whether a join is drawn as a bar: a concatenation of branches that all stand side by side. */
export function drawnAsBar(element: Parallel): boolean {
  const { mains, sides } = arrange(element);
  return mains.length > 1 && sides.length === 0 && isSign(element.join, 'concat');
}

interface Lane {
  readonly layout: Layout;
  /** Offset of the branch's line from the main line. */
  readonly x: number;
  readonly side: boolean;
}

function parallelLayout(element: Parallel, growth: Growth, scale: Scale): Layout {
  const { mains, sides } = arrange(element);
  const gated = isSign(element.join, 'multiply');
  const spread = mains.length > 1;
  const lanes = [...spreadOut(mains.map((branch) => chainLayout(branch, growth, scale)))];
  let reach = Math.max(0, ...lanes.map(({ x, layout }) => x + layout.right));
  for (const branch of sides) {
    const layout = chainLayout(branch, growth, gated ? small : scale);
    const x = reach + laneGap + layout.left;
    lanes.push({ layout, x, side: true });
    reach = x + layout.right;
  }
  const left = Math.max(0, ...lanes.map(({ x, layout }) => layout.left - x));
  const mainLanes = lanes.filter(({ side }) => !side);
  const mainReach = Math.max(...mainLanes.map(({ x, layout }) => x + layout.right));
  const lead = spread ? 22 : 8;
  /** The vertical radius of an arc to `x`, large enough to clear the shapes on the main path. */
  const bend = (x: number): number => {
    if (mainReach === 0) return 16;
    const share = Math.min(0.98, (mainReach + 4) / x);
    return Math.max(12, Math.min(40, lead / (1 - Math.sqrt(1 - share * share))));
  };
  const tallest = Math.max(
    ...lanes.map(({ layout, x, side }) => layout.height + (side ? 2 * Math.max(0, bend(x) - lead) : 0)),
    sides.length > 0 ? 26 : 0,
  );
  const { join } = element;
  const bar = drawnAsBar(element);
  const joined = join === undefined ? undefined : bar ? concatBar(join, lanes) : nodeLayout(join, growth, scale);
  const trail = bar ? 10 : spread ? 18 : 8;
  const bodyHeight = lead + tallest + trail;
  return {
    left,
    right: reach,
    height: bodyHeight + (joined?.height ?? 0),
    draw: (canvas, x, y) => {
      const joinTop = y + bodyHeight;
      for (const { layout, x: offset, side } of lanes) {
        const lane = x + offset;
        const top = y + lead + (tallest - layout.height) / 2;
        const bottom = top + layout.height;
        const end = joined === undefined ? joinTop : joinTop + joinRadius;
        if (side) {
          const target = joined === undefined ? x : x + joinRadius + 5;
          const gap = layout.height > 0 ? { top, bottom } : undefined;
          canvas.line(sideArc([x, y], [target, end], [offset, bend(offset)], gap));
          if (joined !== undefined) canvas.arrow(x + joinRadius, end, 'left');
        } else {
          canvas.line(corner(x, y, lane, top));
          if (bar || offset === 0) canvas.line(vertical(lane, bottom, joinTop));
          else canvas.line(cornerBack(lane, bottom, x, end));
        }
        layout.draw(canvas, lane, top);
      }
      joined?.draw(canvas, x, joinTop);
    },
  };
}

/** A path that arcs out by `rx`, runs down and arcs back. It leaves out `gap`, where the shapes of the branch are. */
function sideArc(
  [x, y]: readonly [number, number],
  [target, end]: readonly [number, number],
  [rx, ry]: readonly [number, number],
  gap: { readonly top: number; readonly bottom: number } | undefined,
): string {
  const lane = x + rx;
  const down = `M${number(x)} ${number(y)}A${number(rx)} ${number(ry)} 0 0 1 ${number(lane)} ${number(y + ry)}`;
  const back = `A${number(lane - target)} ${number(ry)} 0 0 1 ${number(target)} ${number(end)}`;
  const through = gap === undefined ? '' : `V${number(gap.top)}M${number(lane)} ${number(gap.bottom)}`;
  return `${down}${through}V${number(end - ry)}${back}`;
}

/** Places layouts side by side, centered on the line. */
function spreadOut(layouts: readonly Layout[]): Lane[] {
  const [only] = layouts;
  if (layouts.length === 1 && only !== undefined) return [{ layout: only, x: 0, side: false }];
  const total =
    layouts.reduce((sum, { left, right }) => sum + left + right, 0) + branchGap * Math.max(0, layouts.length - 1);
  let edge = -total / 2;
  return layouts.map((layout) => {
    const x = edge + layout.left;
    edge = x + layout.right + branchGap;
    return { layout, x, side: false };
  });
}

/** A concatenation drawn as a bar below its branches. */
function concatBar(join: Drawn, lanes: readonly Lane[]): Layout {
  const left = Math.max(40, ...lanes.map(({ x }) => 12 - x));
  const right = Math.max(40, ...lanes.map(({ x }) => 12 + x));
  const text = `concatenate, ${join.shape[0] ?? ''}`;
  const height = 17;
  return {
    left,
    right,
    height,
    draw: (canvas, x, y) => {
      canvas.front(rectangle('n', x - left, y, left + right, height, 4));
      canvas.text('u', x, y + height / 2 + 0.36 * 9, text);
    },
  };
}

const vertical = (x: number, from: number, to: number): string =>
  to > from ? `M${number(x)} ${number(from)}V${number(to)}` : '';

/** A path from (x, y) sideways and down to (lane, bottom), with a rounded corner. */
function corner(x: number, y: number, lane: number, bottom: number): string {
  if (lane === x) return vertical(x, y, bottom);
  const radius = Math.min(8, Math.abs(lane - x), bottom - y);
  const sign = Math.sign(lane - x);
  const turn = `A${number(radius)} ${number(radius)} 0 0 ${sign > 0 ? 1 : 0} ${number(lane)} ${number(y + 4 + radius)}`;
  return `M${number(x)} ${number(y)}v4H${number(lane - sign * radius)}${turn}V${number(bottom)}`;
}

/** A path from (lane, top) down and sideways to (x, y), with a rounded corner. */
function cornerBack(lane: number, top: number, x: number, y: number): string {
  const radius = Math.min(8, Math.abs(lane - x));
  const sign = Math.sign(x - lane);
  const turn = `A${number(radius)} ${number(radius)} 0 0 ${sign > 0 ? 0 : 1} ${number(lane + sign * radius)} ${number(y)}`;
  return `M${number(lane)} ${number(top)}V${number(y - radius)}${turn}H${number(x)}`;
}

export function rectangle(
  style: LookName,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): string {
  return `<rect${look(style)} x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" rx="${number(radius)}"/>`;
}

export function circle(style: LookName, x: number, y: number, radius: number): string {
  return `<circle${look(style)} cx="${number(x)}" cy="${number(y)}" r="${number(radius)}"/>`;
}
