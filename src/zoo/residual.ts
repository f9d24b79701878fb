/**
 * Residual blocks (He et al. 2015), stages and classifiers, with torchvision's names. Activations have no parameters,
 * so their names are ours to choose: they are numbered within the block, and the last one follows the addition.
 */

import type { GraphBuilder, Value } from '../graph/index.js';
import type { Shortcut } from './model.js';

export interface BlockOptions {
  /** Channels of the block's 3×3 convolutions. */
  readonly width: number;
  readonly stride: number;
  /** `none` gives the plain network of the same paper. */
  readonly shortcut: Shortcut | 'none';
}

/** Adds one block after `x`, in the scope that the caller opened. */
export type Block = (net: GraphBuilder, x: Value, options: BlockOptions) => Value;

/** A run of blocks of equal width. The first block has the stride. */
export interface Stage {
  readonly width: number;
  readonly blocks: number;
  readonly stride: number;
}

/** Output channels of a bottleneck per channel of its 3×3 convolution. */
const expansion = 4;

/** A padded 3×3 convolution without bias. */
export function conv3x3(net: GraphBuilder, name: string, x: Value, outChannels: number, stride = 1, groups = 1): Value {
  return net.convolution(name, x, { outChannels, kernel: 3, stride, padding: 1, groups, bias: false });
}

/** A 1×1 convolution without bias. */
export function conv1x1(net: GraphBuilder, name: string, x: Value, outChannels: number, stride = 1): Value {
  return net.convolution(name, x, { outChannels, kernel: 1, stride, bias: false });
}

/** Two 3×3 convolutions. */
export const basicBlock: Block = (net, x, { width, stride, shortcut }) => {
  let y = conv3x3(net, 'conv1', x, width, stride);
  y = net.batchNorm('bn1', y);
  y = net.relu('relu1', y);
  y = conv3x3(net, 'conv2', y, width);
  y = net.batchNorm('bn2', y);
  if (shortcut !== 'none') y = net.add('add', y, besideBlock(net, x, width, stride, shortcut));
  return net.relu('relu2', y);
};

/** The groups of a bottleneck's 3×3 convolution. */
interface Grouping {
  /** Default 1. */
  readonly groups?: number;
  /** Channels per group in a stage of width 64. Wider stages scale it in proportion. Default 64. */
  readonly groupWidth?: number;
}

/**
 * 1×1, 3×3, 1×1, with the stride in the 3×3 convolution, as in torchvision. With groups it is the ResNeXt block (Xie et
 * al. 2017); with a groupWidth of 128 it is the block of torchvision's wide networks. Neither changes the output width.
 */
export const bottleneck =
  ({ groups = 1, groupWidth = 64 }: Grouping = {}): Block =>
  (net, x, { width, stride, shortcut }) => {
    const inner = Math.floor((width * groupWidth) / 64) * groups;
    let y = conv1x1(net, 'conv1', x, inner);
    y = net.batchNorm('bn1', y);
    y = net.relu('relu1', y);
    y = conv3x3(net, 'conv2', y, inner, stride, groups);
    y = net.batchNorm('bn2', y);
    y = net.relu('relu2', y);
    y = conv1x1(net, 'conv3', y, expansion * width);
    y = net.batchNorm('bn3', y);
    if (shortcut !== 'none') y = net.add('add', y, besideBlock(net, x, expansion * width, stride, shortcut));
    return net.relu('relu3', y);
  };

/** Two 3×3 convolutions, each preceded by norm and ReLU (He et al. 2016). Nothing follows the addition. */
export const preBasicBlock: Block = (net, x, { width, stride, shortcut }) => {
  const active = net.relu('relu1', net.batchNorm('bn1', x));
  let y = conv3x3(net, 'conv1', active, width, stride);
  y = net.batchNorm('bn2', y);
  y = net.relu('relu2', y);
  y = conv3x3(net, 'conv2', y, width);
  return net.add('add', y, besidePreBlock(net, x, active, width, stride, shortcut));
};

/** 1×1, 3×3, 1×1, each preceded by norm and ReLU. */
export const preBottleneckBlock: Block = (net, x, { width, stride, shortcut }) => {
  const active = net.relu('relu1', net.batchNorm('bn1', x));
  let y = conv1x1(net, 'conv1', active, width);
  y = net.batchNorm('bn2', y);
  y = net.relu('relu2', y);
  y = conv3x3(net, 'conv2', y, width, stride);
  y = net.batchNorm('bn3', y);
  y = net.relu('relu3', y);
  y = conv1x1(net, 'conv3', y, expansion * width);
  return net.add('add', y, besidePreBlock(net, x, active, expansion * width, stride, shortcut));
};

/** Adds the stages `layer1`, `layer2`, … with their blocks `0`, `1`, … */
export function residualStages(
  net: GraphBuilder,
  x: Value,
  block: Block,
  stages: readonly Stage[],
  shortcut: BlockOptions['shortcut'],
): Value {
  let y = x;
  stages.forEach(({ width, blocks, stride }, stage) => {
    net.stage(`layer${stage + 1}`, () => {
      for (let index = 0; index < blocks; index++) {
        y = net.block(`${index}`, () => block(net, y, { width, stride: index === 0 ? stride : 1, shortcut }));
      }
    });
  });
  return y;
}

/** Adds global average pooling and the linear classifier. */
export function classifier(net: GraphBuilder, x: Value, classes: number): Value {
  return net.head(() => {
    const features = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    return net.linear('fc', features, { outFeatures: classes });
  });
}

const keepsShape = (net: GraphBuilder, x: Value, outChannels: number, stride: number): boolean =>
  stride === 1 && net.shape(x)[0] === outChannels;

/** The shortcut of a block; `x` itself if the shape does not change. */
function besideBlock(net: GraphBuilder, x: Value, outChannels: number, stride: number, shortcut: Shortcut): Value {
  if (keepsShape(net, x, outChannels, stride)) return x;
  if (shortcut === 'A') return subsampleAndPad(net, x, outChannels, stride);
  return net.shortcut('downsample', () => net.batchNorm('1', conv1x1(net, '0', x, outChannels, stride)));
}

/** The shortcut of a pre-activation block. If the shape changes, it starts after the block's first activation. */
function besidePreBlock(
  net: GraphBuilder,
  x: Value,
  active: Value,
  outChannels: number,
  stride: number,
  shortcut: BlockOptions['shortcut'],
): Value {
  if (keepsShape(net, x, outChannels, stride)) return x;
  if (shortcut === 'A') return subsampleAndPad(net, active, outChannels, stride);
  return net.shortcut('downsample', () => conv1x1(net, '0', active, outChannels, stride));
}

function subsampleAndPad(net: GraphBuilder, x: Value, outChannels: number, stride: number): Value {
  return net.shortcut('downsample', () => {
    const small = stride === 1 ? x : net.maxPool('subsample', x, { kernel: 1, stride });
    const missing = outChannels - net.shape(x)[0]!;
    if (missing === 0) return small;
    const before = Math.floor(missing / 2);
    return net.padChannels('pad', small, { before, after: missing - before });
  });
}
