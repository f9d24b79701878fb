/** Rewrites a network to N convolutions for every M activations (Zhao et al. 2017), and reports the changes. */

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
   * N:M, or N:M@PATTERN to choose positions, or ratios for single stages: `stage1=1:1,stage2-4=3:2`. Stages that are not
   * named do not change. Default: the pattern's ratio, or 1:1 without a pattern.
   */
  readonly ratio?: Ratio | string;
  /** N characters, `1` keeps and `0` drops. Default: kept ones spread evenly, the last one kept. */
  readonly pattern?: string;
  /** Where the pattern starts again; default `network`. With ratios for single stages, no pattern continues beyond its own stages. */
  readonly scope?: Scope;
  /** Whether the stem's activation may be dropped; default false. */
  readonly stem?: boolean;
  /** Whether activations of fully connected layers may be dropped; default false. */
  readonly head?: boolean;
  /** Names of sites to drop in addition to the ratio; `*` matches any characters, `?` a single one. */
  readonly drop?: readonly string[];
  /**
   * Slope, from 0 to 1, of the leaky ReLUs that replace dropped activations: slope·x + (1 − slope)·ReLU(x). Default: the
   * identity, which equals slope 1.
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
  /** All convolutions of the network, including shortcuts. */
  readonly convolutions: number;
  /** All activations of the network, including those that take no part in the ratio. */
  readonly activations: number;
}

export interface ProportionReport {
  /** The whole request as one text, such as `2:1@10` or `1:1 without layer1.*.relu1`. */
  readonly label: string;
  /** The requested ratio: N:M, or those of single stages, such as `stage1=1:1,stage2-4=3:2`. */
  readonly asked: string;
  /** Ratio of sites to kept sites, reduced; differs from `asked` if the share of a segment has to be rounded. */
  readonly achieved: string;
  /** Written like `asked`: `01`, or `stage1=1,stage2-4=011`. */
  readonly pattern: string;
  readonly scope: Scope;
  /** The names given in the option `drop`. */
  readonly drop: readonly string[];
  /** Every site that takes part in the ratio, in forward order. */
  readonly sites: readonly SiteReport[];
  readonly before: Counts;
  readonly after: Counts;
}

/**
 * Rewrites the network to the requested proportion. A dropped activation becomes the identity, or a leaky ReLU, under its old
 * name. If nothing is dropped, the same Graph object is returned.
 * @throws RectioError `usage` if a ratio, pattern, scope, stage, site or slope is invalid; `proportion` if the network cannot
 * have the ratio.
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

/** The items that fulfill the condition, and those that do not. */
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
