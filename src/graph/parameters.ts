/** What a node learns or remembers, by the names that PyTorch gives it in a state_dict. */

import { applyRule, type Rules } from '../base/rules.js';
import type { Node } from './graph.js';
import type { Op, Shape } from './op.js';

/** A learned tensor (`trainable`) or a remembered one (running statistics). */
export interface Parameter {
  /** `<node>.<local name>`, as in a state_dict: `layer1.0.bn1.running_mean`. */
  readonly name: string;
  readonly node: string;
  /** The name within its node. */
  readonly local: LocalName;
  readonly shape: Shape;
  readonly trainable: boolean;
  /** Its values before the first step. */
  readonly initial: Initializer;
}

/**
 * How a parameter is initialized.
 * - `constant`: one value everywhere
 * - `heNormal`: normal with mean 0 and variance 2/fanOut (He et al. 2015, equation 10 with the backward count)
 * - `lecunUniform`: uniform within ±1/√fanIn (LeCun et al. 1998; what torch.nn.Linear does)
 */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'heNormal'; readonly fanOut: number }
  | { readonly kind: 'lecunUniform'; readonly fanIn: number };

export type LocalName = 'weight' | 'bias' | 'running_mean' | 'running_var';

type LocalParameter = Pick<Parameter, 'local' | 'shape' | 'trainable' | 'initial'>;

const none = () => [];
const constant = (value: number): Initializer => ({ kind: 'constant', value });
const learned = (local: LocalName, shape: Shape, initial: Initializer): LocalParameter => {
  return { local, shape, trainable: true, initial };
};
const remembered = (local: LocalName, shape: Shape, initial: Initializer): LocalParameter => {
  return { local, shape, trainable: false, initial };
};

const parameterRules: Rules<Op, [input: Shape], readonly LocalParameter[]> = {
  input: none,
  convolution: (op, [channels = 0]) => [
    learned('weight', [op.outChannels, channels / op.groups, ...op.kernel], {
      kind: 'heNormal',
      fanOut: (op.kernel[0] * op.kernel[1] * op.outChannels) / op.groups,
    }),
    ...(op.bias ? [learned('bias', [op.outChannels], constant(0))] : []),
  ],
  batchNorm: (_, [channels = 0]) => [
    learned('weight', [channels], constant(1)),
    learned('bias', [channels], constant(0)),
    remembered('running_mean', [channels], constant(0)),
    remembered('running_var', [channels], constant(1)),
  ],
  layerNorm: (_, [channels = 0]) => [
    learned('weight', [channels], constant(1)),
    learned('bias', [channels], constant(0)),
  ],
  localResponseNorm: none,
  relu: none,
  leakyRelu: none,
  prelu: (op, [channels = 0]) => [learned('weight', [op.perChannel ? channels : 1], constant(op.initialSlope))],
  relu6: none,
  silu: none,
  gelu: none,
  sigmoid: none,
  hardSwish: none,
  hardSigmoid: none,
  identity: none,
  add: none,
  multiply: none,
  concat: none,
  sliceChannels: none,
  channelShuffle: none,
  padChannels: none,
  maxPool: none,
  averagePool: none,
  globalAveragePool: none,
  adaptiveAveragePool: none,
  // No ReLU follows a classifier, so He's factor 2 has no reason here.
  linear: (op, [features = 0]) => [
    learned('weight', [op.outFeatures, features], { kind: 'lecunUniform', fanIn: features }),
    ...(op.bias ? [learned('bias', [op.outFeatures], constant(0))] : []),
  ],
  flatten: none,
  dropout: none,
  stochasticDepth: none,
  scale: (op, shape) => [learned('weight', op.per === 'channel' ? [shape[0]!] : shape, constant(op.initial))],
};

/** The parameters of a node whose (first) input has the given shape, in state_dict order. */
export function nodeParameters(node: Node, input: Shape): Parameter[] {
  return applyRule(parameterRules, node.op, input).map((part) => {
    return { name: `${node.name}.${part.local}`, node: node.name, ...part };
  });
}
