/** Residual networks for small images, with their plain and pre-activation variants. */

import { graphBuilder, type Graph } from '../graph/index.js';
import type { ModelOptions } from './model.js';
import {
  basicBlock,
  bottleneck,
  classifier,
  conv3x3,
  preBasicBlock,
  preBottleneckBlock,
  residualStages,
  type Block,
  type BlockOptions,
  type Stage,
} from './residual.js';

/** Three stages of `blocks` blocks each, with widths 16, 32 and 64. */
const threeStages = (blocks: number): Stage[] => [
  { width: 16, blocks, stride: 1 },
  { width: 32, blocks, stride: 2 },
  { width: 64, blocks, stride: 2 },
];

/** The network with 6n+2 layers of He et al. 2015, section 4.2. */
export function cifarResNet(name: string, depth: number, options: ModelOptions): Graph {
  return postActivation(name, basicBlock, threeStages((depth - 2) / 6), 16, options.shortcut, options);
}

/** The same network without shortcuts. */
export function cifarPlain(name: string, depth: number, options: ModelOptions): Graph {
  return postActivation(name, basicBlock, threeStages((depth - 2) / 6), 16, 'none', options);
}

/** Three stages of bottlenecks; 9n+2 layers. */
export function cifarBottleneckResNet(name: string, depth: number, options: ModelOptions): Graph {
  return postActivation(name, bottleneck(), threeStages((depth - 2) / 9), 16, options.shortcut, options);
}

/** ResNet-18's four stages after a stem for small images: 3×3, stride 1, no pooling. */
export function cifarResNet18(name: string, options: ModelOptions): Graph {
  const stages = [64, 128, 256, 512].map((width, stage) => ({ width, blocks: 2, stride: stage === 0 ? 1 : 2 }));
  return postActivation(name, basicBlock, stages, 64, options.shortcut, options);
}

/** A stem, stages of blocks that end with their activation, and a classifier. */
export function postActivation(
  name: string,
  block: Block,
  stages: readonly Stage[],
  stemWidth: number,
  shortcut: BlockOptions['shortcut'],
  { classes, inputShape }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  const stem = net.stem(() => net.relu('relu', net.batchNorm('bn1', conv3x3(net, 'conv1', net.input, stemWidth))));
  classifier(net, residualStages(net, stem, block, stages, shortcut), classes);
  return net.build();
}

/** Pre-activation network (He et al. 2016) of basic blocks; 6n+2 layers. */
export function cifarPreResNet(name: string, depth: number, options: ModelOptions): Graph {
  return preActivation(name, preBasicBlock, threeStages((depth - 2) / 6), options);
}

/** Pre-activation network of bottlenecks; 9n+2 layers. */
export function cifarBottleneckPreResNet(name: string, depth: number, options: ModelOptions): Graph {
  return preActivation(name, preBottleneckBlock, threeStages((depth - 2) / 9), options);
}

/** A network of blocks that begin with their activation. It needs one more activation before the classifier. */
export function preActivation(
  name: string,
  block: Block,
  stages: readonly Stage[],
  { classes, inputShape, shortcut }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  const stem = net.stem(() => conv3x3(net, 'conv1', net.input, 16));
  const features = residualStages(net, stem, block, stages, shortcut);
  const active = net.head(() => net.relu('relu', net.batchNorm('bn', features)));
  classifier(net, active, classes);
  return net.build();
}
