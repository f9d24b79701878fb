/**
 * Chains: how the sites of a segment follow one another. A segment without parallel paths is a single chain. Where paths part,
 * each branch begins a chain of its own; where they meet, the longest goes on, and if several are longest, a new chain begins.
 */

import type { Graph } from '../graph/index.js';
import type { Position } from './segments.js';
import { nodeParts } from './sites.js';

/** Sites that follow one another, in forward order. */
export interface Chain {
  readonly sites: readonly string[];
  /** The first site's place: the number of sites before it on the longest path within the segment. The others count up from it. */
  readonly place: number;
}

/**
 * The segments that have sites, each as its chains. Segments and chains are in the forward order of their first sites.
 *
 * A segment is a connected region of nodes to which `keyOf` gives the same key: two such nodes belong together if one takes the
 * other's result, or if both take the same result. Regions with the same key that another region separates are segments of
 * their own.
 * @param sites the sites that take part in the ratio
 */
export function findChains(
  graph: Graph,
  sites: ReadonlySet<string>,
  keyOf: (position: Position) => string,
): readonly (readonly Chain[])[] {
  const links = followPaths(graph, sites, keyOf);
  const chains = new Map<string, string[]>();
  const segments = new Map<string, Chain[]>();
  for (const [
    name,
    {
      region,
      place,
      before: [end, ...otherEnds],
    },
  ] of links) {
    const alone = end !== undefined && otherEnds.length === 0 && links.get(end)!.after.length === 1;
    const chain = alone ? chains.get(end)! : [];
    chain.push(name);
    chains.set(name, chain);
    if (alone) continue;
    const segment = segments.get(region()) ?? [];
    segment.push({ sites: chain, place });
    segments.set(region(), segment);
  }
  return [...segments.values()];
}

/** How a site is connected to the other sites of its segment. */
interface Links {
  /** The name of the segment's region, known when all nodes have been followed. */
  readonly region: () => string;
  readonly place: number;
  /** The last site of each longest path to the site. */
  readonly before: readonly string[];
  /** The sites that have this one in their `before`. */
  readonly after: string[];
}

/** What the longest paths to a node, within its segment, have passed; the node itself included. */
interface Path {
  readonly key: string;
  /** Sites on the longest path. */
  readonly length: number;
  /** The last site of each longest path. */
  readonly last: readonly string[];
}

/** The links of each site, in forward order. */
function followPaths(
  graph: Graph,
  sites: ReadonlySet<string>,
  keyOf: (position: Position) => string,
): ReadonlyMap<string, Links> {
  const parts = nodeParts(graph);
  const regions = disjointSets();
  const paths = new Map<string, Path>();
  const links = new Map<string, Links>();
  for (const { name, inputs, place } of graph.nodes) {
    const key = keyOf({ ...place, part: parts.get(name)! });
    const region = regionName(name, key);
    for (const input of inputs) regions.join(region, regionName(input, key));
    const path = joinPaths(
      key,
      inputs.map((input) => paths.get(input)!),
    );
    if (!sites.has(name)) {
      paths.set(name, path);
      continue;
    }
    for (const end of path.last) links.get(end)!.after.push(name);
    links.set(name, { region: () => regions.find(region), place: path.length, before: path.last, after: [] });
    paths.set(name, { key, length: path.length + 1, last: [name] });
  }
  return links;
}

/** The region of a node, or of the nodes with this key that take its result. */
const regionName = (node: string, key: string): string => JSON.stringify([node, key]);

/** The longest of the paths that are in the segment. */
function joinPaths(key: string, paths: readonly Path[]): Path {
  const own = paths.filter((path) => path.key === key);
  const length = own.reduce((most, path) => Math.max(most, path.length), 0);
  const [longest, ...others] = own.filter((path) => path.length === length);
  if (longest === undefined) return { key, length: 0, last: [] };
  if (others.length === 0) return longest;
  return { key, length, last: [...new Set([longest, ...others].flatMap(({ last }) => last))] };
}

/** Sets that can be joined; each is known by one of its members (union-find). */
function disjointSets() {
  const parents = new Map<string, string>();
  const find = (member: string): string => {
    let root = member;
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
    // Later searches are short if every member on the way points to the end.
    for (let at = member; at !== root;) {
      const next = parents.get(at)!;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  const join = (one: string, other: string): void => {
    const [a, b] = [find(one), find(other)];
    if (a !== b) parents.set(a, b);
  };
  return { find, join };
}
