/** Graph → forward calls: one rule for each op, at most one call for each node. Fusing is a later pass. */

import { RectioError } from '../base/error.js';
import { hashText } from '../base/random.js';
import { applyRule, type Rules } from '../base/rules.js';
import type { Graph, Node } from '../graph/graph.js';
import type { ActivationOp, Op, Shape } from '../graph/op.js';
import { nodeParameters } from '../graph/parameters.js';
import { inferShapes } from '../graph/shapes.js';
import { elements } from '../graph/sizes.js';
import { verifyGraph } from '../graph/verify.js';
import type { Draft } from './draft.js';
import { numbered } from './kernels.js';
import type { ActivationFunction, DropoutCall, KernelCall } from './plan.js';

/** Options of lowering. */
export interface LoweringOptions {
  readonly mode: 'training' | 'inference';
  readonly batch: number;
  /** Seed of the dropout masks. */
  readonly seed: number;
  /** Batch norms that are folded into the convolution before them: norm's name → convolution's name. */
  readonly folds: ReadonlyMap<string, string>;
}

export interface Lowered {
  readonly calls: readonly KernelCall[];
  readonly images: number;
  readonly logits: number;
  /** Ids of the learned parameters, in the graph's order. */
  readonly trainable: readonly number[];
  /** Ids of the running statistics, in the graph's order. */
  readonly statistics: readonly number[];
}

interface Lowering {
  readonly mode: LoweringOptions['mode'];
  readonly seed: number;
  readonly node: string;
  /** The node's output in the batch's dims. */
  readonly dims: Shape;
  /** Height and width of the node's first input if it is a feature map. */
  readonly inputSize: Shape;
  /** The tensor of one of the node's parameters, if the plan has it. */
  parameter(local: string): number | undefined;
  /** Adds a tensor named after the node; `small` and `index` add one named `<node>.<part>`. */
  activation(): number;
  small(part: string, dims: Shape): number;
  index(): number;
  emit(call: KernelCall): void;
}

const lowerActivation = (op: ActivationOp, [x = -1]: readonly number[], lowering: Lowering): number => {
  const y = lowering.activation();
  const weight = op.kind === 'prelu' ? { weight: lowering.parameter('weight')! } : {};
  const { node } = lowering;
  lowering.emit({ kind: 'activation', node, in: { x, ...weight }, out: { y }, update: {}, function: functionOf(op) });
  return y;
};

function functionOf(op: ActivationOp): ActivationFunction {
  return op.kind === 'leakyRelu' ? { name: op.kind, slope: op.slope } : { name: op.kind };
}

/** Dropout needs no call in inference or if its rate is 0. */
const lowerDropout =
  (per: DropoutCall['per']) =>
  ({ rate }: { readonly rate: number }, [x = -1]: readonly number[], lowering: Lowering): number => {
    if (lowering.mode === 'inference' || rate === 0) return x;
    const y = lowering.activation();
    const { node, seed } = lowering;
    const stream = hashText(node);
    lowering.emit({ kind: 'dropout', node, in: { x }, out: { y }, update: {}, rate, per, seed, stream });
    return y;
  };

function weightAndBias(lowering: Lowering): { weight: number; bias?: number } {
  const bias = lowering.parameter('bias');
  return { weight: lowering.parameter('weight')!, ...(bias === undefined ? {} : { bias }) };
}

/**
 * Each rule emits the node's call and returns the tensor with its value. An identity needs no call: its value is that of its
 * input.
 */
const loweringRules: Rules<Op, [inputs: readonly number[], lowering: Lowering], number> = {
  input: (_, [images = -1]) => images,

  convolution: (op, [x = -1], lowering) => {
    const y = lowering.activation();
    const { kernel, stride, padding, dilation, groups } = op;
    const window = { kernel, stride, padding, dilation, groups };
    const { node } = lowering;
    lowering.emit({
      kind: 'convolution',
      node,
      in: { x, ...weightAndBias(lowering) },
      out: { y },
      update: {},
      window,
      relu: false,
    });
    return y;
  },

  batchNorm: (op, [x = -1], lowering) => {
    const { node } = lowering;
    if (lowering.mode === 'inference') {
      const [scale, shift] = [lowering.parameter('scale'), lowering.parameter('shift')];
      if (scale === undefined || shift === undefined) return x; // folded into its convolution
      const y = lowering.activation();
      lowering.emit({ kind: 'channelAffine', node, in: { x, scale, shift }, out: { y }, update: {}, relu: false });
      return y;
    }
    const channels = [lowering.dims[1]!];
    const y = lowering.activation();
    lowering.emit({
      kind: 'batchNorm',
      node,
      in: { x, weight: lowering.parameter('weight')!, bias: lowering.parameter('bias')! },
      out: {
        y,
        mean: lowering.small('mean', channels),
        inverseDeviation: lowering.small('inverseDeviation', channels),
      },
      update: { runningMean: lowering.parameter('running_mean')!, runningVar: lowering.parameter('running_var')! },
      epsilon: op.epsilon,
      momentum: op.momentum,
      relu: false,
    });
    return y;
  },

  layerNorm: (op, [x = -1], lowering) => {
    const [batch = 0, , ...positions] = lowering.dims;
    const statistics = [batch, elements(positions)];
    const y = lowering.activation();
    lowering.emit({
      kind: 'layerNorm',
      node: lowering.node,
      in: { x, weight: lowering.parameter('weight')!, bias: lowering.parameter('bias')! },
      out: {
        y,
        mean: lowering.small('mean', statistics),
        inverseDeviation: lowering.small('inverseDeviation', statistics),
      },
      update: {},
      epsilon: op.epsilon,
    });
    return y;
  },

  localResponseNorm: ({ size, alpha, beta, k }, [x = -1], lowering) => {
    const y = lowering.activation();
    const { node } = lowering;
    lowering.emit({ kind: 'localResponseNorm', node, in: { x }, out: { y }, update: {}, size, alpha, beta, k });
    return y;
  },

  relu: lowerActivation,
  leakyRelu: lowerActivation,
  prelu: lowerActivation,
  relu6: lowerActivation,
  silu: lowerActivation,
  gelu: lowerActivation,
  sigmoid: lowerActivation,
  hardSwish: lowerActivation,
  hardSigmoid: lowerActivation,

  identity: (_, [x = -1]) => x,

  add: (_, inputs, lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'sum', node: lowering.node, in: numbered(inputs), out: { y }, update: {}, relu: false });
    return y;
  },

  multiply: (_, [x = -1, gate = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'multiply', node: lowering.node, in: { x, gate }, out: { y }, update: {} });
    return y;
  },

  concat: (_, inputs, lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'concat', node: lowering.node, in: numbered(inputs), out: { y }, update: {} });
    return y;
  },

  sliceChannels: (op, [x = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'sliceChannels', node: lowering.node, in: { x }, out: { y }, update: {}, start: op.start });
    return y;
  },

  channelShuffle: ({ groups }, [x = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'channelShuffle', node: lowering.node, in: { x }, out: { y }, update: {}, groups });
    return y;
  },

  padChannels: (op, [x = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'padChannels', node: lowering.node, in: { x }, out: { y }, update: {}, before: op.before });
    return y;
  },

  maxPool: (op, [x = -1], lowering) => {
    const y = lowering.activation();
    const index = lowering.mode === 'training' ? { index: lowering.index() } : {};
    const window = { kernel: op.kernel, stride: op.stride, padding: op.padding };
    lowering.emit({ kind: 'maxPool', node: lowering.node, in: { x }, out: { y, ...index }, update: {}, window });
    return y;
  },

  averagePool: (op, [x = -1], lowering) => {
    const y = lowering.activation();
    const window = { kernel: op.kernel, stride: op.stride, padding: op.padding };
    const { countPadding } = op;
    const { node } = lowering;
    lowering.emit({ kind: 'averagePool', node, in: { x }, out: { y }, update: {}, window, countPadding });
    return y;
  },

  globalAveragePool: (_, [x = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'globalAveragePool', node: lowering.node, in: { x }, out: { y }, update: {} });
    return y;
  },

  adaptiveAveragePool: (op, [x = -1], lowering) => {
    const [height = 0, width = 0] = lowering.inputSize;
    if (op.size[0] === height && op.size[1] === width) return x;
    const y = lowering.activation();
    lowering.emit({ kind: 'adaptiveAveragePool', node: lowering.node, in: { x }, out: { y }, update: {} });
    return y;
  },

  linear: (_, [x = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({
      kind: 'linear',
      node: lowering.node,
      in: { x, ...weightAndBias(lowering) },
      out: { y },
      update: {},
    });
    return y;
  },

  flatten: (_, [x = -1], lowering) => {
    const y = lowering.activation();
    lowering.emit({ kind: 'flatten', node: lowering.node, in: { x }, out: { y }, update: {} });
    return y;
  },

  dropout: lowerDropout('element'),
  stochasticDepth: lowerDropout('example'),

  scale: (op, [x = -1], lowering) => {
    const weight = lowering.parameter('weight')!;
    const y = lowering.activation();
    lowering.emit({ kind: 'scale', node: lowering.node, in: { x, weight }, out: { y }, update: {}, per: op.per });
    return y;
  },
};

/** The parameters and statistics of a node in the plan. In inference a batch norm is folded into a convolution or into scale and shift. */
function planParameters(
  node: Node,
  input: Shape,
  { mode, folds }: LoweringOptions,
): { readonly name: string; readonly role: 'parameter' | 'statistic'; readonly shape: Shape }[] {
  const own = nodeParameters(node, input).map(({ name, shape, trainable }) => {
    return { name, shape, role: trainable ? ('parameter' as const) : ('statistic' as const) };
  });
  const folded = (local: string, channels: number) => {
    return { name: `${node.name}.${local}`, role: 'parameter' as const, shape: [channels] };
  };
  if (mode === 'training') return own;
  if (node.op.kind === 'batchNorm') {
    return folds.has(node.name) ? [] : [folded('scale', input[0]!), folded('shift', input[0]!)];
  }
  if (node.op.kind === 'convolution' && !node.op.bias && [...folds.values()].includes(node.name)) {
    return [...own, folded('bias', node.op.outChannels)];
  }
  return own;
}

/**
 * Lowers the graph to forward calls.
 * @throws RectioError `graph` if it is not well formed, `plan` if its output is not one vector per image.
 */
export function lowerGraph(draft: Draft, graph: Graph, options: LoweringOptions): Lowered {
  const { mode, batch, seed } = options;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new RectioError(
      'plan',
      `The batch size of a plan for ${graph.name} is ${batch}.`,
      'Give a whole number of at least 1.',
    );
  }
  verifyGraph(graph);
  const shapes = inferShapes(graph);
  const { nodes } = graph;
  const images = draft.add('images', 'input', [batch, ...shapes.get(nodes[0]!.name)!]);

  const calls: KernelCall[] = [];
  const trainable: number[] = [];
  const statistics: number[] = [];
  const values = new Map<string, number>();
  const parameters = new Map<string, number>();

  // Parameters come first, so that no activation takes the name of one.
  for (const node of nodes) {
    for (const { name, role, shape } of planParameters(node, shapes.get(node.inputs[0] ?? '') ?? [], options)) {
      const id = draft.add(name, role, shape);
      parameters.set(name, id);
      (role === 'parameter' ? trainable : statistics).push(id);
    }
  }

  for (const node of nodes) {
    const { name, op } = node;
    const inputs = op.kind === 'input' ? [images] : node.inputs.map((from) => values.get(from)!);
    const dims = [batch, ...shapes.get(name)!];
    const lowering: Lowering = {
      mode,
      seed,
      node: name,
      dims,
      inputSize: shapes.get(node.inputs[0] ?? '')?.slice(1) ?? [],
      parameter: (local) => parameters.get(`${name}.${local}`),
      activation: () => draft.add(name, 'activation', dims),
      small: (part, partDims) => draft.add(`${name}.${part}`, 'small', partDims),
      index: () => draft.add(`${name}.index`, 'activation', dims, { type: 'uint8' }),
      emit: (call) => void calls.push(call),
    };
    values.set(name, applyRule(loweringRules, op, inputs, lowering));
  }

  const logits = values.get(nodes.at(-1)!.name)!;
  const { dims } = draft.tensor(logits);
  if (dims.length !== 2) {
    throw new RectioError(
      'plan',
      `The output of ${graph.name}, ${nodes.at(-1)!.name}, has shape [${dims.slice(1).join(', ')}] instead of [classes].`,
      'End the network with a flatten and a linear node.',
    );
  }
  return { calls, images, logits, trainable, statistics };
}
