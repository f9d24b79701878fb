/**
 * Finds the units of a network and their sites: its convolutions, and the activations that belong to them.
 *
 * A unit is a convolution together with the activation after it (convolution, norm, possibly an addition, activation) or, in a
 * pre-activation network, the activation before it. The connections decide what belongs together; `place` is used only for
 * shortcuts, stem and head. The search takes time linear in the number of connections.
 */

import type { Graph, Node, OpKind, Place } from '../graph/index.js';

/** A region of the network. By default, activations of stem and head are not dropped. */
export type Part = 'stem' | 'body' | 'head';

export interface Site {
  /** The activation's node. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  /** Activations of fully connected layers always belong to the head. */
  readonly part: Part;
}

/** A convolution of the main path: neither a projection on a shortcut nor inside a gate. */
export interface Unit {
  /** The convolution's node. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
}

/**
 * The role of an op in a unit:
 * - `layer`: a convolution or linear layer
 * - `site`: an activation that may be a site
 * - `link`: may come between a layer and the activation after it
 * - `transparent`: a link that may also come between an activation and the layer after it
 * - `other`: ends the search
 *
 * Sigmoid and hard sigmoid are not sites: networks use them as gates or outputs, which the identity cannot replace.
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
    // Pre-activation networks normalize and activate the results of additions or concatenations (He et al. 2016).
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

/** Only stage and block, if they are set. */
export function sitePlace({ stage, block }: Pick<Place, 'stage' | 'block'>): Pick<Place, 'stage' | 'block'> {
  return { ...(stage === undefined ? {} : { stage }), ...(block === undefined ? {} : { block }) };
}

/** The part of each node. A linear layer and all nodes after it belong to the head. */
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

/** The nodes whose results are used only by gates (squeeze-and-excitation). They weight channels and are not on the main path. */
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

/** What a value comes from: a layer without an activation yet, or an activation. */
type Source = 'convolution' | 'linear' | 'activation';

/** The source of each node's value. If inputs are joined, a layer without an activation takes precedence. */
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

/** For each node directly after a norm: whether the norm's input is an addition or a concatenation. */
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

/** The nodes whose results go directly into a unit's convolution. */
function activationsBeforeConvolutions(graph: Graph, gates: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const takes = isUnit(node, gates) || (roleOf(node) === 'transparent' && found.has(node.name));
    if (takes) for (const input of node.inputs) found.add(input);
  }
  return found;
}
