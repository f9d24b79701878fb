/** Cuts a network's chain into sections (stem, stages, head), and sections into parts that can repeat. */

import type { Place } from '../graph/index.js';
import { chainLayout } from './layout.js';
import type { Part } from './fold.js';
import { nodesOf, type Chain, type Element } from './structure.js';

/** A run of parts with the same stage or role. It has no title if the network names neither. */
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

/** An element's place. Parallel branches and tangles have the place of their join. */
function placeOf(element: Element): Place {
  const nodes = nodesOf([element]);
  return nodes.at(-1)?.place ?? {};
}

/** Groups elements into parts. A block is one part; outside blocks, `begins` decides where a part starts. */
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

/** Whether an element outside blocks starts a new part after the given elements. */
function begins(element: Element, before: readonly Element[]): boolean {
  const glyph = element.kind === 'single' ? element.node.glyph.kind : 'box';
  const heavy = (each: Element): boolean =>
    each.kind !== 'single' || each.node.glyph.kind === 'box' || each.node.glyph.kind === 'input';
  return before.some(heavy) && (glyph === 'box' || glyph === 'bar' || glyph === 'junction');
}
