/** Decides which sites are kept, and refuses ratios that the network cannot have. */

import { RectioError } from '../base/error.js';
import type { Graph } from '../graph/index.js';
import { keptSites } from './allot.js';
import { findChains } from './chains.js';
import { printShare, type Share } from './notation.js';
import { printRatio } from './ratio.js';
import { segmentRules, type Position, type Scope } from './segments.js';
import type { Site } from './sites.js';
import { resolveStages, stageNames } from './stages.js';

/** The share of stages without a ratio: everything is kept. */
const untouched: Share = { ratio: { convolutions: 1, activations: 1 }, pattern: '1' };

/**
 * The names of the sites that are kept.
 * @throws RectioError `usage` for stages that do not exist or have two ratios; `proportion` if a share has too few sites.
 */
export function keptByRatio(
  graph: Graph,
  { taking: sites, others }: { readonly taking: readonly Site[]; readonly others: readonly Site[] },
  shares: readonly Share[],
  scope: Scope,
): ReadonlySet<string> {
  const general = shares.find(({ stages }) => stages === undefined) ?? untouched;
  const ofStage = stageShares(graph, shares);
  const shareOf = ({ stage }: Pick<Position, 'stage'>) => (stage && ofStage.get(stage)) || general;
  const segmentOf = (position: Position) => `${shareOf(position).stages ?? ''} ${segmentRules[scope](position)}`;
  const byName = new Map(sites.map((site) => [site.name, site]));
  const segments = findChains(graph, new Set(byName.keys()), segmentOf).map((chains) => ({
    chains,
    size: chains.reduce((sum, chain) => sum + chain.sites.length, 0),
    // The sites of a segment have the same share.
    share: shareOf(byName.get(chains[0]!.sites[0]!)!),
  }));
  for (const share of shares) {
    if (!share.pattern.includes('0')) continue;
    const own = sites.filter((site) => shareOf(site) === share);
    const largest = Math.max(0, ...segments.map((segment) => (segment.share === share ? segment.size : 0)));
    refuseImpossible(graph.name, own, { share, scope, largest, alone: shares.length === 1, others });
  }
  return new Set(segments.flatMap(({ chains, share }) => keptSites(chains, share.pattern)));
}

function stageShares(graph: Graph, shares: readonly Share[]): ReadonlyMap<string, Share> {
  const names = stageNames(graph);
  const found = new Map<string, Share>();
  for (const share of shares) {
    if (share.stages === undefined) continue;
    for (const stage of resolveStages(share.stages, names, graph.name)) {
      const other = found.get(stage);
      if (other !== undefined) {
        throw new RectioError(
          'usage',
          `The stage ${stage} has two ratios, ${printShare(other)} and ${printShare(share)}`,
          'Name each stage once.',
        );
      }
      found.set(stage, share);
    }
  }
  return found;
}

interface Claim {
  readonly share: Share;
  readonly scope: Scope;
  /** Sites in the largest segment. */
  readonly largest: number;
  /** Whether the share is the only one. */
  readonly alone: boolean;
  /** The network's sites that take no part in the ratio. */
  readonly others: readonly Site[];
}

function refuseImpossible(
  network: string,
  sites: readonly Site[],
  { share, scope, largest, alone, others }: Claim,
): void {
  const refuse = (problem: string, hint: string): never => {
    throw new RectioError('proportion', `Network ${network} ${problem}`, hint);
  };
  const where = share.stages ?? (alone ? undefined : 'the stages that the ratio does not name');
  if (sites.length === 0) {
    const parts = [...new Set(others.map(({ part }) => part))];
    const asking = parts.length === 0 ? '' : `Include those of its ${parts.join(' and ')}, or `;
    refuse(
      `has no activations that belong to a convolution${where === undefined ? '' : ` in ${where}`}, so there is nothing to drop`,
      where === undefined
        ? `${asking}${asking === '' ? 'Keep' : 'keep'} the ratio 1:1.`
        : `Leave ${printShare(share)} out.`,
    );
  }
  if (scope !== 'network' && sites.every((site) => site[scope] === undefined)) {
    const instead =
      scope === 'block' && sites.some((site) => site.stage !== undefined) ? 'stage or network' : 'network';
    const inside = where === undefined ? '' : ` in ${where}`;
    refuse(`has no ${scope}s${inside} at which a pattern could start again`, `Use the scope ${instead}.`);
  }
  if (period(share.pattern) > largest) {
    const segment =
      scope === 'network' ? (where ?? '') : `its largest ${scope}${where === undefined ? '' : ` of ${where}`}`;
    refuse(
      `has ${largest} ${largest === 1 ? 'site' : 'sites'}${segment === '' ? '' : ` in ${segment}`}, ` +
        `too few for even one module of ${printRatio(share.ratio)} (${share.pattern})`,
      `Use a ratio N:M with N of at most ${largest}${scope === 'network' ? '' : ', or a wider scope'}.`,
    );
  }
}

/** The number of characters after which a pattern repeats: 2 for `0101`. */
function period(pattern: string): number {
  const lengths = Array.from({ length: pattern.length }, (_, index) => index + 1);
  return lengths.find(
    (length) => pattern.length % length === 0 && pattern.slice(0, length).repeat(pattern.length / length) === pattern,
  )!;
}
