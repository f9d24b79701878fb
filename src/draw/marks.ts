/** Shows activations in one line of text. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import type { DotState, Drawn } from './glyphs.js';
import { sketchOf } from './sketch.js';
import { nodesOf, type Element } from './structure.js';

/** Marks for activations that are kept, dropped, or not counted by the ratio. */
export const marks: { readonly [S in DotState]: string } = { kept: '●', dropped: '○', other: '•' };

/**
 * Shows the activations of each part of a network as marks, in the order of the main path. Parallel branches are in
 * brackets: `(○|○●|○●|○)`. `partOf` maps a node's name to its part.
 */
export function activationMarks(
  graph: Graph,
  report: ProportionReport,
  partOf: (node: string) => string,
): ReadonlyMap<string, string> {
  const keyOf = ({ name }: Drawn) => partOf(name);
  const texts = new Map<string, string>();
  const append = (key: string, text: string): void => void texts.set(key, (texts.get(key) ?? '') + text);
  for (const element of sketchOf(graph, report)) {
    const nodes = nodesOf([element]);
    const keys = new Set(nodes.map(keyOf));
    const [key] = keys;
    if (keys.size === 1 && key !== undefined) append(key, marksOf(element));
    else for (const node of nodes) append(keyOf(node), markOf(node));
  }
  return texts;
}

function marksOf(element: Element): string {
  if (element.kind === 'single') return markOf(element.node);
  if (element.kind === 'tangle') return element.nodes.map(markOf).join('');
  const branches = element.branches.map((branch) => branch.map(marksOf).join('')).filter((text) => text !== '');
  const text = branches.join('|');
  return branches.length > 1 ? `(${text})` : text;
}

const markOf = ({ glyph }: Drawn): string => (glyph.kind === 'dot' ? marks[glyph.state] : '');
