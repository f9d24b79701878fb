/** MobileNet v2 (Sandler et al. 2018, table 2), under torchvision's state_dict names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { convNormActivation } from './layers.js';
import type { ModelOptions } from './model.js';

interface Row {
  /** How many times as wide the block is inside; the paper's t. */
  readonly expansion: number;
  readonly outChannels: number;
  readonly blocks: number;
  /** Of the first block. */
  readonly stride: number;
}

/** The rows of table 2, one list for each resolution. */
const stages: readonly (readonly Row[])[] = [
  [{ expansion: 1, outChannels: 16, blocks: 1, stride: 1 }],
  [{ expansion: 6, outChannels: 24, blocks: 2, stride: 2 }],
  [{ expansion: 6, outChannels: 32, blocks: 3, stride: 2 }],
  [
    { expansion: 6, outChannels: 64, blocks: 4, stride: 2 },
    { expansion: 6, outChannels: 96, blocks: 3, stride: 1 },
  ],
  [
    { expansion: 6, outChannels: 160, blocks: 3, stride: 2 },
    { expansion: 6, outChannels: 320, blocks: 1, stride: 1 },
  ],
];

export function mobileNetV2(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() =>
    convNormActivation(net, 'features.0', net.input, { outChannels: 32, kernel: 3, stride: 2, activation: 'relu6' }),
  );
  let position = 0;
  stages.forEach((rows, index) => {
    const makeBlocks = ({ expansion, outChannels, blocks, stride }: Row): void => {
      for (let block = 0; block < blocks; block++) {
        const options = { expansion, outChannels, stride: block === 0 ? stride : 1 };
        x = net.block(`${++position}`, () => invertedResidual(net, x, options));
      }
    };
    net.stage(`stage${index + 1}`, () => rows.forEach(makeBlocks), { prefix: 'features' });
  });
  const last = { outChannels: 1280, kernel: 1, activation: 'relu6' } as const;
  x = net.stage(`stage${stages.length}`, () => convNormActivation(net, `${++position}`, x, last), {
    prefix: 'features',
  });
  net.head(() => {
    x = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    x = net.dropout('classifier.0', x, { rate: 0.2 });
    net.linear('classifier.1', x, { outFeatures: classes });
  });
  return net.build();
}

/** Wide inside, narrow and linear outside (figure 4d): 1×1 expansion, 3×3 depthwise, 1×1 projection without activation. */
function invertedResidual(net: GraphBuilder, x: Value, { expansion, outChannels, stride }: Omit<Row, 'blocks'>): Value {
  const [inChannels = 0] = net.shape(x);
  const inner = expansion * inChannels;
  const projected = net.scope('conv', () => {
    let y = x;
    let position = 0;
    if (expansion !== 1) {
      y = convNormActivation(net, `${position++}`, y, { outChannels: inner, kernel: 1, activation: 'relu6' });
    }
    const depthwise = { outChannels: inner, kernel: 3, stride, groups: inner, activation: 'relu6' } as const;
    y = convNormActivation(net, `${position++}`, y, depthwise);
    y = net.convolution(`${position++}`, y, { outChannels, kernel: 1, bias: false });
    return net.batchNorm(`${position}`, y);
  });
  return stride === 1 && inChannels === outChannels ? net.add('add', projected, x) : projected;
}
