/** Rewrites a network to N convolutions for every M activations (Zhao et al. 2017), and tells what it did. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { isActivation, type Graph } from '../graph/index.js';
import { checkRatio, defaultPattern, parseRatio, patternRatio, printRatio, reduceRatio, type Ratio } from './ratio.js';
import { patternPlaces, scopes, segmentRules, type Scope } from './segments.js';
import { findSites, sitePlace, type Site } from './sites.js';

export interface ProportionOptions {
  /** N:M; default: what the pattern says, or 1:1. */
  readonly ratio?: Ratio | string;
  /** N characters, `1` keeps and `0` drops; default: spread evenly, ending with a kept one. */
  readonly pattern?: string;
  /** Default `network`. */
  readonly scope?: Scope;
  /** Whether the stem's activation takes part; default false: it stays. */
  readonly stem?: boolean;
  /** Whether the activations of fully connected layers take part; default false: they stay. */
  readonly head?: boolean;
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
  /** The ratio asked for, as N:M. */
  readonly asked: string;
  /** Sites to kept sites, in the smallest numbers; differs from `asked` where the last module is not complete. */
  readonly achieved: string;
  readonly pattern: string;
  readonly scope: Scope;
  /** Every site that takes part, in forward order. */
  readonly sites: readonly SiteReport[];
  readonly before: Counts;
  readonly after: Counts;
}

/**
 * The network with its activations in the proportion asked for; a dropped one becomes the identity under its old name.
 * Where nothing is dropped, the very same Graph comes back.
 * @throws RectioError `usage` for a ratio, pattern or scope that makes no sense; `proportion` for one that the network
 * cannot have.
 */
export function applyRatio(graph: Graph, options: ProportionOptions = {}): { graph: Graph; report: ProportionReport } {
  const { ratio, pattern, scope } = resolve(options);
  const { stem = false, head = false } = options;
  const sites = findSites(graph).filter(({ part }) => part === 'body' || (part === 'stem' ? stem : head));
  const places = patternPlaces(graph, new Set(sites.map((site) => site.name)), segmentRules[scope]);
  if (pattern.includes('0')) refuseImpossible(graph, sites, places, { ratio, pattern, scope });

  const kept = sites.map((site) => pattern[places.get(site.name)! % pattern.length] === '1');
  const dropped = new Set(sites.filter((_, index) => !kept[index]).map((site) => site.name));
  const rewritten = dropped.size === 0 ? graph : dropActivations(graph, dropped);
  const keptCount = sites.length - dropped.size;
  const achieved = sites.length === 0 ? ratio : reduceRatio({ convolutions: sites.length, activations: keptCount });
  return {
    graph: rewritten,
    report: {
      asked: printRatio(ratio),
      achieved: printRatio(achieved),
      pattern,
      scope,
      sites: sites.map((site, index) => ({ name: site.name, ...sitePlace(site), kept: kept[index]! })),
      before: count(graph),
      after: count(rewritten),
    },
  };
}

interface Rewrite {
  readonly ratio: Ratio;
  readonly pattern: string;
  readonly scope: Scope;
}

function resolve({ ratio: given, pattern, scope = 'network' }: ProportionOptions): Rewrite {
  if (!scopes.includes(scope)) {
    throw new RectioError('usage', `There is no scope '${String(scope)}'`, didYouMean(String(scope), scopes));
  }
  const asked = typeof given === 'string' ? parseRatio(given) : given;
  if (asked !== undefined) checkRatio(asked);
  if (pattern !== undefined) return { ratio: patternRatio(pattern, asked), pattern, scope };
  const ratio = asked ?? { convolutions: 1, activations: 1 };
  return { ratio, pattern: defaultPattern(ratio), scope };
}

function dropActivations(graph: Graph, dropped: ReadonlySet<string>): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (dropped.has(node.name) ? { ...node, op: { kind: 'identity' } } : node)),
  };
}

function count(graph: Graph): Counts {
  return {
    convolutions: graph.nodes.filter((node) => node.op.kind === 'convolution').length,
    activations: graph.nodes.filter((node) => isActivation(node.op)).length,
  };
}

function refuseImpossible(
  graph: Graph,
  sites: readonly Site[],
  places: ReadonlyMap<string, number>,
  { ratio, pattern, scope }: Rewrite,
): void {
  const refuse = (problem: string, hint: string): never => {
    throw new RectioError('proportion', `Network ${graph.name} ${problem}`, hint);
  };
  if (sites.length === 0) {
    const others = new Set(findSites(graph).map((site) => site.part));
    refuse(
      'has no activations that belong to a convolution, so there is none to drop',
      others.size > 0
        ? `Ask for those of its ${[...others].join(' and ')} as well, or keep the ratio 1:1.`
        : 'Keep the ratio 1:1.',
    );
  }
  if (scope !== 'network' && sites.every((site) => site[scope] === undefined)) {
    const instead =
      scope === 'block' && sites.some((site) => site.stage !== undefined) ? 'stage or network' : 'network';
    refuse(`has no ${scope}s in which a pattern could start again`, `Use the scope ${instead}.`);
  }
  const longest = 1 + Math.max(...places.values());
  if (period(pattern) > longest) {
    refuse(
      `has ${longest} ${longest === 1 ? 'site' : 'sites'}${scope === 'network' ? '' : ` in its longest ${scope}`}, ` +
        `too few for even one module of ${printRatio(ratio)} (${pattern})`,
      `Use a ratio N:M with N of at most ${longest}${scope === 'network' ? '' : ', or a wider scope'}.`,
    );
  }
}

/** After how many characters a pattern repeats itself: 2 for `0101`. */
function period(pattern: string): number {
  const lengths = Array.from({ length: pattern.length }, (_, index) => index + 1);
  return lengths.find(
    (length) => pattern.length % length === 0 && pattern.slice(0, length).repeat(pattern.length / length) === pattern,
  )!;
}
