/** DenseNet (Huang et al. 2017): each layer takes the outputs of all earlier layers in its block. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';
import { conv1x1, conv3x3 } from './residual.js';

interface DenseOptions {
  /** Channels that each layer adds. */
  readonly growth: number;
  /** Layers per block. */
  readonly blocks: readonly number[];
  /** Whether a 1×1 convolution to 4·growth channels comes before each 3×3 convolution (B). */
  readonly bottleneck: boolean;
  /** The share of channels that a transition keeps; below 1 it compresses (C). */
  readonly compression: number;
}

/** DenseNet for ImageNet (table 1; k is `growth`), with torchvision's names. */
export function denseNet(name: string, growth: number, blocks: readonly number[], options: ModelOptions): Graph {
  const net = graphBuilder(name, options.inputShape);
  const stem = inFeatures(net, 'stem', () => {
    const outChannels = 2 * growth;
    let x = net.convolution('conv0', net.input, { outChannels, kernel: 7, stride: 2, padding: 3, bias: false });
    x = net.relu('relu0', net.batchNorm('norm0', x));
    return net.maxPool('pool0', x, { kernel: 3, stride: 2, padding: 1 });
  });
  const x = denseBlocks(net, stem, { growth, blocks, bottleneck: true, compression: 0.5 });
  return denseHead(net, x, options);
}

/**
 * DenseNet-BC for small images (section 4.2): three blocks of (depth − 4)/6 layers; no dropout (as with augmentation).
 */
export function cifarDenseNetBc(name: string, depth: number, growth: number, options: ModelOptions): Graph {
  const layers = (depth - 4) / 6;
  return small(
    name,
    2 * growth,
    { growth, blocks: [layers, layers, layers], bottleneck: true, compression: 0.5 },
    options,
  );
}

/** The basic DenseNet for small images: three blocks of (depth − 4)/3 layers. */
export function cifarDenseNet(name: string, depth: number, growth: number, options: ModelOptions): Graph {
  const layers = (depth - 4) / 3;
  return small(name, 16, { growth, blocks: [layers, layers, layers], bottleneck: false, compression: 1 }, options);
}

function small(name: string, stemWidth: number, dense: DenseOptions, options: ModelOptions): Graph {
  const net = graphBuilder(name, options.inputShape);
  const stem = inFeatures(net, 'stem', () => conv3x3(net, 'conv0', net.input, stemWidth));
  return denseHead(net, denseBlocks(net, stem, dense), options);
}

/** Dense blocks with transitions between them. A transition belongs to the stage of the block before it. */
function denseBlocks(net: GraphBuilder, input: Value, { blocks, ...options }: DenseOptions): Value {
  let x = input;
  blocks.forEach((layers, index) => {
    const stage = `denseblock${index + 1}`;
    net.stage(
      stage,
      () => {
        for (let layer = 1; layer <= layers; layer++) {
          x = net.block(`${stage}.denselayer${layer}`, () => denseLayer(net, x, options));
        }
        if (index === blocks.length - 1) return;
        x = net.block(`transition${index + 1}`, () => transition(net, x, options));
      },
      { prefix: 'features' },
    );
  });
  return x;
}

type LayerOptions = Omit<DenseOptions, 'blocks'>;

/** Norm, ReLU and convolution, once or twice. Returns the input with the new channels appended. */
function denseLayer(net: GraphBuilder, x: Value, { growth, bottleneck }: LayerOptions): Value {
  const active = net.relu('relu1', net.batchNorm('norm1', x));
  if (!bottleneck) return net.concat('concat', x, conv3x3(net, 'conv1', active, growth));
  let y = conv1x1(net, 'conv1', active, 4 * growth);
  y = net.relu('relu2', net.batchNorm('norm2', y));
  return net.concat('concat', x, conv3x3(net, 'conv2', y, growth));
}

function transition(net: GraphBuilder, x: Value, { compression }: LayerOptions): Value {
  const channels = net.shape(x)[0]!;
  const y = net.relu('relu', net.batchNorm('norm', x));
  return net.averagePool('pool', conv1x1(net, 'conv', y, Math.floor(channels * compression)), { kernel: 2 });
}

function denseHead(net: GraphBuilder, x: Value, { classes }: ModelOptions): Graph {
  const normed = inFeatures(net, 'head', () => net.batchNorm('norm5', x));
  net.head(() => {
    const pooled = net.globalAveragePool('avgpool', net.relu('relu', normed));
    return net.linear('classifier', net.flatten('flatten', pooled), { outFeatures: classes });
  });
  return net.build();
}

const inFeatures = (net: GraphBuilder, role: 'stem' | 'head', make: () => Value): Value =>
  net[role](() => net.scope('features', make));
