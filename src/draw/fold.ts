/** Folds repeated parts of a network into one part with a repetition count. */

import { labelText, type Drawn, type Label } from './glyphs.js';
import { nodesOf, type Chain, type Element } from './structure.js';

/** A part of the network that is drawn as a unit: a block, or a convolution with its norm and activation. */
export interface Part {
  /** The block's name; undefined outside blocks. */
  readonly block?: string;
  readonly chain: Chain;
  /** Height of the drawn part. */
  readonly height: number;
}

/** The sequence `parts`, repeated `times` times. */
export interface Fold {
  readonly times: number;
  /** The parts of the first repetition, which are drawn. */
  readonly parts: readonly Part[];
  /** The names of the blocks of all repetitions, in order. */
  readonly blocks: readonly string[];
  /** For each drawn node whose count grows, the count in the last repetition. */
  readonly growth: ReadonlyMap<Drawn, number>;
}

/** The most parts that a repeating pattern may span. */
const longestPeriod = 12;

/** Height charged for a fold, so that a fold is only made if it saves more than this. */
const foldRoom = { block: 16, loose: 70 } as const;

/**
 * Folds the parts so that they take the least height. Parts are equal if they look the same: the same structure, shapes
 * and kept activations. Three or more parts also fold if only their channel counts differ and grow evenly.
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

/** The appearance of a part: its form, and the channel counts that complete it. */
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
 * Yields, for two repetitions of `period` parts before `end`, then for three, and so on, whether they can fold: they
 * look the same, or (from three on) differ only by evenly growing counts. Stops when no more repetitions match.
 */
function* repetitionsBefore(looks: readonly Look[], end: number, period: number): Generator<boolean, void> {
  /** For each count in the repeating parts, the smallest and largest step between consecutive repetitions. */
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
        // Because widths are rounded to whole channels, even steps may differ by one.
        even &&= still || (seen.least > 0 && seen.most - seen.least <= 1);
      }
    }
    if (!even) return;
    yield equal || end - start > 2 * period;
  }
}
