/** Which shape every op makes of its inputs' shapes, and which inputs it takes at all. */

import { RectioError } from '../base/error.js';
import { applyRule, type Rules } from '../base/rules.js';
import { nearest } from '../base/suggest.js';
import { largestExtent } from './attributes.js';
import type { Graph, Node } from './graph.js';
import type { Op, OpKind, Pair, Shape } from './op.js';
import { nodeParameters, type Parameter } from './parameters.js';
import { show } from './show.js';

/** Stops with a message that says what was expected, what was found and what to do. */
type Refuse = (problem: string, hint: string) => never;
type FeatureMap = readonly [channels: number, height: number, width: number];

/** The least and the largest number of inputs. */
const inputCounts: { readonly [K in OpKind]: readonly [least: number, most: number] } = {
  input: [0, 0],
  convolution: [1, 1],
  batchNorm: [1, 1],
  layerNorm: [1, 1],
  localResponseNorm: [1, 1],
  relu: [1, 1],
  leakyRelu: [1, 1],
  prelu: [1, 1],
  relu6: [1, 1],
  silu: [1, 1],
  gelu: [1, 1],
  sigmoid: [1, 1],
  hardSwish: [1, 1],
  hardSigmoid: [1, 1],
  identity: [1, 1],
  add: [2, Infinity],
  multiply: [2, 2],
  concat: [2, Infinity],
  sliceChannels: [1, 1],
  channelShuffle: [1, 1],
  padChannels: [1, 1],
  maxPool: [1, 1],
  averagePool: [1, 1],
  globalAveragePool: [1, 1],
  adaptiveAveragePool: [1, 1],
  linear: [1, 1],
  flatten: [1, 1],
  dropout: [1, 1],
  stochasticDepth: [1, 1],
  scale: [1, 1],
};

const sameAsInput = (_: Op, [input]: readonly Shape[]): Shape => input!;

const shapeRules: Rules<Op, [inputs: readonly Shape[], refuse: Refuse], Shape> = {
  input: (op) => op.shape,
  convolution: (op, [input], refuse) => {
    const [channels, ...size] = featureMap(input!, refuse);
    if (channels % op.groups !== 0 || op.outChannels % op.groups !== 0) {
      return refuse(
        `${op.groups} groups do not divide both ${channels} input channels and ${op.outChannels} output channels evenly`,
        'Choose groups that divide both numbers of channels.',
      );
    }
    return [op.outChannels, ...windows(size, op, op.dilation, Math.floor, refuse)];
  },
  batchNorm: (_, [input], refuse) => featureMap(input!, refuse),
  layerNorm: sameAsInput,
  localResponseNorm: (_, [input], refuse) => featureMap(input!, refuse),
  relu: sameAsInput,
  leakyRelu: sameAsInput,
  prelu: sameAsInput,
  relu6: sameAsInput,
  silu: sameAsInput,
  gelu: sameAsInput,
  sigmoid: sameAsInput,
  hardSwish: sameAsInput,
  hardSigmoid: sameAsInput,
  identity: sameAsInput,
  add: (_, inputs, refuse) => {
    const [first, ...others] = inputs as readonly [Shape, ...Shape[]];
    return others.every((other) => equalShapes(first, other))
      ? first
      : refuse(
          `expected inputs of one shape, found ${printShapes(inputs)}`,
          'Bring the inputs to one shape first, for example with a 1×1 convolution on the shortcut.',
        );
  },
  multiply: (_, [input, gate], refuse) => {
    const [channels] = featureMap(input!, refuse);
    return equalShapes(gate!, [channels, 1, 1])
      ? input!
      : refuse(
          `expected a gate ${printShape([channels, 1, 1])} for ${printShape(input!)}, found ${printShape(gate!)}`,
          'Give the feature map first and the gate, one value for each of its channels, second.',
        );
  },
  concat: (_, inputs, refuse) => {
    const [first, ...others] = inputs as readonly [Shape, ...Shape[]];
    if (!others.every((other) => equalShapes(first.slice(1), other.slice(1)) && other.length === first.length)) {
      return refuse(
        `expected inputs of one height and width, found ${printShapes(inputs)}`,
        'Bring the inputs to one height and width first; only the channels may differ.',
      );
    }
    return [inputs.reduce((sum, input) => sum + input[0]!, 0), ...first.slice(1)];
  },
  sliceChannels: (op, [input], refuse) => {
    const [channels, height, width] = featureMap(input!, refuse);
    if (op.start + op.count > channels) {
      return refuse(
        `channels ${op.start} to ${op.start + op.count - 1} reach past the ${channels} of its input`,
        'Take channels that are there; they are counted from 0.',
      );
    }
    return [op.count, height, width];
  },
  channelShuffle: (op, [input], refuse) => {
    const [channels] = featureMap(input!, refuse);
    return channels % op.groups === 0
      ? input!
      : refuse(
          `${op.groups} groups do not divide ${channels} channels evenly`,
          'Choose groups that divide the number of channels.',
        );
  },
  padChannels: (op, [input], refuse) => {
    const [channels, height, width] = featureMap(input!, refuse);
    return [op.before + channels + op.after, height, width];
  },
  maxPool: (op, [input], refuse) => pooled(op, input!, refuse),
  averagePool: (op, [input], refuse) => pooled(op, input!, refuse),
  globalAveragePool: (_, [input], refuse) => [featureMap(input!, refuse)[0], 1, 1],
  adaptiveAveragePool: (op, [input], refuse) => [featureMap(input!, refuse)[0], ...op.size],
  linear: (op, [input], refuse) =>
    input!.length === 1
      ? [op.outFeatures]
      : refuse(`expected an input [features], found ${printShape(input!)}`, 'Put a flatten in front of it.'),
  flatten: (_, [input]) => [elements(input!)],
  dropout: sameAsInput,
  stochasticDepth: sameAsInput,
  scale: sameAsInput,
};

function featureMap(input: Shape, refuse: Refuse): FeatureMap {
  return input.length === 3
    ? (input as FeatureMap)
    : refuse(
        `expected an input [channels, height, width], found ${printShape(input)}`,
        'Put it in front of the flatten, where there still are feature maps.',
      );
}

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** How often a window fits into each direction (Dumoulin and Visin 2016, relationship 15). */
function windows(
  size: readonly number[],
  { kernel, stride, padding }: Window,
  dilation: Pair,
  round: (steps: number) => number,
  refuse: Refuse,
): number[] {
  return [0, 1].map((axis) => {
    const span = dilation[axis]! * (kernel[axis]! - 1) + 1;
    const padded = size[axis]! + 2 * padding[axis]!;
    if (span > padded) {
      return refuse(
        `its window spans ${span} in ${axis === 0 ? 'height' : 'width'}, its input only ${size[axis]} and padding ` +
          `${padding[axis]} on either side`,
        'Use a smaller kernel, more padding, a larger input, or fewer stages that halve the size.',
      );
    }
    return round((padded - span) / stride[axis]!) + 1;
  });
}

function pooled(op: Window & { readonly ceil: boolean }, input: Shape, refuse: Refuse): Shape {
  const [channels, ...size] = featureMap(input, refuse);
  if (op.padding.some((padding, axis) => 2 * padding > op.kernel[axis]!)) {
    return refuse(
      `padding ${printShape(op.padding)} is more than half of the kernel ${printShape(op.kernel)}`,
      'Use padding of at most half of the kernel, so that every window holds a part of the input.',
    );
  }
  const counts = windows(size, op, [1, 1], op.ceil ? Math.ceil : Math.floor, refuse);
  // With rounding up, the last window may start behind the input: in the far padding, where there is nothing to pool.
  const startsInside = counts.map((count, axis) =>
    op.ceil && (count - 1) * op.stride[axis]! >= size[axis]! + op.padding[axis]! ? count - 1 : count,
  );
  return [channels, ...startsInside];
}

/** How many values a shape holds. */
export function elements(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** `[16, 32, 32]`. */
export function printShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The shapes that differ, a few of them. */
function printShapes(shapes: readonly Shape[]): string {
  const distinct = [...new Set(shapes.map(printShape))];
  return distinct.length > 4 ? `${distinct.slice(0, 4).join(' and ')} and more` : distinct.join(' and ');
}

function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/**
 * The shape of one node's output for one example.
 * @throws RectioError `graph` naming the node, what it expected and what it found.
 */
export function nodeShape(node: Node, inputs: readonly Shape[]): Shape {
  const refuse: Refuse = (problem, hint) => {
    throw new RectioError('graph', `Node ${node.name} (${node.op.kind}): ${problem}`, hint);
  };
  const [least, most] = inputCounts[node.op.kind];
  if (inputs.length < least || inputs.length > most) {
    const expected = most === Infinity ? `${least} or more` : String(least);
    refuse(`expected ${expected} input${expected === '1' ? '' : 's'}, found ${inputs.length}`, 'Correct its inputs.');
  }
  const shape = applyRule(shapeRules, node.op, inputs, refuse);
  for (const size of [shape, ...nodeParameters(node, inputs[0] ?? []).map((parameter) => parameter.shape)]) {
    if (elements(size) > largestExtent) {
      refuse(
        `a tensor ${printShape(size)} is more than an engine can address`,
        'Use fewer channels or smaller inputs.',
      );
    }
  }
  return shape;
}

/**
 * The shape of every node's output for one example, by the node's name.
 * @throws RectioError `graph` naming the first node that does not fit its inputs.
 */
export function inferShapes(graph: Graph): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const node of graph.nodes) shapes.set(node.name, nodeShape(node, inputShapes(node, shapes)));
  return shapes;
}

/** The shapes of a node's inputs, given those of all earlier nodes. */
export function inputShapes(node: Node, shapes: ReadonlyMap<string, Shape>): Shape[] {
  return node.inputs.map((input: unknown) => {
    if (typeof input !== 'string') {
      throw new RectioError(
        'graph',
        `Node ${node.name} (${node.op.kind}): an input is ${show(input)}`,
        'Give as input what the call for another node gave.',
      );
    }
    const shape = shapes.get(input);
    if (shape === undefined) {
      const [near] = nearest(input, shapes.keys(), 1);
      throw new RectioError(
        'graph',
        `Node ${node.name} (${node.op.kind}): its input ${show(input)} is no earlier node`,
        `${near === undefined ? '' : `Did you mean ${near}? `}Every node stands behind all of its inputs.`,
      );
    }
    return shape;
  });
}

/** All parameters of a network in state_dict order, learned and remembered. */
export function graphParameters(graph: Graph): Parameter[] {
  const shapes = inferShapes(graph);
  return graph.nodes.flatMap((node) => nodeParameters(node, shapes.get(node.inputs[0] ?? '') ?? []));
}
