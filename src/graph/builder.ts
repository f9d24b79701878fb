/**
 * Builds a Graph in code that reads like the figure of the network:
 *
 *     const net = graphBuilder('tiny', [3, 32, 32]);
 *     let x = net.stem(() => {
 *       const y = net.convolution('conv1', net.input, { outChannels: 16, kernel: 3, padding: 1, bias: false });
 *       return net.relu('relu', net.batchNorm('bn1', y));
 *     });
 *     x = net.stage('layer1', () => net.block('0', () => …));   // names layer1.0.conv1, …; places set
 *     x = net.head(() => net.linear('fc', net.flatten('flatten', net.globalAveragePool('avgpool', x)), { outFeatures: 10 }));
 *     const graph = net.build();
 *
 * Every call checks its arguments, so that an error points to the line with the mistake.
 */

import { RectioError } from '../base/error.js';
import { checkOp } from './attributes.js';
import type { Graph, Node, Place } from './graph.js';
import type { Op, Pair, Shape } from './op.js';
import { inputShapes, nodeShape } from './shapes.js';
import { checkName, verifyGraph } from './verify.js';

/** A node's output, represented by the node's full name. */
export type Value = string;

/** A single number means both height and width. */
export type Extent = number | Pair;

export interface ConvolutionOptions {
  readonly outChannels: number;
  readonly kernel: Extent;
  /** Default 1. */
  readonly stride?: Extent;
  /** Zeros on each side; default 0. */
  readonly padding?: Extent;
  /** Default 1. */
  readonly dilation?: Extent;
  /** Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
}

export interface PoolOptions {
  readonly kernel: Extent;
  /** Default: the kernel. */
  readonly stride?: Extent;
  /** At most half of the kernel; default 0. */
  readonly padding?: Extent;
  /** Round the output size up; default false. */
  readonly ceil?: boolean;
}

export interface ScopeOptions {
  /** Prefix of names instead of the scope's name; '' for none. For networks whose names do not contain stages. */
  readonly prefix?: string;
}

/** All defaults are PyTorch's. Names are relative to the enclosing scopes; values are full names. */
export interface GraphBuilder {
  /** The network's input. */
  readonly input: Value;
  /** The shape of a node's output for one example. */
  shape(x: Value): Shape;

  /** Nodes added inside are named `<name>.…`, or `<prefix>.…`, and belong to this stage. */
  stage<T>(name: string, make: () => T, options?: ScopeOptions): T;
  /** Nodes added inside are named `<name>.…`, or `<prefix>.…`, and belong to this block. */
  block<T>(name: string, make: () => T, options?: ScopeOptions): T;
  /** Nodes added inside are named `<name>.…`; stage and block do not change. */
  scope<T>(name: string, make: () => T): T;
  /** A projection beside the main path, named `<name>.…`. */
  shortcut<T>(name: string, make: () => T): T;
  /** Marks the nodes before the first stage. */
  stem<T>(make: () => T): T;
  /** Marks the nodes of the classifier. */
  head<T>(make: () => T): T;

  convolution(name: string, x: Value, options: ConvolutionOptions): Value;
  /** Defaults: epsilon 1e-5, momentum 0.1. */
  batchNorm(name: string, x: Value, options?: { readonly epsilon?: number; readonly momentum?: number }): Value;
  /** Default epsilon 1e-5. */
  layerNorm(name: string, x: Value, options?: { readonly epsilon?: number }): Value;
  /** Defaults: size 5, alpha 1e-4, beta 0.75, k 1. */
  localResponseNorm(
    name: string,
    x: Value,
    options?: { readonly size?: number; readonly alpha?: number; readonly beta?: number; readonly k?: number },
  ): Value;
  relu(name: string, x: Value): Value;
  /** Default slope 0.01. */
  leakyRelu(name: string, x: Value, options?: { readonly slope?: number }): Value;
  /** Defaults: initialSlope 0.25, perChannel false. */
  prelu(name: string, x: Value, options?: { readonly initialSlope?: number; readonly perChannel?: boolean }): Value;
  relu6(name: string, x: Value): Value;
  silu(name: string, x: Value): Value;
  gelu(name: string, x: Value): Value;
  sigmoid(name: string, x: Value): Value;
  hardSwish(name: string, x: Value): Value;
  hardSigmoid(name: string, x: Value): Value;
  identity(name: string, x: Value): Value;
  add(name: string, ...inputs: readonly Value[]): Value;
  concat(name: string, ...inputs: readonly Value[]): Value;
  /** Multiplies each channel of x [C, H, W] by that of the gate [C, 1, 1]. */
  multiply(name: string, x: Value, gate: Value): Value;
  /** `count` channels from `start` (counted from 0) on. */
  sliceChannels(name: string, x: Value, options: { readonly start: number; readonly count: number }): Value;
  channelShuffle(name: string, x: Value, options: { readonly groups: number }): Value;
  padChannels(name: string, x: Value, options: { readonly before: number; readonly after: number }): Value;
  maxPool(name: string, x: Value, options: PoolOptions): Value;
  /** Default countPadding true. */
  averagePool(name: string, x: Value, options: PoolOptions & { readonly countPadding?: boolean }): Value;
  globalAveragePool(name: string, x: Value): Value;
  /** The output has the given height and width for every input. */
  adaptiveAveragePool(name: string, x: Value, options: { readonly size: Extent }): Value;
  /** Default bias true. */
  linear(name: string, x: Value, options: { readonly outFeatures: number; readonly bias?: boolean }): Value;
  flatten(name: string, x: Value): Value;
  /** Default rate 0.5. */
  dropout(name: string, x: Value, options?: { readonly rate?: number }): Value;
  /** In training skips the branch for each example with probability `rate`. */
  stochasticDepth(name: string, x: Value, options: { readonly rate: number }): Value;
  /** Defaults: per channel, initial 1. */
  scale(name: string, x: Value, options?: { readonly per?: 'channel' | 'element'; readonly initial?: number }): Value;
  /** Adds any op. */
  node(name: string, op: Op, ...inputs: readonly Value[]): Value;

  /** The finished network; its output is the node added last. */
  build(): Graph;
}

const pair = (extent: Extent): Pair => (typeof extent === 'number' ? [extent, extent] : extent);

const pool = ({ kernel, stride = kernel, padding = 0, ceil = false, ...others }: PoolOptions) => ({
  ...others,
  kernel: pair(kernel),
  stride: pair(stride),
  padding: pair(padding),
  ceil,
});

/**
 * A builder for the network `name` with an input of the given shape: [channels, height, width] or [features]. Longer than 60
 * lines because it has one entry for each op.
 * @throws RectioError `graph`, from each call that adds a node which does not fit.
 */
// oxlint-disable-next-line max-lines-per-function -- a method of a few lines for each op, over one list of nodes
export function graphBuilder(name: string, inputShape: Shape): GraphBuilder {
  const nodes: Node[] = [];
  const shapes = new Map<string, Shape>();
  let prefix = '';
  let place: Place = {};

  /** Runs `make` with `local` as a prefix of names and with the place that `enter` returns for the path so far. */
  const within = <T>(local: string, enter: (outerPath: string) => Place, make: () => T): T => {
    const outer = { prefix, place };
    place = { ...place, ...enter(prefix) };
    if (local !== '') prefix = `${prefix}${local}.`;
    try {
      return make();
    } finally {
      ({ prefix, place } = outer);
    }
  };

  const node = (local: string, op: Op, ...inputs: readonly Value[]): Value => {
    checkName(local);
    const full = `${prefix}${local}`;
    if (shapes.has(full)) {
      throw new RectioError('graph', `Node ${full}: there is a node of this name already`, 'Give it another name.');
    }
    const made: Node = { name: full, op: checkOp(full, { ...op }), inputs: [...inputs], place };
    shapes.set(full, nodeShape(made, inputShapes(made, shapes)));
    nodes.push(made);
    return full;
  };

  // A user's file may run without type checks: unknown options are passed on to checkOp, which refuses them.
  return {
    input: node('input', { kind: 'input', shape: inputShape }),
    shape: (x) => {
      const shape = shapes.get(x);
      if (shape === undefined) throw new RectioError('graph', `There is no node ${x}`, 'Make it first.');
      return shape;
    },

    stage: (local, make, { prefix: named = local } = {}) =>
      within(named, (path) => ({ stage: `${path}${local}` }), make),
    block: (local, make, { prefix: named = local } = {}) =>
      within(named, (path) => ({ block: `${path}${local}` }), make),
    scope: (local, make) => within(local, () => ({}), make),
    shortcut: (local, make) => within(local, () => ({ role: 'shortcut' }), make),
    stem: (make) => within('', () => ({ role: 'stem' }), make),
    head: (make) => within('', () => ({ role: 'head' }), make),

    convolution: (
      local,
      x,
      { outChannels, kernel, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, ...others },
    ) =>
      node(
        local,
        {
          ...others,
          kind: 'convolution',
          outChannels,
          kernel: pair(kernel),
          stride: pair(stride),
          padding: pair(padding),
          dilation: pair(dilation),
          groups,
          bias,
        },
        x,
      ),
    batchNorm: (local, x, { epsilon = 1e-5, momentum = 0.1, ...others } = {}) =>
      node(local, { ...others, kind: 'batchNorm', epsilon, momentum }, x),
    layerNorm: (local, x, { epsilon = 1e-5, ...others } = {}) =>
      node(local, { ...others, kind: 'layerNorm', epsilon }, x),
    localResponseNorm: (local, x, { size = 5, alpha = 1e-4, beta = 0.75, k = 1, ...others } = {}) =>
      node(local, { ...others, kind: 'localResponseNorm', size, alpha, beta, k }, x),
    relu: (local, x) => node(local, { kind: 'relu' }, x),
    leakyRelu: (local, x, { slope = 0.01, ...others } = {}) => node(local, { ...others, kind: 'leakyRelu', slope }, x),
    prelu: (local, x, { initialSlope = 0.25, perChannel = false, ...others } = {}) =>
      node(local, { ...others, kind: 'prelu', initialSlope, perChannel }, x),
    relu6: (local, x) => node(local, { kind: 'relu6' }, x),
    silu: (local, x) => node(local, { kind: 'silu' }, x),
    gelu: (local, x) => node(local, { kind: 'gelu' }, x),
    sigmoid: (local, x) => node(local, { kind: 'sigmoid' }, x),
    hardSwish: (local, x) => node(local, { kind: 'hardSwish' }, x),
    hardSigmoid: (local, x) => node(local, { kind: 'hardSigmoid' }, x),
    identity: (local, x) => node(local, { kind: 'identity' }, x),
    add: (local, ...inputs) => node(local, { kind: 'add' }, ...inputs),
    concat: (local, ...inputs) => node(local, { kind: 'concat' }, ...inputs),
    multiply: (local, x, gate) => node(local, { kind: 'multiply' }, x, gate),
    sliceChannels: (local, x, { start, count, ...others }) =>
      node(local, { ...others, kind: 'sliceChannels', start, count }, x),
    channelShuffle: (local, x, { groups, ...others }) => node(local, { ...others, kind: 'channelShuffle', groups }, x),
    padChannels: (local, x, { before, after, ...others }) =>
      node(local, { ...others, kind: 'padChannels', before, after }, x),
    maxPool: (local, x, options) => node(local, { kind: 'maxPool', ...pool(options) }, x),
    averagePool: (local, x, { countPadding = true, ...options }) =>
      node(local, { kind: 'averagePool', ...pool(options), countPadding }, x),
    globalAveragePool: (local, x) => node(local, { kind: 'globalAveragePool' }, x),
    adaptiveAveragePool: (local, x, { size, ...others }) =>
      node(local, { ...others, kind: 'adaptiveAveragePool', size: pair(size) }, x),
    linear: (local, x, { outFeatures, bias = true, ...others }) =>
      node(local, { ...others, kind: 'linear', outFeatures, bias }, x),
    flatten: (local, x) => node(local, { kind: 'flatten' }, x),
    dropout: (local, x, { rate = 0.5, ...others } = {}) => node(local, { ...others, kind: 'dropout', rate }, x),
    stochasticDepth: (local, x, { rate, ...others }) => node(local, { ...others, kind: 'stochasticDepth', rate }, x),
    scale: (local, x, { per = 'channel', initial = 1, ...others } = {}) =>
      node(local, { ...others, kind: 'scale', per, initial }, x),
    node,

    build: () => {
      const graph: Graph = { name, nodes: [...nodes] };
      verifyGraph(graph);
      return graph;
    },
  };
}
