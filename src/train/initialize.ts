/** Weights before the first step. */

import { hashText, randomStream, type RandomStream } from '../base/random.js';
import {
  elements,
  graphParameters,
  type Graph,
  type Op,
  type OpKind,
  type OpOf,
  type Parameter,
} from '../graph/index.js';

/** Fills one parameter of a node. */
type Rule<K extends OpKind> = (op: OpOf<K>, parameter: Parameter, stream: RandomStream) => Float32Array;

const WEIGHT_STREAM = hashText('train.weights');

/** For kinds that have no parameters. */
const nothing = (_: Op, { name }: Parameter): Float32Array => {
  throw new Error(`No rule says how ${name} is initialized.`);
};

const initialRules: { readonly [K in OpKind]: Rule<K> } = {
  input: nothing,
  // He et al. (2015), equation 10 with the backward count: normal with variance 2 / (kernel area · outputs per group).
  convolution: (op, { local, shape }, stream) => {
    if (local === 'bias') return constant(shape, 0);
    const fanOut = (op.kernel[0] * op.kernel[1] * op.outChannels) / op.groups;
    return fill(shape, scaledBy(Math.sqrt(2 / fanOut), stream.normal));
  },
  batchNorm: (_, { local, shape }) => constant(shape, local === 'weight' || local === 'running_var' ? 1 : 0),
  layerNorm: (_, { local, shape }) => constant(shape, local === 'weight' ? 1 : 0),
  localResponseNorm: nothing,
  relu: nothing,
  leakyRelu: nothing,
  prelu: (op, { shape }) => constant(shape, op.initialSlope),
  relu6: nothing,
  silu: nothing,
  gelu: nothing,
  sigmoid: nothing,
  hardSwish: nothing,
  hardSigmoid: nothing,
  identity: nothing,
  add: nothing,
  multiply: nothing,
  concat: nothing,
  sliceChannels: nothing,
  channelShuffle: nothing,
  padChannels: nothing,
  maxPool: nothing,
  averagePool: nothing,
  globalAveragePool: nothing,
  adaptiveAveragePool: nothing,
  // Uniform within ±1/√inputs (LeCun et al. 1998; what torch.nn.Linear does), bias zero. No ReLU follows a classifier,
  // so He's factor 2 has no reason here.
  linear: (_, { local, shape }, stream) =>
    local === 'bias'
      ? constant(shape, 0)
      : fill(
          shape,
          scaledBy(2 / Math.sqrt(shape[1]!), () => stream.uniform() - 0.5),
        ),
  flatten: nothing,
  dropout: nothing,
  stochasticDepth: nothing,
  scale: (op, { shape }) => constant(shape, op.initial),
};

/**
 * Every parameter and statistic of a graph, by its state_dict name: as `given`, or else drawn. Each is drawn from a
 * stream keyed by seed and name, so networks that share names (one network at several ratios) share initial weights,
 * whatever else differs.
 */
export function initializeWeights(
  graph: Graph,
  seed: number,
  given: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> {
  const ops = new Map(graph.nodes.map(({ name, op }) => [name, op]));
  return new Map(
    graphParameters(graph).map((parameter) => {
      const known = given.get(parameter.name);
      if (known !== undefined) return [parameter.name, known];
      const op = ops.get(parameter.node)!;
      const rule = initialRules[op.kind] as Rule<OpKind>;
      return [parameter.name, rule(op, parameter, randomStream(seed, WEIGHT_STREAM, hashText(parameter.name)))];
    }),
  );
}

function constant(shape: readonly number[], value: number): Float32Array {
  return new Float32Array(elements(shape)).fill(value);
}

function scaledBy(factor: number, draw: () => number): () => number {
  return () => factor * draw();
}

function fill(shape: readonly number[], draw: () => number): Float32Array {
  const data = new Float32Array(elements(shape));
  for (let i = 0; i < data.length; i++) data[i] = draw();
  return data;
}
