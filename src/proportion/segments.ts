/** Segments: the regions of a network within which a pattern continues, and the position of each site in its segment. */

import type { Graph } from '../graph/index.js';
import { nodeParts, type Part } from './sites.js';

/** Where the pattern starts again: never, at every stage, or at every block. */
export type Scope = 'network' | 'stage' | 'block';

export const scopes: readonly Scope[] = ['network', 'stage', 'block'];

/** The stage, block and part of a node or site. */
export interface Position {
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
}

/** The name of a position's segment. A node outside all blocks belongs to its stage's segment, or else to its part's. */
export const segmentRules: { readonly [S in Scope]: (position: Position) => string } = {
  network: () => '',
  stage: ({ stage, part }) => stage ?? part,
  block: ({ stage, block, part }) => block ?? stage ?? part,
};

/**
 * The position of each site in its segment's pattern, counted from 0: the number of sites before it on the longest path within
 * the segment. Sites of a chain are numbered in order; parallel branches are numbered independently.
 */
export function patternPlaces(
  graph: Graph,
  sites: ReadonlySet<string>,
  segmentOf: (position: Position) => string,
): ReadonlyMap<string, number> {
  const parts = nodeParts(graph);
  /** For each node, its segment and the most sites on a path within the segment up to and including the node. */
  const passed = new Map<string, { readonly segment: string; readonly sites: number }>();
  const places = new Map<string, number>();
  for (const { name, inputs, place } of graph.nodes) {
    const segment = segmentOf({ ...place, part: parts.get(name)! });
    const before = inputs.reduce((most, input) => {
      const path = passed.get(input)!;
      return path.segment === segment ? Math.max(most, path.sites) : most;
    }, 0);
    if (sites.has(name)) places.set(name, before);
    passed.set(name, { segment, sites: before + (sites.has(name) ? 1 : 0) });
  }
  return places;
}
