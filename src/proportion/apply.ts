/** Rewrites a network to N convolutions for every M activations (Zhao et al. 2017), and tells what it did. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { isActivation, type Graph, type Op } from '../graph/index.js';
import { listedSites } from './drop.js';
import { keptByRatio } from './keep.js';
import { askedShares, printShare, stagesOf } from './notation.js';
import { printRatio, reduceRatio, type Ratio } from './ratio.js';
import { scopes, type Scope } from './segments.js';
import { findSites, sitePlace, type Site } from './sites.js';

export interface ProportionOptions {
  /**
   * N:M, with positions N:M@PATTERN, or for single stages `stage1=1:1,stage2-4=3:2`, where stages that no part names
   * stay as they are; default: what the pattern says, or 1:1.
   */
  readonly ratio?: Ratio | string;
  /** N characters, `1` keeps and `0` drops; default: spread evenly, ending with a kept one. */
  readonly pattern?: string;
  /** Default `network`; with ratios for single stages, a pattern runs on through the stages of its own part at most. */
  readonly scope?: Scope;
  /** Whether the stem's activation takes part; default false: it stays. */
  readonly stem?: boolean;
  /** Whether the activations of fully connected layers take part; default false: they stay. */
  readonly head?: boolean;
  /** Names of sites to drop whatever the ratio says; `*` stands for any characters, `?` for one. */
  readonly drop?: readonly string[];
  /**
   * Slope, from 0 to 1, of the leaky ReLUs that stand in for dropped activations: slope·x + (1 − slope)·ReLU(x), between
   * the two. Default: the identity, as with 1.
   */
  readonly leak?: number;
}

export interface SiteReport {
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  readonly kept: boolean;
}

export interface Counts {
  /** All of the network's, shortcuts included. */
  readonly convolutions: number;
  /** All of the network's, those that take no part included. */
  readonly activations: number;
}

export interface ProportionReport {
  /** All that was asked for in one text, such as `2:1@10` or `1:1 without layer1.*.relu1`. */
  readonly label: string;
  /** The ratio asked for: N:M, or those of single stages, such as `stage1=1:1,stage2-4=3:2`. */
  readonly asked: string;
  /** Sites to kept sites, in the smallest numbers; differs from `asked` where the last module is not complete. */
  readonly achieved: string;
  /** Written like `asked`: `01`, or `stage1=1,stage2-4=011`. */
  readonly pattern: string;
  readonly scope: Scope;
  /** The names of sites that were to be dropped besides. */
  readonly drop: readonly string[];
  /** Every site that takes part, in forward order. */
  readonly sites: readonly SiteReport[];
  readonly before: Counts;
  readonly after: Counts;
}

/**
 * The network with its activations in the proportion asked for; a dropped one becomes the identity, or a leaky ReLU, under
 * its old name.
 * Where nothing is dropped, the very same Graph comes back.
 * @throws RectioError `usage` for a ratio, pattern, scope, stage or site that makes no sense; `proportion` for a ratio
 * that the network cannot have.
 */
export function applyRatio(graph: Graph, options: ProportionOptions = {}): { graph: Graph; report: ProportionReport } {
  const { scope = 'network', stem = false, head = false, drop = [], leak } = options;
  if (!scopes.includes(scope)) {
    throw new RectioError('usage', `There is no scope '${String(scope)}'`, didYouMean(String(scope), scopes));
  }
  if (leak !== undefined && !(leak >= 0 && leak <= 1)) {
    throw new RectioError(
      'usage',
      `Dropped activations cannot leak with a slope of ${leak}`,
      'Give a slope from 0 to 1.',
    );
  }
  const shares = askedShares(options);
  const takesPart = ({ part }: Site) => part === 'body' || (part === 'stem' ? stem : head);
  const [taking, others] = partition(findSites(graph), takesPart);
  const kept = keptByRatio(graph, { taking, others }, shares, scope);
  const listed = listedSites(drop, { graph, taking, others });

  const sites = taking.map((site) => {
    const { name } = site;
    return { name, ...sitePlace(site), kept: kept.has(name) && !listed.has(name) };
  });
  const dropped = new Set(sites.filter((site) => !site.kept).map(({ name }) => name));
  const rewritten = dropActivations(graph, dropped, leak);
  return {
    graph: rewritten,
    report: {
      label: [
        shares.map(printShare).join(','),
        ...(drop.length === 0 ? [] : [`without ${drop.join(', ')}`]),
        ...(leak === undefined ? [] : [`leaking ${leak}`]),
      ].join(' '),
      asked: shares.map(({ stages, ratio }) => stagesOf(stages) + printRatio(ratio)).join(','),
      achieved: printRatio(achievedRatio(sites)),
      pattern: shares.map(({ stages, pattern }) => stagesOf(stages) + pattern).join(','),
      scope,
      drop,
      sites,
      before: count(graph),
      after: count(rewritten),
    },
  };
}

/** What of `items` fulfills the condition, and what does not. */
function partition<T>(items: readonly T[], condition: (item: T) => boolean): [T[], T[]] {
  return [items.filter(condition), items.filter((item) => !condition(item))];
}

function achievedRatio(sites: readonly SiteReport[]): Ratio {
  if (sites.length === 0) return { convolutions: 1, activations: 1 };
  return reduceRatio({ convolutions: sites.length, activations: sites.filter(({ kept }) => kept).length });
}

function dropActivations(graph: Graph, dropped: ReadonlySet<string>, leak: number | undefined): Graph {
  if (dropped.size === 0) return graph;
  const op: Op = leak === undefined ? { kind: 'identity' } : { kind: 'leakyRelu', slope: leak };
  return { ...graph, nodes: graph.nodes.map((node) => (dropped.has(node.name) ? { ...node, op } : node)) };
}

function count(graph: Graph): Counts {
  return {
    convolutions: graph.nodes.filter((node) => node.op.kind === 'convolution').length,
    activations: graph.nodes.filter((node) => isActivation(node.op)).length,
  };
}
