/**
 * GoogLeNet (Szegedy et al. 2015, table 1) as in torchvision: with batch norm after every convolution, without
 * auxiliary classifiers, and with 3×3 convolutions instead of the paper's 5×5 ones (a mistake that the trained weights
 * preserve).
 */

import { graphBuilder, type ConvolutionOptions, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';

/** Channels of an inception module, by branch. */
interface Widths {
  readonly one: number;
  readonly three: readonly [reduce: number, out: number];
  readonly five: readonly [reduce: number, out: number];
  readonly pool: number;
}

const widths = (one: number, three: Widths['three'], five: Widths['five'], pool: number): Widths => ({
  one,
  three,
  five,
  pool,
});

const stages = {
  3: { a: widths(64, [96, 128], [16, 32], 32), b: widths(128, [128, 192], [32, 96], 64) },
  4: {
    a: widths(192, [96, 208], [16, 48], 64),
    b: widths(160, [112, 224], [24, 64], 64),
    c: widths(128, [128, 256], [24, 64], 64),
    d: widths(112, [144, 288], [32, 64], 64),
    e: widths(256, [160, 320], [32, 128], 128),
  },
  5: { a: widths(256, [160, 320], [32, 128], 128), b: widths(384, [192, 384], [48, 128], 128) },
};

export function googlenet(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => {
    let y = normedConvolution(net, 'conv1', net.input, { outChannels: 64, kernel: 7, stride: 2, padding: 3 });
    y = net.maxPool('maxpool1', y, { kernel: 3, stride: 2, ceil: true });
    y = normedConvolution(net, 'conv2', y, { outChannels: 64, kernel: 1 });
    y = normedConvolution(net, 'conv3', y, { outChannels: 192, kernel: 3, padding: 1 });
    return net.maxPool('maxpool2', y, { kernel: 3, stride: 2, ceil: true });
  });
  for (const [stage, modules] of Object.entries(stages)) {
    net.stage(
      `inception${stage}`,
      () => {
        if (stage === '4') x = net.maxPool('maxpool3', x, { kernel: 3, stride: 2, ceil: true });
        if (stage === '5') x = net.maxPool('maxpool4', x, { kernel: 2, ceil: true });
        for (const [module, branches] of Object.entries(modules)) {
          x = net.block(`inception${stage}${module}`, () => inception(net, x, branches));
        }
      },
      { prefix: '' },
    );
  }
  net.head(() => {
    const features = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    return net.linear('fc', net.dropout('dropout', features, { rate: 0.2 }), { outFeatures: classes });
  });
  return net.build();
}

/** Four parallel branches (figure 2b). */
function inception(net: GraphBuilder, x: Value, { one, three, five, pool }: Widths): Value {
  const reduced = (branch: string, [reduce, out]: readonly [number, number]): Value =>
    net.scope(branch, () => {
      const y = normedConvolution(net, '0', x, { outChannels: reduce, kernel: 1 });
      return normedConvolution(net, '1', y, { outChannels: out, kernel: 3, padding: 1 });
    });
  return net.concat(
    'concat',
    normedConvolution(net, 'branch1', x, { outChannels: one, kernel: 1 }),
    reduced('branch2', three),
    reduced('branch3', five),
    net.scope('branch4', () => {
      const y = net.maxPool('0', x, { kernel: 3, stride: 1, padding: 1, ceil: true });
      return normedConvolution(net, '1', y, { outChannels: pool, kernel: 1 });
    }),
  );
}

/** torchvision's BasicConv2d: convolution without bias (`<name>.conv`), batch norm (`.bn`) and ReLU (`.relu`). */
export function normedConvolution(net: GraphBuilder, name: string, x: Value, options: ConvolutionOptions): Value {
  return net.scope(name, () => {
    const y = net.convolution('conv', x, { ...options, bias: false });
    return net.relu('relu', net.batchNorm('bn', y, { epsilon: 0.001 }));
  });
}
