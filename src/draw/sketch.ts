/** From a network to the structure of its sketch. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { drawnNodes } from './glyphs.js';
import { structureOf, type Chain } from './structure.js';

/** What a sketch of the network shows, with the report of `applyRatio` on it. */
export function sketchOf(graph: Graph, { sites }: Pick<ProportionReport, 'sites'>): Chain {
  return structureOf(drawnNodes(graph, new Map(sites.map((site) => [site.name, site.kept]))));
}
