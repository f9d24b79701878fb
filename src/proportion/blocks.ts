/** What a proportion means for each block, and the proportion that networks have by themselves. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from './apply.js';
import { printRatio, reduceRatio, type Ratio } from './ratio.js';
import { segmentRules, type Position, type Scope } from './segments.js';
import { findSites, findUnits, nodeParts, sitePlace, type Part } from './sites.js';

/** Units and sites of one block; of a stage or part, where that has no blocks. */
export interface BlockProportion {
  /** The block's, the stage's or the part's. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
  /** Those of the main path: neither shortcuts' nor gates'. */
  readonly convolutions: number;
  /** Sites that take part in the ratio. */
  readonly sites: number;
  readonly kept: number;
}

/** Block by block in forward order what the rewrite kept; `graph` may be the network before or after it. */
export function proportionByBlock(graph: Graph, { sites }: Pick<ProportionReport, 'sites'>): BlockProportion[] {
  const units = new Set(findUnits(graph).map(({ name }) => name));
  const kept = new Map(sites.map((site) => [site.name, site.kept]));
  const parts = nodeParts(graph);
  const blocks = new Map<string, { position: Position; convolutions: number; sites: number; kept: number }>();
  for (const { name, place } of graph.nodes) {
    if (!units.has(name) && !kept.has(name)) continue;
    const position = { ...sitePlace(place), part: parts.get(name)! };
    const segment = segmentRules.block(position);
    const block = blocks.get(segment) ?? { position, convolutions: 0, sites: 0, kept: 0 };
    blocks.set(segment, block);
    block.convolutions += units.has(name) ? 1 : 0;
    block.sites += kept.has(name) ? 1 : 0;
    block.kept += kept.get(name) === true ? 1 : 0;
  }
  return [...blocks].map(([name, { position, ...counts }]) => ({ name, ...position, ...counts }));
}

/**
 * The ratio that a network has at 1:1: convolutions to activations of the kind of block that it has most of, of its
 * stages where it has no blocks, or else of the whole. Stem and head, shortcuts and gates do not count. MobileNet v2 is
 * 3:2 by itself, ConvNeXt 3:1; `undefined` without any activation of a convolution.
 */
export function nativeRatio(graph: Graph): Ratio | undefined {
  const body = { units: findUnits(graph).filter(inBody), sites: findSites(graph).filter(inBody) };
  const scope: Scope =
    (['block', 'stage'] as const).find((kind) => body.units.some((unit) => unit[kind] !== undefined)) ?? 'network';
  const segments = new Map<string, Ratio>();
  const counted = (position: Position, more: Ratio) => {
    if (scope !== 'network' && position[scope] === undefined) return;
    const segment = segmentRules[scope](position);
    const { convolutions, activations } = segments.get(segment) ?? { convolutions: 0, activations: 0 };
    segments.set(segment, {
      convolutions: convolutions + more.convolutions,
      activations: activations + more.activations,
    });
  };
  for (const unit of body.units) counted(unit, { convolutions: 1, activations: 0 });
  for (const site of body.sites) counted(site, { convolutions: 0, activations: 1 });
  return mostCommon([...segments.values()].filter(({ activations }) => activations > 0).map(reduceRatio));
}

const inBody = ({ part }: Position): boolean => part === 'body';

/** The first of those that appear most often. */
function mostCommon(ratios: readonly Ratio[]): Ratio | undefined {
  const times = new Map<string, number>();
  for (const ratio of ratios) times.set(printRatio(ratio), (times.get(printRatio(ratio)) ?? 0) + 1);
  const most = Math.max(...times.values());
  return ratios.find((ratio) => times.get(printRatio(ratio)) === most);
}
