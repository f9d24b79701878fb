/**
 * Finds the units of a network and their sites: its convolutions, and the activations that belong to them.
 *
 * A unit is a convolution with the activation behind it (convolution, norm, maybe an addition, activation), or, in a
 * pre-activation network, with the one in front of it. What a node is follows from what it is connected to; `place`
 * only tells shortcuts, stem and head apart. All of it takes time linear in the number of connections.
 */

import type { Graph, Node, OpKind, Place } from '../graph/index.js';

/** A region of the network; activations of stem and head are left alone unless asked for. */
export type Part = 'stem' | 'body' | 'head';

export interface Site {
  /** The activation's node. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  /** Activations of fully connected layers are the head's, wherever they stand. */
  readonly part: Part;
}

/** A convolution of the main path: neither a shortcut's projection nor inside a gate. */
export interface Unit {
  /** The convolution's node. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
}

/**
 * What a node is to the units of a network:
 * - `layer`: what units are made of
 * - `site`: an activation that may be one
 * - `link`: what may stand between a layer and the activation behind it
 * - `transparent`: a link that may also stand between an activation and the layer behind it
 * - `other`: ends the search
 *
 * Sigmoid and hard sigmoid are no sites: networks use them as a gate or as an output, where the identity means something else.
 */
type Role = 'layer' | 'site' | 'link' | 'transparent' | 'other';

const roleRules: { readonly [K in OpKind]: Role } = {
  input: 'other',
  convolution: 'layer',
  batchNorm: 'link',
  layerNorm: 'link',
  localResponseNorm: 'link',
  relu: 'site',
  leakyRelu: 'site',
  prelu: 'site',
  relu6: 'site',
  silu: 'site',
  gelu: 'site',
  sigmoid: 'other',
  hardSwish: 'site',
  hardSigmoid: 'other',
  identity: 'transparent',
  add: 'link',
  multiply: 'link',
  concat: 'link',
  sliceChannels: 'transparent',
  channelShuffle: 'transparent',
  padChannels: 'other',
  maxPool: 'link',
  averagePool: 'link',
  globalAveragePool: 'other',
  adaptiveAveragePool: 'other',
  linear: 'layer',
  flatten: 'other',
  dropout: 'transparent',
  stochasticDepth: 'link',
  scale: 'link',
};

const roleOf = (node: Node): Role => roleRules[node.op.kind];

/** All sites in forward order: stem, body and head. */
export function findSites(graph: Graph): Site[] {
  const gates = findGates(graph);
  const parts = nodeParts(graph);
  const sources = findSources(graph, gates);
  const normOf = normsBefore(graph);
  const leading = activationsBeforeConvolutions(graph, gates);

  const belongs = (node: Node): boolean => {
    if (roleOf(node) !== 'site' || node.place.role === 'shortcut' || gates.has(node.name)) return false;
    const source = sources.get(node.inputs[0]!);
    if (source === 'linear' || node.place.role === 'stem') return source === 'linear' || source === 'convolution';
    const norm = normOf.get(node.name);
    // Pre-activation networks normalize and activate what additions or concatenations give (He et al. 2016).
    if (norm?.ofJoin) return leading.has(node.name);
    return source === 'convolution' || (source === 'activation' && norm !== undefined && leading.has(node.name));
  };
  return graph.nodes
    .filter(belongs)
    .map((node) => ({ name: node.name, ...sitePlace(node.place), part: parts.get(node.name)! }));
}

/** All units in forward order: stem, body and head. */
export function findUnits(graph: Graph): Unit[] {
  const gates = findGates(graph);
  const parts = nodeParts(graph);
  return graph.nodes
    .filter((node) => isUnit(node, gates))
    .map((node) => ({ name: node.name, ...sitePlace(node.place), part: parts.get(node.name)! }));
}

/** Stage and block alone, as far as there are any. */
export function sitePlace({ stage, block }: Pick<Place, 'stage' | 'block'>): Pick<Place, 'stage' | 'block'> {
  return { ...(stage === undefined ? {} : { stage }), ...(block === undefined ? {} : { block }) };
}

/** The part that each node stands in; a linear layer and all that follows it is the head. */
export function nodeParts(graph: Graph): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  for (const { name, op, inputs, place } of graph.nodes) {
    const head = place.role === 'head' || op.kind === 'linear' || inputs.some((input) => parts.get(input) === 'head');
    parts.set(name, head ? 'head' : place.role === 'stem' ? 'stem' : 'body');
  }
  return parts;
}

const isUnit = ({ name, op, place }: Node, gates: ReadonlySet<string>): boolean =>
  op.kind === 'convolution' && place.role !== 'shortcut' && !gates.has(name);

/** The nodes whose results go only into gates (squeeze-and-excitation): they weigh channels, they are not the path. */
function findGates(graph: Graph): ReadonlySet<string> {
  const gates = new Set(graph.nodes.slice(0, -1).map((node) => node.name));
  for (const { name, op, inputs } of [...graph.nodes].reverse()) {
    if (gates.has(name)) continue;
    inputs.forEach((input, index) => {
      if (op.kind !== 'multiply' || index === 0) gates.delete(input);
    });
  }
  return gates;
}

/** Whose result a value is: that of a layer as it came, or that of an activation. */
type Source = 'convolution' | 'linear' | 'activation';

/** For each node, whose result it gives; where several are joined, a layer that has no activation yet goes first. */
function findSources(graph: Graph, gates: ReadonlySet<string>): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>();
  const order: readonly Source[] = ['convolution', 'linear', 'activation'];
  for (const node of graph.nodes) {
    const given = node.inputs.map((input) => sources.get(input));
    const joined = order.find((source) => given.includes(source));
    const rules: { readonly [R in Role]: Source | undefined } = {
      layer: node.op.kind === 'linear' ? 'linear' : isUnit(node, gates) ? 'convolution' : undefined,
      site: joined && 'activation',
      link: joined,
      transparent: joined,
      other: undefined,
    };
    const source = rules[roleOf(node)];
    if (source !== undefined) sources.set(node.name, source);
  }
  return sources;
}

/** For each node directly behind a norm: whether that normalizes an addition or a concatenation. */
function normsBefore(graph: Graph): ReadonlyMap<string, { readonly ofJoin: boolean }> {
  const solid = new Map<string, Node>();
  const norms = new Map<string, { readonly ofJoin: boolean }>();
  for (const node of graph.nodes) {
    const before = solid.get(node.inputs[0] ?? '');
    solid.set(node.name, roleOf(node) === 'transparent' && before !== undefined ? before : node);
    if (before?.op.kind !== 'batchNorm' && before?.op.kind !== 'layerNorm') continue;
    const normalized = solid.get(before.inputs[0]!)?.op.kind;
    norms.set(node.name, { ofJoin: normalized === 'add' || normalized === 'concat' });
  }
  return norms;
}

/** The nodes whose results go straight into a unit's convolution. */
function activationsBeforeConvolutions(graph: Graph, gates: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const takes = isUnit(node, gates) || (roleOf(node) === 'transparent' && found.has(node.name));
    if (takes) for (const input of node.inputs) found.add(input);
  }
  return found;
}
