/** Repeated parts of a network fold into one with the number of its repetitions. */

import { labelText, type Drawn, type Label } from './glyphs.js';
import { nodesOf, type Chain, type Element } from './structure.js';

/** A part of the network that is drawn as a whole: a block, or a convolution with what belongs to it. */
export interface Part {
  /** The block's name; undefined for what belongs to no block. */
  readonly block?: string;
  readonly chain: Chain;
  /** How much room it takes if it is drawn. */
  readonly height: number;
}

/** `parts` one behind the other, `times` times. */
export interface Fold {
  readonly times: number;
  /** Those that are drawn: the first repetition. */
  readonly parts: readonly Part[];
  /** The names of the blocks of all repetitions, in order. */
  readonly blocks: readonly string[];
  /** What counts grow up to in the last repetition, by the node drawn; those that stay are not in it. */
  readonly growth: ReadonlyMap<Drawn, number>;
}

/** How many parts a pattern may span. */
const longestPeriod = 12;

/** Room that a fold's frame takes, and what it must save at least: a fold has to be worth reading. */
const foldRoom = { block: 16, loose: 70 } as const;

/**
 * The parts, folded such that they take the least room. Parts are equal where they look the same: the same structure,
 * shapes and kept activations. Three or more that differ only in numbers of channels that grow evenly fold as well.
 */
export function foldParts(parts: readonly Part[]): Fold[] {
  const looks = parts.map(({ chain }) => lookOf(chain));
  interface Best {
    readonly room: number;
    readonly start: number;
    readonly period: number;
  }
  const best: Best[] = [{ room: 0, start: 0, period: 0 }];
  for (let end = 1; end <= parts.length; end++) {
    const single = { room: best[end - 1]!.room + parts[end - 1]!.height, start: end - 1, period: 1 };
    let chosen: Best = single;
    for (let period = 1; period <= longestPeriod && 2 * period <= end; period++) {
      for (let start = end - 2 * period; start >= 0; start -= period) {
        if (!sameForm(looks, start, period)) break;
        const count = (end - start) / period;
        if (!repeats(looks, start, period, count)) continue;
        const drawn = parts.slice(start, start + period);
        const frame = drawn.every(({ block }) => block !== undefined) ? foldRoom.block : foldRoom.loose;
        const room = best[start]!.room + frame + drawn.reduce((sum, { height }) => sum + height, 0);
        if (room < chosen.room) chosen = { room, start, period };
      }
    }
    best.push(chosen);
  }

  const folds: Fold[] = [];
  for (let end = parts.length; end > 0; end = best[end]!.start) {
    const { start, period } = best[end]!;
    folds.unshift(foldOf(parts.slice(start, end), period));
  }
  return folds;
}

function foldOf(parts: readonly Part[], period: number): Fold {
  const drawn = parts.slice(0, period);
  const last = parts.slice(-period).flatMap(({ chain }) => nodesOf(chain));
  const growth = new Map<Drawn, number>();
  drawn
    .flatMap(({ chain }) => nodesOf(chain))
    .forEach((node, index) => {
      const [from, to] = [countOf(node), countOf(last[index]!)];
      if (from !== undefined && to !== undefined && from !== to) growth.set(node, to);
    });
  return {
    times: parts.length / period,
    parts: drawn,
    blocks: parts.flatMap(({ block }) => block ?? []),
    growth,
  };
}

/** What a part looks like: its form, and the numbers of channels that fill it in. */
interface Look {
  readonly form: string;
  readonly counts: readonly number[];
}

function lookOf(chain: Chain): Look {
  const counts = nodesOf(chain).flatMap((node) => countOf(node) ?? []);
  return { form: chainForm(chain), counts };
}

const labelOf = ({ glyph }: Drawn): Label | undefined => ('label' in glyph ? glyph.label : undefined);
const countOf = (node: Drawn): number | undefined => labelOf(node)?.count;

const chainForm = (chain: Chain): string => `[${chain.map(elementForm).join(' ')}]`;

function elementForm(element: Element): string {
  switch (element.kind) {
    case 'single':
      return nodeForm(element.node);
    case 'parallel':
      return `(${element.branches.map(chainForm).join('|')})${element.join === undefined ? '' : nodeForm(element.join)}`;
    case 'tangle':
      return `{${element.nodes.map(nodeForm).join(' ')} ${JSON.stringify([element.inputs, element.ends])}}`;
  }
}

function nodeForm(node: Drawn): string {
  const { glyph, shape } = node;
  const { label, ...look } = { label: undefined, ...glyph };
  const text = label === undefined ? '' : labelText(label.count === undefined ? label : { ...label, count: 0 });
  return `${JSON.stringify(look)}${text}@${shape.slice(1).join('×')}`;
}

/** Whether the two repetitions from `start` on have one form. */
function sameForm(looks: readonly Look[], start: number, period: number): boolean {
  for (let offset = 0; offset < period; offset++) {
    if (looks[start + offset]!.form !== looks[start + offset + period]!.form) return false;
  }
  return true;
}

/** Whether `count` repetitions of one form, from `start` on, have the same numbers or numbers that grow evenly. */
function repeats(looks: readonly Look[], start: number, period: number, count: number): boolean {
  for (let offset = 0; offset < period; offset++) {
    const all = Array.from({ length: count }, (_, index) => looks[start + offset + index * period]!.counts);
    const [first = []] = all;
    for (const position of first.keys()) {
      const values = all.map((counts) => counts[position]!);
      const steps = values.slice(1).map((value, index) => value - values[index]!);
      const [least, most] = [Math.min(...steps), Math.max(...steps)];
      const equal = least === 0 && most === 0;
      // Rounding to whole channels makes even steps differ by one.
      if (!equal && !(count > 2 && least > 0 && most - least <= 1)) return false;
    }
  }
  return true;
}
