/** Collects SVG shapes in layers: frames at the back, then cards, then lines, then everything in front of the lines. */

import { look, type LookName } from './style.js';

/** Formats a coordinate or length for SVG with at most one decimal place. */
export const number = (value: number): string => String(Math.round(value * 10) / 10);

/** Escapes text for SVG content and attributes. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** An upper bound for the width of a text in a sans-serif font of the given size. The reader's font is unknown. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += narrow.has(character) ? 0.37 : wide.has(character) ? 0.9 : 0.62;
  return width * size;
}
const narrow = new Set(" .,:;|!'ijlrtf/()[]·I");
const wide = new Set('mwMW@%');

export type Anchor = 'start' | 'middle' | 'end';

export interface Canvas {
  /** Draws behind everything, for a section's frame. */
  frame(markup: string): void;
  /** Draws in front of the frames and behind the lines, for a block's card. */
  card(markup: string): void;
  /** Draws a line, given as SVG path data. */
  line(data: string): void;
  /** Draws an arrowhead with its tip at (x, y). */
  arrow(x: number, y: number, direction: 'down' | 'left'): void;
  /** Draws in front of all lines. */
  front(markup: string): void;
  /** Draws a text with its baseline at y. */
  text(style: LookName, x: number, y: number, content: string, anchor?: Anchor): void;
  markup(): string;
}

/** The root element centers texts. */
const anchors = { start: ' text-anchor="start"', middle: '', end: ' text-anchor="end"' } as const;

export function createCanvas(): Canvas {
  const layers = {
    frames: [] as string[],
    cards: [] as string[],
    lines: [] as string[],
    arrows: [] as string[],
    front: [] as string[],
  };
  return {
    frame: (markup) => void layers.frames.push(markup),
    card: (markup) => void layers.cards.push(markup),
    line: (data) => void layers.lines.push(data),
    arrow: (x, y, direction) =>
      void layers.arrows.push(
        direction === 'down' ? `M${number(x)} ${number(y)}l-3.5-6h7z` : `M${number(x)} ${number(y)}l6-3.5v7z`,
      ),
    front: (markup) => void layers.front.push(markup),
    text: (style, x, y, content, anchor = 'middle') =>
      void layers.front.push(
        `<text${look(style)}${anchors[anchor]} x="${number(x)}" y="${number(y)}">${escapeText(content)}</text>`,
      ),
    markup: () =>
      [
        ...layers.frames,
        ...layers.cards,
        `<path${look('l')} d="${layers.lines.join('')}"/>`,
        `<path${look('a')} d="${layers.arrows.join('')}"/>`,
        ...layers.front,
      ].join('\n'),
  };
}

/** A drawable element. Its line enters at the top and leaves at the bottom, both at x = 0. */
export interface Layout {
  /** Extent to either side of the line. */
  readonly left: number;
  readonly right: number;
  readonly height: number;
  draw(canvas: Canvas, x: number, y: number): void;
}
