/** What a node learns or remembers, by the names that PyTorch gives it in a state_dict. */

import type { Node } from './graph.js';
import type { Op, OpKind, OpOf, Shape } from './op.js';

/** A learned tensor (`trainable`) or a remembered one (running statistics). */
export interface Parameter {
  /** `<node>.<local name>`, as in a state_dict: `layer1.0.bn1.running_mean`. */
  readonly name: string;
  readonly node: string;
  /** The name within its node. */
  readonly local: LocalName;
  readonly shape: Shape;
  readonly trainable: boolean;
}

export type LocalName = 'weight' | 'bias' | 'running_mean' | 'running_var';

type Rule<K extends OpKind> = (
  op: OpOf<K>,
  input: Shape,
) => readonly { readonly local: LocalName; readonly shape: Shape; readonly trainable: boolean }[];

const none = () => [];
const learned = (local: LocalName, shape: Shape) => ({ local, shape, trainable: true });
const remembered = (local: LocalName, shape: Shape) => ({ local, shape, trainable: false });

const parameterRules: { readonly [K in OpKind]: Rule<K> } = {
  input: none,
  convolution: (op, [channels = 0]) => [
    learned('weight', [op.outChannels, channels / op.groups, ...op.kernel]),
    ...(op.bias ? [learned('bias', [op.outChannels])] : []),
  ],
  batchNorm: (_, [channels = 0]) => [
    learned('weight', [channels]),
    learned('bias', [channels]),
    remembered('running_mean', [channels]),
    remembered('running_var', [channels]),
  ],
  layerNorm: (_, [channels = 0]) => [learned('weight', [channels]), learned('bias', [channels])],
  localResponseNorm: none,
  relu: none,
  leakyRelu: none,
  prelu: (op, [channels = 0]) => [learned('weight', [op.perChannel ? channels : 1])],
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
  linear: (op, [features = 0]) => [
    learned('weight', [op.outFeatures, features]),
    ...(op.bias ? [learned('bias', [op.outFeatures])] : []),
  ],
  flatten: none,
  dropout: none,
  stochasticDepth: none,
  scale: (op, shape) => [learned('weight', op.per === 'channel' ? [shape[0]!] : shape)],
};

/** The parameters of a node whose (first) input has the given shape, in state_dict order. */
export function nodeParameters(node: Node, input: Shape): Parameter[] {
  const rule = parameterRules[node.op.kind] as (op: Op, input: Shape) => ReturnType<Rule<OpKind>>;
  return rule(node.op, input).map((part) => ({ name: `${node.name}.${part.local}`, node: node.name, ...part }));
}
