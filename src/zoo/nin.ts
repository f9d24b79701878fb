/**
 * Network in network (Lin et al. 2014) for small images. Two 1×1 convolutions follow each convolution. The last one
 * outputs one map per class, whose mean is the class's logit. Widths and pools are those that the authors published for
 * CIFAR-10.
 */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';

export function nin(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  const pool = { kernel: 3, stride: 2, ceil: true };
  let x = net.stage('stage1', () => {
    const y = perceptron(net, rectified(net, 1, net.input, 192, 5), [160, 96]);
    return net.dropout('dropout', net.maxPool('pool', y, pool));
  });
  x = net.stage('stage2', () => {
    const y = perceptron(net, rectified(net, 1, x, 192, 5), [192, 192]);
    return net.dropout('dropout', net.averagePool('pool', y, pool));
  });
  x = net.stage('stage3', () => perceptron(net, rectified(net, 1, x, 192, 3), [192]));
  net.head(() => {
    const maps = net.scope('stage3', () => rectified(net, 3, x, classes, 1));
    return net.flatten('flatten', net.globalAveragePool('avgpool', maps));
  });
  return net.build();
}

/** The 1×1 convolutions after the first convolution of a stage, with these widths. */
const perceptron = (net: GraphBuilder, x: Value, widths: readonly number[]): Value =>
  widths.reduce((y, width, index) => rectified(net, index + 2, y, width, 1), x);

const rectified = (net: GraphBuilder, index: number, x: Value, outChannels: number, kernel: number): Value =>
  net.relu(`relu${index}`, net.convolution(`conv${index}`, x, { outChannels, kernel, padding: (kernel - 1) / 2 }));
