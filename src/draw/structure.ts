/**
 * The structure of a network for drawing: chains (drawn top to bottom), parallel branches (side by side), and tangles
 * for everything else.
 */

import type { Drawn } from './glyphs.js';

export type Element = Single | Parallel | Tangle;

/** A sequence of elements. An empty chain is a shortcut. */
export type Chain = readonly Element[];

export interface Single {
  readonly kind: 'single';
  readonly node: Drawn;
}

/** Branches that start from the same value. */
export interface Parallel {
  readonly kind: 'parallel';
  /** In the order of the join's inputs. */
  readonly branches: readonly Chain[];
  /** The node that takes all branch ends; undefined if the same node also joins the enclosing branches. */
  readonly join?: Drawn;
}

/** Nodes with crossing connections. */
export interface Tangle {
  readonly kind: 'tangle';
  readonly nodes: readonly Drawn[];
  /** For each node, the positions of its inputs within the tangle; −1 is the value from outside. */
  readonly inputs: readonly (readonly number[])[];
  /** Positions of nodes whose results are used outside the tangle. */
  readonly ends: readonly number[];
}

/** Returns the network as one chain. Nodes must be in topological order, with the output last. */
export function structureOf(nodes: readonly Drawn[]): Chain {
  return series(
    nodes,
    nodes.map((_, index) => index),
    -1,
    nodes.length,
  );
}

/**
 * Returns the nodes `within` (indices in topological order) as the chain between the nodes `from` and `to`, both
 * excluded. Every path goes through a node exactly if no edge bypasses it.
 */
function series(nodes: readonly Drawn[], within: readonly number[], from: number, to: number): Element[] {
  const positions = new Map(within.map((index, position) => [index, position]));
  positions.set(from, -1);
  positions.set(to, within.length);
  // At each position: the number of edges that begin to bypass nodes there, minus those that stop.
  const changes = Array.from({ length: within.length + 2 }, () => 0);
  const edge = (start: number, end: number): void => {
    if (end - start < 2) return;
    changes[start + 1]! += 1;
    changes[end]! -= 1;
  };
  for (const [position, index] of within.entries()) {
    for (const input of nodes[index]!.inputs) edge(positions.get(input) ?? -1, position);
  }
  for (const input of nodes[to]?.inputs ?? []) {
    const position = positions.get(input);
    if (position !== undefined && position >= 0) edge(position, within.length);
  }
  const cuts: number[] = [];
  let passing = 0;
  for (const position of within.keys()) {
    passing += changes[position]!;
    if (passing === 0) cuts.push(position);
  }
  if (cuts.length === 0 && within.length > 0) return [tangle(nodes, within, to)];

  const elements: Element[] = [];
  let [before, position] = [from, -1];
  for (const cut of [...cuts, within.length]) {
    const node = within[cut] ?? to;
    const join = cut < within.length ? nodes[node]! : undefined;
    const branches = branchesBetween(nodes, within.slice(position + 1, cut), before, node);
    const [only] = branches;
    if (branches.length > 1) elements.push({ kind: 'parallel', branches, ...(join === undefined ? {} : { join }) });
    else {
      if (only !== undefined) elements.push(...only);
      if (join !== undefined) elements.push({ kind: 'single', node: join });
    }
    [before, position] = [node, cut];
  }
  return elements;
}

/** The branches from node `from` to node `to`, in the order of `to`'s inputs. */
function branchesBetween(nodes: readonly Drawn[], between: readonly number[], from: number, to: number): Chain[] {
  const taken = nodes[to]?.inputs ?? [];
  const direct = taken.flatMap((input, order) => (input === from ? [{ chain: [], order }] : []));
  const others = components(nodes, between).map((part) => ({
    chain: series(nodes, part, from, to),
    order: taken.findIndex((input) => part.includes(input)),
  }));
  return [...direct, ...others].sort((a, b) => a.order - b.order).map(({ chain }) => chain);
}

/** Groups of nodes that are connected without passing through the surrounding nodes. */
function components(nodes: readonly Drawn[], between: readonly number[]): number[][] {
  const owner = new Map(between.map((index) => [index, index]));
  const find = (index: number): number => {
    const up = owner.get(index)!;
    if (up === index) return index;
    const root = find(up);
    owner.set(index, root);
    return root;
  };
  for (const index of between) {
    for (const input of nodes[index]!.inputs) if (owner.has(input)) owner.set(find(input), find(index));
  }
  const parts = new Map<number, number[]>();
  for (const index of between) {
    const root = find(index);
    parts.set(root, [...(parts.get(root) ?? []), index]);
  }
  return [...parts.values()];
}

function tangle(nodes: readonly Drawn[], within: readonly number[], to: number): Tangle {
  const positions = new Map(within.map((index, position) => [index, position]));
  return {
    kind: 'tangle',
    nodes: within.map((index) => nodes[index]!),
    inputs: within.map((index) => nodes[index]!.inputs.map((input) => positions.get(input) ?? -1)),
    ends: [...new Set((nodes[to]?.inputs ?? []).flatMap((input) => positions.get(input) ?? []))],
  };
}

/** All nodes of a chain, in an order that depends only on its structure. */
export function nodesOf(chain: Chain): Drawn[] {
  return chain.flatMap((element): readonly Drawn[] => {
    switch (element.kind) {
      case 'single':
        return [element.node];
      case 'parallel':
        return [...element.branches.flatMap(nodesOf), ...(element.join === undefined ? [] : [element.join])];
      case 'tangle':
        return element.nodes;
    }
  });
}
