/** Residual networks for ImageNet (He et al. 2015, table 1), with torchvision's state_dict names. */

import { graphBuilder, type Graph } from '../graph/index.js';
import type { ModelOptions } from './model.js';
import { classifier, residualStages, type Block } from './residual.js';

/** `blocks` is the number of blocks in each of the four stages. */
export function imagenetResNet(
  name: string,
  block: Block,
  blocks: readonly [number, number, number, number],
  { classes, inputShape, shortcut }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  const stem = net.stem(() => {
    let x = net.convolution('conv1', net.input, { outChannels: 64, kernel: 7, stride: 2, padding: 3, bias: false });
    x = net.relu('relu', net.batchNorm('bn1', x));
    return net.maxPool('maxpool', x, { kernel: 3, stride: 2, padding: 1 });
  });
  const stages = blocks.map((count, stage) => ({ width: 64 * 2 ** stage, blocks: count, stride: stage === 0 ? 1 : 2 }));
  classifier(net, residualStages(net, stem, block, stages, shortcut), classes);
  return net.build();
}
