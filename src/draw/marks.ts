/** The drawing of activations in one line of text. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import type { DotState, Drawn } from './glyphs.js';
import { sketchOf } from './sketch.js';
import { nodesOf, type Element } from './structure.js';

/** Kept, dropped, and those that take no part in the ratio. */
export const marks: { readonly [S in DotState]: string } = { kept: '●', dropped: '○', other: '•' };

/**
 * The activations of each part of a network as marks, in the order of the main path; those of parallel branches in
 * brackets: `(○|○●|○●|○)`. `partOf` names the part to which a node of the given name belongs.
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
