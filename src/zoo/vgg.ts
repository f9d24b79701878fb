/** VGG (Simonyan and Zisserman 2015): five stages of 3×3 convolutions, each followed by a pool. */

import { graphBuilder, type Graph } from '../graph/index.js';
import type { ModelOptions } from './model.js';
import { classifier, conv3x3 } from './residual.js';

const widths = [64, 128, 256, 512, 512] as const;

/** Number of convolutions in each of the five stages (table 1, columns A, B, D, E). */
export type VggStages = readonly [number, number, number, number, number];

/** VGG for ImageNet with its three large linear layers, with or without batch norm, with torchvision's names. */
export function vgg(
  name: string,
  convolutions: VggStages,
  norm: 'batchNorm' | 'none',
  { classes, inputShape }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.input;
  let index = 0;
  const next = () => `${index++}`;
  convolutions.forEach((count, stage) => {
    const make = () => {
      for (let convolution = 0; convolution < count; convolution++) {
        x = net.convolution(next(), x, { outChannels: widths[stage]!, kernel: 3, padding: 1 });
        if (norm === 'batchNorm') x = net.batchNorm(next(), x);
        x = net.relu(next(), x);
      }
      x = net.maxPool(next(), x, { kernel: 2 });
    };
    net.stage(`stage${stage + 1}`, make, { prefix: 'features' });
  });
  net.head(() => {
    const features = net.flatten('flatten', net.adaptiveAveragePool('avgpool', x, { size: 7 }));
    return net.scope('classifier', () => {
      let y = net.relu('1', net.linear('0', features, { outFeatures: 4096 }));
      y = net.relu('4', net.linear('3', net.dropout('2', y), { outFeatures: 4096 }));
      return net.linear('6', net.dropout('5', y), { outFeatures: classes });
    });
  });
  return net.build();
}

/**
 * VGG for small images. Batch norm follows every convolution, so convolutions have no bias. Global average pooling and
 * one linear layer replace the three large ones.
 */
export function cifarVgg(name: string, convolutions: VggStages, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.input;
  convolutions.forEach((count, stage) => {
    net.stage(`stage${stage + 1}`, () => {
      for (let index = 1; index <= count; index++) {
        x = conv3x3(net, `conv${index}`, x, widths[stage]!);
        x = net.batchNorm(`bn${index}`, x);
        x = net.relu(`relu${index}`, x);
      }
      // Rounding up has no effect at 32×32. It lets smaller images, such as MNIST's 28×28, pass all five stages.
      x = net.maxPool('pool', x, { kernel: 2, ceil: true });
    });
  });
  classifier(net, x, classes);
  return net.build();
}
