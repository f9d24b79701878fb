/** Folding of batch norm for inference: which norms are folded into a convolution, and the resulting weights. */

import { RectioError } from '../base/error.js';
import type { Graph, Node } from '../graph/graph.js';
import type { BatchNormOp, OpKind } from '../graph/op.js';
import { nodeParameters } from '../graph/parameters.js';
import { inferShapes } from '../graph/shapes.js';

/** Ops that inference leaves out. */
const vanishing: ReadonlySet<OpKind> = new Set(['identity', 'dropout', 'stochasticDepth']);

/** Norms that directly follow a convolution with no other reader: norm's name → convolution's name. */
export function foldedNorms(graph: Graph): Map<string, string> {
  const { nodes } = graph;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  /** The node that computes the value of `name` in inference. */
  const source = (name: string): Node => {
    const node = byName.get(name)!;
    return vanishing.has(node.op.kind) ? source(node.inputs[0]!) : node;
  };
  const reads = new Map<string, number>();
  const read = (name: string): void => void reads.set(name, (reads.get(name) ?? 0) + 1);
  for (const { op, inputs } of nodes) {
    if (!vanishing.has(op.kind)) inputs.forEach((input) => read(source(input).name));
  }
  read(source(nodes.at(-1)!.name).name);

  const folds = new Map<string, string>();
  for (const { name, op, inputs } of nodes) {
    if (op.kind !== 'batchNorm') continue;
    const before = source(inputs[0]!);
    if (before.op.kind === 'convolution' && reads.get(before.name) === 1) folds.set(name, before.name);
  }
  return folds;
}

/**
 * The weights of the inference plan, from those of the training plan (parameters and running statistics by
 * state_dict name). Computes in float64 and rounds once. Weights that are not folded are passed on
 * without copying.
 * @throws RectioError `checkpoint` if a weight is missing or has another size.
 */
export function foldWeights(graph: Graph, weights: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const folds = foldedNorms(graph);
  const shapes = inferShapes(graph);
  const result = new Map<string, Float32Array>();
  for (const node of graph.nodes) {
    const { name, op, inputs } = node;
    if (op.kind === 'input') continue;
    const own = new Map(
      nodeParameters(node, shapes.get(inputs[0]!)!).map(({ name: full, local, shape }) => {
        return [
          local,
          weightOf(
            weights,
            full,
            shape.reduce((a, b) => a * b, 1),
          ),
        ];
      }),
    );
    if (op.kind !== 'batchNorm') {
      for (const [local, data] of own) result.set(`${name}.${local}`, data);
      continue;
    }
    const affine = channelAffine(op, own as ReadonlyMap<string, Float32Array>);
    const convolution = folds.get(name);
    if (convolution === undefined) {
      result.set(`${name}.scale`, Float32Array.from(affine.scale));
      result.set(`${name}.shift`, Float32Array.from(affine.shift));
      continue;
    }
    const weight = result.get(`${convolution}.weight`)!;
    const bias = result.get(`${convolution}.bias`);
    result.set(`${convolution}.weight`, scaledChannels(weight, affine.scale));
    result.set(
      `${convolution}.bias`,
      Float32Array.from(affine.shift, (shift, c) => shift + (bias?.[c] ?? 0) * affine.scale[c]!),
    );
  }
  return result;
}

/** Multiplies each output channel of a weight by its factor. A plain loop takes a third of the time of `map`. */
function scaledChannels(weight: Float32Array, scale: Float64Array): Float32Array {
  const result = new Float32Array(weight.length);
  const perChannel = weight.length / scale.length;
  for (let channel = 0, i = 0; channel < scale.length; channel++) {
    const factor = scale[channel]!;
    for (const end = i + perChannel; i < end; i++) result[i] = weight[i]! * factor;
  }
  return result;
}

/** Batch norm with running statistics as x·scale + shift. */
function channelAffine(
  { epsilon }: BatchNormOp,
  own: ReadonlyMap<string, Float32Array>,
): { scale: Float64Array; shift: Float64Array } {
  const [weight, bias] = [own.get('weight')!, own.get('bias')!];
  const [mean, variance] = [own.get('running_mean')!, own.get('running_var')!];
  const scale = Float64Array.from(weight, (w, c) => w / Math.sqrt(variance[c]! + epsilon));
  return { scale, shift: Float64Array.from(bias, (b, c) => b - mean[c]! * scale[c]!) };
}

function weightOf(weights: ReadonlyMap<string, Float32Array>, name: string, size: number): Float32Array {
  const data = weights.get(name);
  if (data?.length === size) return data;
  throw new RectioError(
    'checkpoint',
    data ? `The weight ${name} has ${data.length} values instead of ${size}.` : `The weight ${name} is missing.`,
    'Give the weights of this network, including running statistics.',
  );
}
