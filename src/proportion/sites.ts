/**
 * Finds the sites of a network: the activations that belong to its convolutions.
 *
 * A unit is a convolution with the activation behind it (convolution, batch norm, maybe an addition, activation), or,
 * in a pre-activation network, with the one in front of it. What a node is follows from what it is connected to;
 * `place` only tells shortcuts, stem and head apart.
 */

import { isActivation, type Graph, type Node, type OpKind, type Place } from '../graph/index.js';

export interface Site {
  /** The activation's node. */
  readonly name: string;
  readonly stage?: string;
  readonly block?: string;
  /** The stem's activation and those of fully connected layers are left alone unless asked for. */
  readonly part: 'stem' | 'body' | 'head';
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
type Part = 'layer' | 'site' | 'link' | 'transparent' | 'other';

const partRules: { readonly [K in OpKind]: Part } = {
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

const partOf = (node: Node): Part => partRules[node.op.kind];

/** All sites in forward order: stem, body and head. */
export function findSites(graph: Graph): Site[] {
  const layers = layersBehind(graph);
  const preActivated = isPreActivation(graph) ? activationsBeforeConvolutions(graph) : undefined;

  return graph.nodes.flatMap((node): Site[] => {
    const { role } = node.place;
    if (partOf(node) !== 'site' || role === 'shortcut') return [];
    const layer = layers.get(node.inputs[0]!);
    const site = (part: Site['part']): Site[] => [{ name: node.name, ...sitePlace(node.place), part }];
    if (layer === 'linear') return site('head');
    if (role === 'stem') return layer === 'convolution' ? site('stem') : [];
    const hasUnit = preActivated ? preActivated.has(node.name) : layer === 'convolution';
    return hasUnit ? site(role === 'head' ? 'head' : 'body') : [];
  });
}

/** Stage and block alone, as far as there are any. */
export function sitePlace({ stage, block }: Pick<Place, 'stage' | 'block'>): Pick<Place, 'stage' | 'block'> {
  return { ...(stage === undefined ? {} : { stage }), ...(block === undefined ? {} : { block }) };
}

/** For each node, the layer whose result it is, before any activation; a convolution goes before a linear layer. */
function layersBehind(graph: Graph): ReadonlyMap<string, 'convolution' | 'linear'> {
  const layers = new Map<string, 'convolution' | 'linear'>();
  for (const node of graph.nodes) {
    const { name, op, inputs, place } = node;
    const part = partOf(node);
    if (op.kind === 'convolution' && place.role !== 'shortcut') layers.set(name, 'convolution');
    if (op.kind === 'linear') layers.set(name, 'linear');
    if (part !== 'link' && part !== 'transparent') continue;
    const found = inputs.map((input) => layers.get(input));
    if (found.includes('convolution')) layers.set(name, 'convolution');
    else if (found.includes('linear')) layers.set(name, 'linear');
  }
  return layers;
}

/** Pre-activation networks normalize and activate what additions or concatenations give (He et al. 2016). */
function isPreActivation(graph: Graph): boolean {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const before = (node: Node): Node | undefined => {
    const input = nodes.get(node.inputs[0]!);
    return input !== undefined && partOf(input) === 'transparent' ? before(input) : input;
  };
  return graph.nodes.some((node) => {
    if (!isActivation(node.op)) return false;
    const norm = before(node);
    if (norm?.op.kind !== 'batchNorm') return false;
    const source = before(norm)?.op.kind;
    return source === 'add' || source === 'concat';
  });
}

/** The activations whose results go straight into a convolution of the main path. */
function activationsBeforeConvolutions(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const takes =
      (node.op.kind === 'convolution' && node.place.role !== 'shortcut') ||
      (partOf(node) === 'transparent' && found.has(node.name));
    if (takes) for (const input of node.inputs) found.add(input);
  }
  return found;
}
