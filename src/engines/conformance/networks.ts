/** Whole networks for the conformance suite: small ones that together contain every op, and some of the zoo. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../../graph/index.js';
import { createModel } from '../../zoo/index.js';

export interface NetworkCase {
  readonly title: string;
  readonly graph: Graph;
  readonly batch: number;
}

function head(net: GraphBuilder, x: Value, classes: number): void {
  net.head(() =>
    net.linear('fc', net.flatten('flatten', net.globalAveragePool('avgpool', x)), { outFeatures: classes }),
  );
}

/** A ResNet of two blocks: one that keeps the shape, one with a projection. */
function residual(): Graph {
  const net = graphBuilder('tiny-residual', [3, 9, 9]);
  const unit = (name: string, x: Value, outChannels: number, kernel: number, stride: number): Value =>
    net.batchNorm(
      `bn${name}`,
      net.convolution(`conv${name}`, x, { outChannels, kernel, stride, padding: (kernel - 1) / 2, bias: false }),
    );
  let x = net.relu('relu', unit('1', net.input, 16, 3, 1));
  x = net.block('a', () => {
    const inner = net.relu('relu1', unit('1', x, 16, 3, 1));
    return net.relu('relu2', net.add('add', unit('2', inner, 16, 3, 1), x));
  });
  x = net.block('b', () => {
    const inner = net.relu('relu1', unit('1', x, 24, 3, 2));
    return net.relu('relu2', net.add('add', unit('2', inner, 24, 3, 1), unit('3', x, 24, 1, 2)));
  });
  head(net, x, 10);
  return net.build();
}

/** One of every activation, behind a batch norm, and a ReLU directly behind a convolution with bias. */
function activations(): Graph {
  const net = graphBuilder('all-activations', [3, 8, 8]);
  const convolution = (name: string, x: Value) =>
    net.batchNorm(
      `bn${name}`,
      net.convolution(`conv${name}`, x, { outChannels: 17, kernel: 3, padding: 1, bias: false }),
    );
  let x = net.leakyRelu('leaky', convolution('1', net.input), { slope: 0.2 });
  x = net.prelu('prelu', convolution('2', x), { perChannel: true });
  x = net.prelu('shared', convolution('3', x));
  x = net.relu6('relu6', convolution('4', x));
  x = net.silu('silu', convolution('5', x));
  x = net.gelu('gelu', convolution('6', x));
  x = net.sigmoid('sigmoid', convolution('7', x));
  x = net.relu('relu', net.convolution('conv8', x, { outChannels: 17, kernel: 1 }));
  head(net, x, 5);
  return net.build();
}

/** Branches joined by concatenation, with pooling of every kind, factors, padding and dropout. */
function branches(): Graph {
  const net = graphBuilder('branches', [3, 11, 13]);
  const stem = net.relu(
    'relu',
    net.batchNorm('bn', net.convolution('stem', net.input, { outChannels: 12, kernel: 3, bias: false })),
  );
  const most = net.maxPool('max', stem, { kernel: 3, stride: 2, padding: 1 });
  const mean = net.averagePool('mean', stem, { kernel: 3, stride: 2, padding: 1 });
  const inner = net.averagePool('inner', stem, { kernel: 3, stride: 2, padding: 1, countPadding: false });
  const wide = net.padChannels('pad', mean, { before: 2, after: 3 });
  const joined = net.concat('cat', most, wide, inner);
  const scaled = net.scale('scale', joined);
  const dropped = net.dropout('dropout', scaled, { rate: 0.3 });
  const mixed = net.convolution('mix', dropped, { outChannels: 20, kernel: 1 });
  const twice = net.add('add', net.scale('element', mixed, { per: 'element' }), net.identity('same', mixed), mixed);
  const last = net.maxPool('last', net.relu('relu2', twice), { kernel: 2, stride: 2, ceil: true });
  const flat = net.flatten('flatten', last);
  const hidden = net.relu('relu3', net.linear('fc1', flat, { outFeatures: 30 }));
  net.linear('fc2', net.dropout('dropout2', hidden), { outFeatures: 7, bias: false });
  return net.build();
}

/** Depthwise and grouped convolutions with inverted bottlenecks, as in MobileNetV2. */
function mobile(): Graph {
  const net = graphBuilder('tiny-mobile', [1, 14, 14]);
  const unit = (name: string, x: Value, outChannels: number, kernel: number, stride: number, groups: number): Value =>
    net.batchNorm(
      `bn${name}`,
      net.convolution(`conv${name}`, x, {
        outChannels,
        kernel,
        stride,
        padding: (kernel - 1) / 2,
        groups,
        bias: false,
      }),
    );
  const stem = net.relu6('relu0', unit('0', net.input, 12, 3, 2, 1));
  const expanded = net.relu6('relu1', unit('1', stem, 40, 1, 1, 1));
  const spatial = net.relu6('relu2', unit('2', expanded, 40, 3, 1, 40));
  const projected = unit('3', spatial, 12, 1, 1, 1);
  const sum = net.add('add', projected, stem);
  const grouped = net.silu('silu', unit('4', sum, 24, 5, 2, 4));
  head(net, grouped, 10);
  return net.build();
}

/** A pre-activation network: norms that read sums, and values with two readers. */
function preActivation(): Graph {
  const net = graphBuilder('tiny-pre-activation', [3, 8, 8]);
  const unit = (name: string, x: Value, outChannels: number, stride: number): Value =>
    net.convolution(`conv${name}`, net.relu(`relu${name}`, net.batchNorm(`bn${name}`, x)), {
      outChannels,
      kernel: 3,
      stride,
      padding: 1,
      bias: false,
    });
  const stem = net.convolution('stem', net.input, { outChannels: 16, kernel: 3, padding: 1, bias: false });
  const first = net.add('add1', unit('2', unit('1', stem, 16, 1), 16, 1), stem);
  const shortcut = net.convolution('shortcut', first, { outChannels: 32, kernel: 1, stride: 2, bias: false });
  const second = net.add('add2', unit('4', unit('3', first, 32, 2), 32, 1), shortcut);
  head(net, net.relu('relu', net.batchNorm('bn', second)), 10);
  return net.build();
}

/** The ops of the newer families: layer norm, gates, channel slicing and shuffling, and adaptive pooling. */
function gates(): Graph {
  const net = graphBuilder('gates', [3, 9, 7]);
  const stem = net.localResponseNorm('lrn', net.convolution('stem', net.input, { outChannels: 34, kernel: 3 }), {
    size: 4,
    alpha: 0.5,
  });
  const normed = net.layerNorm('ln', stem);
  const squeezed = net.silu(
    'act',
    net.convolution('fc1', net.globalAveragePool('means', normed), { outChannels: 5, kernel: 1 }),
  );
  const gate = net.hardSigmoid('gate', net.convolution('fc2', squeezed, { outChannels: 34, kernel: 1 }));
  const gated = net.multiply('multiply', normed, gate);
  const kept = net.sliceChannels('kept', gated, { start: 0, count: 17 });
  const worked = net.hardSwish(
    'swish',
    net.convolution('conv', net.sliceChannels('taken', gated, { start: 17, count: 17 }), {
      outChannels: 17,
      kernel: 1,
    }),
  );
  const mixed = net.channelShuffle('shuffle', net.concat('cat', kept, worked), { groups: 2 });
  const summed = net.add('add', gated, net.stochasticDepth('depth', mixed, { rate: 0.3 }));
  const adapted = net.adaptiveAveragePool('adapt', summed, { size: [3, 2] });
  net.linear('fc', net.layerNorm('last', net.flatten('flatten', adapted)), { outFeatures: 6 });
  return net.build();
}

/** Convolutions before a batch norm have no bias: its gradient would be zero except for rounding. */
export const smallNetworks: readonly NetworkCase[] = [
  { graph: residual(), batch: 5 },
  { graph: activations(), batch: 3 },
  { graph: branches(), batch: 4 },
  { graph: mobile(), batch: 5 },
  { graph: preActivation(), batch: 3 },
  { graph: gates(), batch: 5 },
].map(({ graph, batch }) => ({ title: `${graph.name}, batch ${batch}`, graph, batch }));

/**
 * Networks of the zoo, as small as possible with well conditioned gradients: a batch norm over two values always gives ±1,
 * and its gradient is a difference of nearly equal numbers. ResNet-18 reduces 32×32 images to 1×1 maps, so it gets slightly
 * larger images.
 */
export const zooNetworks: readonly NetworkCase[] = [
  { name: 'resnet20', batch: 2 },
  { name: 'resnet20', batch: 2, shortcut: 'A' as const },
  { name: 'resnet29_bottleneck', batch: 2 },
  { name: 'preresnet20', batch: 2 },
  { name: 'plain20', batch: 2 },
  { name: 'cifar_vgg11_bn', batch: 2 },
  { name: 'resnet18', batch: 2, inputShape: [3, 33, 33] },
].map(({ name, batch, ...options }) => ({
  title: `${name}${'shortcut' in options ? `, shortcut ${options.shortcut}` : ''}, batch ${batch}`,
  graph: createModel(name, { classes: 10, ...options }),
  batch,
}));
