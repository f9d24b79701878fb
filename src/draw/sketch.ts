/** Turns a network into the structure of its sketch. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { drawnNodes } from './glyphs.js';
import { structureOf, type Chain } from './structure.js';

/** The sections of a network's sketch, given the report of `applyRatio`. */
export function sketchOf(graph: Graph, { sites }: Pick<ProportionReport, 'sites'>): Chain {
  return structureOf(drawnNodes(graph, new Map(sites.map((site) => [site.name, site.kept]))));
}
