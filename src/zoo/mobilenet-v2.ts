/** MobileNet v2 (Sandler et al. 2018, table 2), with torchvision's state_dict names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { convNormActivation, stagesOf } from './layers.js';
import type { ModelOptions } from './model.js';

/** The expansion is the paper's t: the inner width relative to the input. The first block of a row has the stride. */
const rows = [
  { expansion: 1, outChannels: 16, blocks: 1, stride: 1 },
  { expansion: 6, outChannels: 24, blocks: 2, stride: 2 },
  { expansion: 6, outChannels: 32, blocks: 3, stride: 2 },
  { expansion: 6, outChannels: 64, blocks: 4, stride: 2 },
  { expansion: 6, outChannels: 96, blocks: 3, stride: 1 },
  { expansion: 6, outChannels: 160, blocks: 3, stride: 2 },
  { expansion: 6, outChannels: 320, blocks: 1, stride: 1 },
] as const;

const activation = 'relu6';

export function mobileNetV2(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() =>
    convNormActivation(net, 'features.0', net.input, { outChannels: 32, kernel: 3, stride: 2, activation }),
  );
  let position = 1;
  const stages = stagesOf(rows);
  stages.forEach((rowsOfStage, stage) => {
    const makeStage = (): void => {
      for (const { expansion, outChannels, blocks, stride } of rowsOfStage) {
        for (let index = 0; index < blocks; index++) {
          const options = { expansion, outChannels, stride: index === 0 ? stride : 1 };
          x = net.block(`${position++}`, () => invertedResidual(net, x, options));
        }
      }
      if (stage < stages.length - 1) return;
      x = convNormActivation(net, `${position}`, x, { outChannels: 1280, kernel: 1, activation });
    };
    net.stage(`stage${stage + 1}`, makeStage, { prefix: 'features' });
  });
  net.head(() => {
    let y = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    y = net.dropout('classifier.0', y, { rate: 0.2 });
    net.linear('classifier.1', y, { outFeatures: classes });
  });
  return net.build();
}

interface BlockOptions {
  readonly expansion: number;
  readonly outChannels: number;
  readonly stride: number;
}

/** Inverted residual (figure 4d): 1×1 expansion, 3×3 depthwise, and a 1×1 projection without activation. */
function invertedResidual(net: GraphBuilder, x: Value, { expansion, outChannels, stride }: BlockOptions): Value {
  const [inChannels = 0] = net.shape(x);
  const inner = expansion * inChannels;
  const projected = net.scope('conv', () => {
    let y = x;
    let position = 0;
    if (expansion > 1) {
      y = convNormActivation(net, `${position++}`, y, { outChannels: inner, kernel: 1, activation });
    }
    const depthwise = { outChannels: inner, kernel: 3, stride, groups: inner, activation } as const;
    y = convNormActivation(net, `${position++}`, y, depthwise);
    y = net.convolution(`${position++}`, y, { outChannels, kernel: 1, bias: false });
    return net.batchNorm(`${position}`, y);
  });
  return stride === 1 && inChannels === outChannels ? net.add('add', projected, x) : projected;
}
