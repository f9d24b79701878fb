/**
 * A network's nodes as what one would draw one below the other and side by side: chains, parallel branches, and tangles
 * where neither describes it.
 */

import type { Drawn } from './glyphs.js';

export type Element = Single | Parallel | Tangle;

/** Elements one behind the other; an empty one passes its input on: a shortcut. */
export type Chain = readonly Element[];

export interface Single {
  readonly kind: 'single';
  readonly node: Drawn;
}

/** Branches that begin with one value. */
export interface Parallel {
  readonly kind: 'parallel';
  /** In the order in which the join takes them. */
  readonly branches: readonly Chain[];
  /** What takes all of their ends; none where it is the one that also ends the enclosing branches. */
  readonly join?: Drawn;
}

/** Nodes whose connections cross. */
export interface Tangle {
  readonly kind: 'tangle';
  readonly nodes: readonly Drawn[];
  /** For each node, which others of the tangle it takes, by position; −1 is what comes from outside. */
  readonly inputs: readonly (readonly number[])[];
  /** Positions of the nodes whose results leave the tangle. */
  readonly ends: readonly number[];
}

/** The whole network as one chain. Nodes are in topological order; the last one is the output. */
export function structureOf(nodes: readonly Drawn[]): Chain {
  return series(
    nodes,
    nodes.map((_, index) => index),
    -1,
    nodes.length,
  );
}

/**
 * The nodes `within` (indices in topological order) as a chain from node `from` to node `to`, of which neither belongs
 * to it. A node through which every path goes is one that no edge passes by.
 */
function series(nodes: readonly Drawn[], within: readonly number[], from: number, to: number): Element[] {
  const positions = new Map(within.map((index, position) => [index, position]));
  positions.set(from, -1);
  positions.set(to, within.length);
  // How many edges begin to pass by at each position, less those that end there.
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

/** The ways from node `from` to node `to`, in the order in which `to` takes them. */
function branchesBetween(nodes: readonly Drawn[], between: readonly number[], from: number, to: number): Chain[] {
  const taken = nodes[to]?.inputs ?? [];
  const direct = taken.flatMap((input, order) => (input === from ? [{ chain: [], order }] : []));
  const others = components(nodes, between).map((part) => ({
    chain: series(nodes, part, from, to),
    order: taken.findIndex((input) => part.includes(input)),
  }));
  return [...direct, ...others].sort((a, b) => a.order - b.order).map(({ chain }) => chain);
}

/** Nodes that are connected with one another without the nodes around them. */
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

/** All nodes of a chain, in an order that only depends on its structure. */
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
