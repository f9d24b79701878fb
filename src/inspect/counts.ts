/** The cost of each op for one image: one rule table, total over the ops. */

import { applyRule, type Rules } from '../base/rules.js';
import { elements, type Node, type Op, type Shape } from '../graph/index.js';

export interface LayerCounts {
  /** Multiply-adds of convolutions and linear layers; those of other ops are negligible. */
  readonly macs: number;
  /** Values that pass through an activation function. */
  readonly activationElements: number;
  /** Values of the output that need memory; 0 if the output is the same tensor as the input. */
  readonly outputElements: number;
}

const makesNew = (_: Op, __: Shape, output: Shape): LayerCounts => ({
  macs: 0,
  activationElements: 0,
  outputElements: elements(output),
});
const passesOn = (): LayerCounts => ({ macs: 0, activationElements: 0, outputElements: 0 });
const activates = (_: Op, __: Shape, output: Shape): LayerCounts => ({
  macs: 0,
  activationElements: elements(output),
  outputElements: elements(output),
});

const countRules: Rules<Op, [input: Shape, output: Shape], LayerCounts> = {
  input: makesNew,
  convolution: (op, [channels = 0], output) => ({
    macs: elements(output) * (channels / op.groups) * op.kernel[0] * op.kernel[1],
    activationElements: 0,
    outputElements: elements(output),
  }),
  batchNorm: makesNew,
  layerNorm: makesNew,
  localResponseNorm: makesNew,
  relu: activates,
  leakyRelu: activates,
  prelu: activates,
  relu6: activates,
  silu: activates,
  gelu: activates,
  sigmoid: activates,
  hardSwish: activates,
  hardSigmoid: activates,
  identity: passesOn,
  add: makesNew,
  multiply: makesNew,
  concat: makesNew,
  sliceChannels: makesNew,
  channelShuffle: makesNew,
  padChannels: makesNew,
  maxPool: makesNew,
  averagePool: makesNew,
  globalAveragePool: makesNew,
  adaptiveAveragePool: makesNew,
  linear: (_, input, output) => ({
    macs: elements(input) * elements(output),
    activationElements: 0,
    outputElements: elements(output),
  }),
  flatten: passesOn,
  dropout: makesNew,
  stochasticDepth: makesNew,
  scale: makesNew,
};

/** The cost of a node for one image, given the shapes of its first input and of its output. */
export function countLayer(node: Node, input: Shape, output: Shape): LayerCounts {
  return applyRule(countRules, node.op, input, output);
}
