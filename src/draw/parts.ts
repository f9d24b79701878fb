/** A network's chain cut into sections (stem, stages, head) and these into parts that can repeat. */

import type { Place } from '../graph/index.js';
import { chainLayout } from './layout.js';
import type { Part } from './fold.js';
import { nodesOf, type Chain, type Element } from './structure.js';

/** A run of parts of one stage or role; without a title where the network names none. */
export interface Section {
  readonly title: string | undefined;
  readonly parts: readonly Part[];
}

export function sectionsOf(chain: Chain): Section[] {
  const sections: { title: string | undefined; elements: Element[] }[] = [];
  for (const element of chain) {
    const { stage, role } = placeOf(element);
    const title = stage ?? (role === 'shortcut' ? undefined : role);
    const last = sections.at(-1);
    if (last !== undefined && last.title === title) last.elements.push(element);
    else sections.push({ title, elements: [element] });
  }
  return sections.map(({ title, elements }) => ({ title, parts: partsOf(elements) }));
}

/** Where an element stands: parallel branches and tangles where what joins them does. */
function placeOf(element: Element): Place {
  const nodes = nodesOf([element]);
  return nodes.at(-1)?.place ?? {};
}

/** Elements of one block are a part; of the others, each convolution with what belongs to it. */
function partsOf(elements: readonly Element[]): Part[] {
  const groups: { block: string | undefined; elements: Element[] }[] = [];
  for (const element of elements) {
    const { block } = placeOf(element);
    const last = groups.at(-1);
    const joins =
      last !== undefined && last.block === block && (block !== undefined || !begins(element, last.elements));
    if (joins) last.elements.push(element);
    else groups.push({ block, elements: [element] });
  }
  return groups.map(({ block, elements: chain }) => ({
    ...(block === undefined ? {} : { block }),
    chain,
    height: chainLayout(chain, new Map()).height,
  }));
}

/** Whether an element outside of any block begins a part of its own behind those given. */
function begins(element: Element, before: readonly Element[]): boolean {
  const glyph = element.kind === 'single' ? element.node.glyph.kind : 'box';
  const heavy = (each: Element): boolean =>
    each.kind !== 'single' || each.node.glyph.kind === 'box' || each.node.glyph.kind === 'input';
  return before.some(heavy) && (glyph === 'box' || glyph === 'bar' || glyph === 'junction');
}
