/**
 * A leaky ReLU of slope a is the mixture a·x + (1 − a)·ReLU(x). A mask makes a choice for every leaky site: the identity
 * with probability a, the ReLU otherwise. So each mask is a network at some ratio, and the leaky network may stand for
 * all of them.
 */

import { RectioError } from '../../base/error.js';
import { hashText, randomStream } from '../../base/random.js';
import type { Graph, Op } from '../../graph/index.js';
import { findSites, type Site } from '../../proportion/index.js';

const MASK_STREAM = hashText('ensemble.mask');

/** A site with a leaky ReLU. */
export interface LeakySite extends Site {
  /** From 0 to 1: the probability of the identity. */
  readonly slope: number;
}

/** Sites that are masked while all others stay leaky. */
export interface SitePart {
  /** `all`, the name of a stage, `stem` or `head`, or `first third` and so on in a network without stages. */
  readonly name: string;
  readonly sites: readonly LeakySite[];
}

/** By the site's name, whether it is the ReLU; otherwise it is the identity. */
export type Mask = ReadonlyMap<string, boolean>;

/**
 * The leaky sites of a network, in forward order.
 * @throws RectioError `usage` if there are none, or if a slope is not between 0 and 1
 */
export function leakySites(graph: Graph): readonly LeakySite[] {
  const ops = new Map(graph.nodes.map(({ name, op }) => [name, op]));
  const sites = findSites(graph).flatMap((site) => {
    const op = ops.get(site.name);
    return op?.kind === 'leakyRelu' ? [{ ...site, slope: op.slope }] : [];
  });
  if (sites.length === 0) {
    throw new RectioError(
      'usage',
      `${graph.name} has no leaky ReLU at any site, so it is no mixture of ratios.`,
      "Train a network with leaky ReLUs first: `ratio.drop` '*' with `ratio.leak: 0.24` puts them at every site.",
    );
  }
  const outside = sites.find(({ slope }) => !(slope >= 0 && slope <= 1));
  if (outside !== undefined) {
    throw new RectioError(
      'usage',
      `${outside.name} of ${graph.name} is a leaky ReLU of slope ${outside.slope}, which is no mixture of identity and ReLU.`,
      'Train a network whose slopes are between 0 and 1.',
    );
  }
  return sites;
}

/** All sites, and then each stage's alone, in forward order; thirds if the network has no stages. */
export function siteParts(sites: readonly LeakySite[]): readonly SitePart[] {
  const stages = [...new Set(sites.map(regionOf))];
  const parts =
    stages.length > 1
      ? stages.map((name) => ({ name, sites: sites.filter((site) => regionOf(site) === name) }))
      : thirds(sites);
  return [{ name: 'all', sites }, ...(parts.length > 1 ? parts : [])];
}

const regionOf = ({ stage, part }: LeakySite): string => stage ?? part;

function thirds(sites: readonly LeakySite[]): readonly SitePart[] {
  const bound = (third: number) => Math.round((third * sites.length) / 3);
  return ['first third', 'second third', 'last third']
    .map((name, index) => ({ name, sites: sites.slice(bound(index), bound(index + 1)) }))
    .filter((part) => part.sites.length > 0);
}

/**
 * Draws mask `index` of a seed. It draws for all leaky sites in forward order, so neither the number of masks nor the part
 * that is masked changes what a site becomes.
 */
export function drawMask(sites: readonly LeakySite[], seed: number, index: number): Mask {
  const stream = randomStream(seed, MASK_STREAM, index);
  return new Map(sites.map(({ name, slope }) => [name, stream.uniform() >= slope]));
}

/** The network with the mask's choices at the sites of `part`; its other sites stay leaky. */
export function maskedGraph(graph: Graph, mask: Mask, { sites }: Pick<SitePart, 'sites'>): Graph {
  const masked = new Set(sites.map(({ name }) => name));
  const opOf = (name: string): Op => ({ kind: mask.get(name) === true ? 'relu' : 'identity' });
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (masked.has(node.name) ? { ...node, op: opOf(node.name) } : node)),
  };
}
