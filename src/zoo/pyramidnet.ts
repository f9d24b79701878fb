/** PyramidNet for small images (Han et al. 2017): every block is slightly wider than the one before it. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';
import { classifier, conv3x3 } from './residual.js';

/**
 * The additive network with basic blocks and 6n+2 layers; α is `widening`. Over its 3n blocks, the width grows from 16
 * to 16 + α in equal steps (equation 3), rounded down per block. Shortcuts have no parameters.
 */
export function cifarPyramidNet(
  name: string,
  depth: number,
  widening: number,
  { classes, inputShape }: ModelOptions,
): Graph {
  const blocks = (depth - 2) / 6;
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => net.batchNorm('bn1', conv3x3(net, 'conv1', net.input, 16)));
  let made = 0;
  for (let stage = 1; stage <= 3; stage++) {
    net.stage(`layer${stage}`, () => {
      for (let index = 0; index < blocks; index++) {
        const width = 16 + Math.floor((widening * ++made) / (3 * blocks));
        x = net.block(`${index}`, () => pyramidBlock(net, x, width, stage > 1 && index === 0 ? 2 : 1));
      }
    });
  }
  const active = net.head(() => net.relu('relu_final', net.batchNorm('bn_final', x)));
  classifier(net, active, classes);
  return net.build();
}

/** Norm, convolution, norm, ReLU, convolution, norm (figure 6d): one ReLU for two convolutions. */
function pyramidBlock(net: GraphBuilder, x: Value, width: number, stride: number): Value {
  let y = net.batchNorm('bn1', x);
  y = conv3x3(net, 'conv1', y, width, stride);
  y = net.batchNorm('bn2', y);
  y = net.relu('relu', y);
  y = conv3x3(net, 'conv2', y, width);
  y = net.batchNorm('bn3', y);
  return net.add('add', y, paddedShortcut(net, x, width, stride));
}

/** The input, average-pooled if the block has a stride, with zero channels appended. */
function paddedShortcut(net: GraphBuilder, x: Value, width: number, stride: number): Value {
  return net.shortcut('downsample', () => {
    const small = stride === 1 ? x : net.averagePool('pool', x, { kernel: stride, ceil: true });
    const missing = width - net.shape(x)[0]!;
    return missing === 0 ? small : net.padChannels('pad', small, { before: 0, after: missing });
  });
}
