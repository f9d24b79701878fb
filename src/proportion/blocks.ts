/** The proportion in each block, and the native proportion of a network. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from './apply.js';
import { printRatio, reduceRatio, type Ratio } from './ratio.js';
import { segmentRules, type Position, type Scope } from './segments.js';
import { findSites, findUnits, nodeParts, sitePlace, type Part } from './sites.js';

/** Units and sites of one block, or of a stage or part without blocks. */
export interface BlockProportion {
  /** Name of the block, stage or part. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
  /** Convolutions of the main path: neither on shortcuts nor in gates. */
  readonly convolutions: number;
  /** Sites that take part in the ratio. */
  readonly sites: number;
  readonly kept: number;
}

/** For each block in forward order, what the rewrite kept. `graph` may be the network before or after the rewrite. */
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
 * The native ratio of a network, which it has before any activation is dropped: convolutions to activations in the most common
 * kind of block; if there are no blocks, in the most common kind of stage; else in the whole network. Stem, head, shortcuts
 * and gates do not count. MobileNet v2 is natively 3:2, ConvNeXt 3:1. Undefined if no convolution has an activation.
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

/** The most common ratio; the first one if several are equally common. */
function mostCommon(ratios: readonly Ratio[]): Ratio | undefined {
  const times = new Map<string, number>();
  for (const ratio of ratios) times.set(printRatio(ratio), (times.get(printRatio(ratio)) ?? 0) + 1);
  const most = Math.max(...times.values());
  return ratios.find((ratio) => times.get(printRatio(ratio)) === most);
}
