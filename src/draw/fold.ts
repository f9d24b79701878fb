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
      const repetitions = repetitionsBefore(looks, end, period);
      for (let start = end - 2 * period; start >= 0; start -= period) {
        const found = repetitions.next();
        if (found.done === true) break;
        if (!found.value) continue;
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

/**
 * Says of two repetitions of `period` parts before `end`, then of three, and so on, whether they look the same, up to
 * numbers that grow evenly. It ends where no larger number of repetitions does.
 */
function* repetitionsBefore(looks: readonly Look[], end: number, period: number): Generator<boolean, void> {
  /** For each number of the parts that repeat, its least and its most step from one repetition to the next. */
  const steps: { least: number; most: number }[][] = Array.from({ length: period }, () => []);
  for (let start = end - 2 * period; start >= 0; start -= period) {
    let [equal, even] = [true, true];
    for (let offset = 0; offset < period; offset++) {
      const [one, next] = [looks[start + offset]!, looks[start + offset + period]!];
      if (one.form !== next.form) return;
      for (const [position, count] of one.counts.entries()) {
        const step = next.counts[position]! - count;
        const { least, most } = (steps[offset]![position] ??= { least: step, most: step });
        const seen = { least: Math.min(least, step), most: Math.max(most, step) };
        steps[offset]![position] = seen;
        const still = seen.least === 0 && seen.most === 0;
        equal &&= still;
        // Rounding to whole channels makes even steps differ by one.
        even &&= still || (seen.least > 0 && seen.most - seen.least <= 1);
      }
    }
    if (!even) return;
    yield equal || end - start > 2 * period;
  }
}
