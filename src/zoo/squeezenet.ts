/** SqueezeNet (Iandola et al. 2016), with torchvision's names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';

/** The squeeze width of a fire module. Each of its two expand convolutions has four times as many channels. */
type Squeeze = number;

interface Variant {
  readonly stem: { readonly outChannels: number; readonly kernel: number };
  /** Groups of fire modules, separated by pools. */
  readonly stages: readonly (readonly Squeeze[])[];
}

/** Version 1.0 is the paper's table 1; 1.1 reduces the size earlier. */
const variants = {
  '1.0': { stem: { outChannels: 96, kernel: 7 }, stages: [[16, 16, 32], [32, 48, 48, 64], [64]] },
  '1.1': {
    stem: { outChannels: 64, kernel: 3 },
    stages: [
      [16, 16],
      [32, 32],
      [48, 48, 64, 64],
    ],
  },
} as const satisfies Record<string, Variant>;

export function squeezenet(name: string, version: keyof typeof variants, { classes, inputShape }: ModelOptions): Graph {
  const { stem, stages }: Variant = variants[version];
  const net = graphBuilder(name, inputShape);
  const pool = { kernel: 3, stride: 2, ceil: true };
  let x = net.stem(() =>
    net.scope('features', () => {
      const y = net.relu('1', net.convolution('0', net.input, { ...stem, stride: 2 }));
      return net.maxPool('2', y, pool);
    }),
  );
  let index = 3;
  stages.forEach((squeezes, stage) => {
    const make = () => {
      if (stage > 0) x = net.maxPool(`${index++}`, x, pool);
      for (const squeeze of squeezes) x = net.block(`${index++}`, () => fire(net, x, squeeze));
    };
    net.stage(`stage${stage + 1}`, make, { prefix: 'features' });
  });
  net.head(() => {
    const maps = net.scope('classifier', () => {
      const y = net.convolution('1', net.dropout('0', x), { outChannels: classes, kernel: 1 });
      return net.globalAveragePool('3', net.relu('2', y));
    });
    return net.flatten('flatten', maps);
  });
  return net.build();
}

/** Figure 1: a 1×1 convolution to few channels, then a 1×1 and a 3×3 convolution in parallel. */
function fire(net: GraphBuilder, x: Value, squeeze: Squeeze): Value {
  const outChannels = 4 * squeeze;
  const y = net.relu('squeeze_activation', net.convolution('squeeze', x, { outChannels: squeeze, kernel: 1 }));
  const ones = net.convolution('expand1x1', y, { outChannels, kernel: 1 });
  const threes = net.convolution('expand3x3', y, { outChannels, kernel: 3, padding: 1 });
  return net.concat('concat', net.relu('expand1x1_activation', ones), net.relu('expand3x3_activation', threes));
}
