/**
 * Scales, axes and colors that figures share. Each figure is an SVG document that can stand in a page. Its
 * light colors are attributes, which every renderer knows; a style sheet overrides them on dark pages.
 */

import { armColors, armProperty, pageColors } from '../base/colors.js';
import { escapeText } from './canvas.js';

/** Narrow enough for its texts to be legible on a screen of 400 pixels, where a page shrinks it a little. */
export const figureWidth = 440;

export interface Scale {
  /** From a value to a place in the drawing. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/**
 * A scale over all of `values`, with round ticks (multiples of 1, 2 or 5 times a power of ten) that lie within it.
 * @param from where the lowest value lies, and `to` the highest
 */
export function linearScale(values: readonly number[], from: number, to: number, wanted = 5): Scale {
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const step = roundStep((high - low) / wanted);
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(k * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks,
    format: (value) =>
      (digits === 0 && Math.abs(value) >= 1000 ? short(value) : value.toFixed(digits)).replace('-', '−'),
  };
}

function padded(low: number, high: number): [number, number] {
  const room = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.06;
  return [low - room, high + room];
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

function short(value: number): string {
  return Math.abs(value) >= 1e6 ? `${value / 1e6} M` : `${value / 1e3} k`;
}

/** A coordinate, with as many digits as a screen shows. */
export function place(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const light: { readonly [name: string]: string } = { ...pageColors.light, ...armColors.light };
const dark: { readonly [name: string]: string } = { ...pageColors.dark, ...armColors.dark };

/** The name of a color of the theme: `ink`, `muted`, `arm0`. */
export type ColorName = string;

/** The color of the arm at a place in its group. */
export function armColor(index: number): ColorName {
  return armProperty(index).slice('--'.length);
}

/** The attributes of a mark that is filled with a color. */
export function filled(color: ColorName): string {
  return `class="f-${color}" fill="${light[color]!}"`;
}

/** The attributes of a mark whose outline has a color. */
export function stroked(color: ColorName, width = 1): string {
  return `class="s-${color}" stroke="${light[color]!}"${width === 1 ? '' : ` stroke-width="${width}"`} fill="none"`;
}

/** What readers see when the pointer rests on a mark, and what screen readers say of it. */
export function tooltip(text: string): string {
  return `<title>${escapeText(text)}</title>`;
}

/** Scoped to the figure's class, so an inline figure does not restyle its page. Only the colors that it has are named. */
function darkRules(marks: string): string {
  const rules = Object.entries(dark).flatMap(([name, color]) => [
    ...(marks.includes(`"f-${name}"`) ? [`.figure .f-${name}{fill:${color}}`] : []),
    ...(marks.includes(`"s-${name}"`) ? [`.figure .s-${name}{stroke:${color}}`] : []),
  ]);
  return `@media(prefers-color-scheme:dark){${[`.figure{fill:${dark['ink']!}}`, ...rules].join('')}}`;
}

const font =
  `fill="${light['ink']!}" font-size="13" ` +
  `font-family="ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"`;

export interface FigureText {
  readonly title: string;
  /** A description for readers who cannot see the figure. */
  readonly description: string;
}

/** Wraps marks into a document of this size. */
export function figure(
  width: number,
  height: number,
  { title, description }: FigureText,
  marks: readonly string[],
): string {
  const content = [`<rect width="100%" height="100%" ${filled('page')}/>`, ...marks].join('\n');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="figure" ${font} viewBox="0 0 ${place(width)} ${place(height)}" width="${place(width)}" height="${place(height)}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<desc>${escapeText(description)}</desc>`,
    `<style>${darkRules(content)}</style>`,
    content,
    '</svg>',
    '',
  ].join('\n');
}

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly kind?: 'small' | 'strong';
  readonly color?: ColorName;
}

const kinds = { small: ' font-size="12"', strong: ' font-weight="600"' } as const;

export function textMark(
  x: number,
  y: number,
  text: string,
  { anchor = 'start', kind, color }: TextOptions = {},
): string {
  const shown = color ?? (kind === 'small' ? 'muted' : undefined);
  const look = `${kind === undefined ? '' : kinds[kind]}${shown === undefined ? '' : ` ${filled(shown)}`}`;
  return `<text x="${place(x)}" y="${place(y)}" text-anchor="${anchor}"${look}>${escapeText(text)}</text>`;
}

/** A dot for one seed's value. @param says what readers see when the pointer rests on it */
export function seedMark(x: number, y: number, color: ColorName, says?: string): string {
  return told('circle', `cx="${place(x)}" cy="${place(y)}" r="2.5" ${filled(color)} opacity=".55"`, says);
}

/** A square for an estimate. @param says what readers see when the pointer rests on it */
export function estimateMark(x: number, y: number, color: ColorName, says?: string): string {
  return told('rect', `x="${place(x - 4.5)}" y="${place(y - 4.5)}" width="9" height="9" ${filled(color)}`, says);
}

function told(tag: string, attributes: string, says: string | undefined): string {
  return says === undefined ? `<${tag} ${attributes}/>` : `<${tag} ${attributes}>${tooltip(says)}</${tag}>`;
}

/** The bar of an interval, along a path. */
export function intervalMark(path: string, color: ColorName): string {
  return `<path d="${path}" ${stroked(color, 2.5)}/>`;
}

const lineLooks = { axis: stroked('line'), zero: `${stroked('muted')} stroke-dasharray="4 3"` } as const;

export function lineMark(kind: 'axis' | 'zero', x1: number, y1: number, x2: number, y2: number): string {
  return `<path ${lineLooks[kind]} d="M${place(x1)} ${place(y1)}L${place(x2)} ${place(y2)}"/>`;
}

/** The area between the axes of a chart. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Grid lines and numbers of both axes, with what they count. */
export function axes(frame: Frame, x: Scale, y: Scale, xLabel: string, yLabel: string): string[] {
  const { left, right, top, bottom } = frame;
  return [
    ...y.ticks.flatMap((tick) => [
      lineMark('axis', left, y.at(tick), right, y.at(tick)),
      textMark(left - 8, y.at(tick) + 4, y.format(tick), { anchor: 'end', kind: 'small' }),
    ]),
    ...x.ticks.flatMap((tick) => [
      lineMark('axis', x.at(tick), bottom, x.at(tick), bottom + 4),
      textMark(x.at(tick), bottom + 18, x.format(tick), { anchor: 'middle', kind: 'small' }),
    ]),
    lineMark('axis', left, bottom, right, bottom),
    textMark((left + right) / 2, bottom + 38, xLabel, { anchor: 'middle', kind: 'small' }),
    textMark(left - 40, top - 12, yLabel, { kind: 'small' }),
  ];
}

/**
 * The lines of a plot in rows that share an axis: at every tick and at 0, in each row.
 * @param tops where each row's lines begin
 * @param height how far down they run
 * @param bottom of the last row; the numbers of the ticks stand below it
 */
export function rowLines(x: Scale, tops: readonly number[], height: number, bottom: number): string[] {
  const lines = (kind: 'axis' | 'zero', at: number): string[] =>
    tops.map((top) => lineMark(kind, at, top, at, top + height));
  return [
    ...x.ticks.flatMap((tick) => [
      ...lines('axis', x.at(tick)),
      textMark(x.at(tick), bottom + 18, x.format(tick), { anchor: 'middle', kind: 'small' }),
    ]),
    ...lines('zero', x.at(0)),
  ];
}

/** Names with their colors, as many in a line as fit. */
export function legend(
  names: readonly { readonly name: string; readonly color: ColorName }[],
  left: number,
  width: number,
  y: number,
): { readonly marks: string[]; readonly height: number } {
  const marks: string[] = [];
  let [x, line] = [left, 0];
  for (const { name, color } of names) {
    const needed = 24 + name.length * 7.4 + 18;
    if (x > left && x + needed > left + width) [x, line] = [left, line + 1];
    const top = y + line * 20;
    marks.push(
      `<rect x="${place(x)}" y="${place(top - 8)}" width="16" height="4" rx="2" ${filled(color)}/>`,
      textMark(x + 22, top - 1, name),
    );
    x += needed;
  }
  return { marks, height: (line + 1) * 20 };
}
