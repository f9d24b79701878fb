/** Segments: the runs of a network in which a pattern runs on; and the place of each site in its segment's pattern. */

import type { Graph } from '../graph/index.js';
import { nodeParts, type Part } from './sites.js';

/** Where the pattern starts again: nowhere, at every stage, or at every block. */
export type Scope = 'network' | 'stage' | 'block';

export const scopes: readonly Scope[] = ['network', 'stage', 'block'];

/** Where a node or site stands. */
export interface Position {
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
}

/** The segment of a position, by a name of its own: what belongs to no block is its stage's, or else its part's. */
export const segmentRules: { readonly [S in Scope]: (position: Position) => string } = {
  network: () => '',
  stage: ({ stage, part }) => stage ?? part,
  block: ({ stage, block, part }) => block ?? stage ?? part,
};

/**
 * The place of each site in its segment's pattern, from 0 on: the number of sites on the longest path to it within the
 * segment. So sites of one chain are counted, and parallel branches are counted side by side.
 */
export function patternPlaces(
  graph: Graph,
  sites: ReadonlySet<string>,
  segmentOf: (position: Position) => string,
): ReadonlyMap<string, number> {
  const parts = nodeParts(graph);
  /** For each node, its segment and the most sites of it that a path may have passed, the node itself included. */
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
