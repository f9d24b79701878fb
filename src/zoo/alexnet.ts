/** AlexNet as in torchvision: the single-column network of Krizhevsky 2014, without local response normalization. */

import { graphBuilder, type Graph, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';

export function alexnet(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  const rectified = (index: number, x: Value, outChannels: number, kernel: number, padding: number, stride = 1) =>
    net.relu(`${index + 1}`, net.convolution(`${index}`, x, { outChannels, kernel, stride, padding }));
  const stage = (local: string, make: () => Value): Value => net.stage(local, make, { prefix: 'features' });
  const pool = { kernel: 3, stride: 2 };

  let x = stage('stage1', () => net.maxPool('2', rectified(0, net.input, 64, 11, 2, 4), pool));
  x = stage('stage2', () => net.maxPool('5', rectified(3, x, 192, 5, 2), pool));
  x = stage('stage3', () => {
    const y = rectified(8, rectified(6, x, 384, 3, 1), 256, 3, 1);
    return net.maxPool('12', rectified(10, y, 256, 3, 1), pool);
  });
  net.head(() => {
    const features = net.flatten('flatten', net.adaptiveAveragePool('avgpool', x, { size: 6 }));
    return net.scope('classifier', () => {
      let y = net.linear('1', net.dropout('0', features), { outFeatures: 4096 });
      y = net.linear('4', net.dropout('3', net.relu('2', y)), { outFeatures: 4096 });
      return net.linear('6', net.relu('5', y), { outFeatures: classes });
    });
  });
  return net.build();
}
