/**
 * VGG (Simonyan and Zisserman 2015) for small images: batch norm behind every convolution, which therefore has no bias;
 * global average pooling and one linear layer instead of the three large ones.
 */

import { graphBuilder, type Graph } from '../graph/index.js';
import type { ModelOptions } from './model.js';
import { classifier, conv3x3 } from './residual.js';

const widths = [64, 128, 256, 512, 512] as const;

/** `convolutions` says how many 3×3 convolutions each of the five stages has (table 1: columns A, B, D, E). */
export function cifarVgg(
  name: string,
  convolutions: readonly [number, number, number, number, number],
  { classes, inputShape }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.input;
  convolutions.forEach((count, stage) => {
    net.stage(`stage${stage + 1}`, () => {
      for (let index = 1; index <= count; index++) {
        x = conv3x3(net, `conv${index}`, x, widths[stage]!);
        x = net.batchNorm(`bn${index}`, x);
        x = net.relu(`relu${index}`, x);
      }
      // Rounding up changes nothing at 32×32; it lets smaller images, such as MNIST's 28×28, through all five stages.
      x = net.maxPool('pool', x, { kernel: 2, ceil: true });
    });
  });
  classifier(net, x, classes);
  return net.build();
}
