/**
 * Residual blocks (He et al. 2015) and what surrounds them, under torchvision's names. Activations have no parameters,
 * so their names are free: they are numbered within the block, and the last one stands behind the addition.
 */

import type { GraphBuilder, Value } from '../graph/index.js';
import type { Shortcut } from './model.js';

export interface BlockOptions {
  /** Channels of the block's 3×3 convolutions. */
  readonly width: number;
  readonly stride: number;
  /** `none` makes the plain network of the same paper. */
  readonly shortcut: Shortcut | 'none';
}

/** Makes one block behind `x`, inside the scope that the caller has opened. */
export type Block = (net: GraphBuilder, x: Value, options: BlockOptions) => Value;

/** A run of blocks of one width; its first block has the stride. */
export interface Stage {
  readonly width: number;
  readonly blocks: number;
  readonly stride: number;
}

/** How many channels a bottleneck gives for each channel of its 3×3 convolution. */
const expansion = 4;

/** A 3×3 convolution without bias that keeps the size, up to its stride. */
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

/** How the 3×3 convolution of a bottleneck is cut into groups. */
interface Grouping {
  /** Default 1. */
  readonly groups?: number;
  /** Channels of one group where the stage's width is 64; wider stages have more in proportion. Default 64. */
  readonly groupWidth?: number;
}

/**
 * 1×1, 3×3, 1×1; the stride is at the 3×3 convolution, as in torchvision. With groups it is the block of ResNeXt (Xie et
 * al. 2017), with a groupWidth of 128 that of torchvision's wide networks. The block's output does not depend on either.
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

/** Two 3×3 convolutions, each behind its norm and ReLU (He et al. 2016); nothing behind the addition. */
export const preBasicBlock: Block = (net, x, { width, stride, shortcut }) => {
  const active = net.relu('relu1', net.batchNorm('bn1', x));
  let y = conv3x3(net, 'conv1', active, width, stride);
  y = net.batchNorm('bn2', y);
  y = net.relu('relu2', y);
  y = conv3x3(net, 'conv2', y, width);
  return net.add('add', y, besidePreBlock(net, x, active, width, stride, shortcut));
};

/** 1×1, 3×3, 1×1, each behind its norm and ReLU. */
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

/** The stages `layer1`, `layer2`, … with their blocks `0`, `1`, … */
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

/** Global average pooling and the linear classifier. */
export function classifier(net: GraphBuilder, x: Value, classes: number): Value {
  return net.head(() => {
    const features = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    return net.linear('fc', features, { outFeatures: classes });
  });
}

const keepsShape = (net: GraphBuilder, x: Value, outChannels: number, stride: number): boolean =>
  stride === 1 && net.shape(x)[0] === outChannels;

/** The shortcut of a block: `x` itself where the shape stays. */
function besideBlock(net: GraphBuilder, x: Value, outChannels: number, stride: number, shortcut: Shortcut): Value {
  if (keepsShape(net, x, outChannels, stride)) return x;
  if (shortcut === 'A') return subsampleAndPad(net, x, outChannels, stride);
  return net.shortcut('downsample', () => net.batchNorm('1', conv1x1(net, '0', x, outChannels, stride)));
}

/** The shortcut of a pre-activation block; where the shape changes, it shares the block's first activation. */
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
