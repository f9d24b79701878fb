/** MnasNet-B1 (Tan et al. 2019; the search without squeeze and excitation), with torchvision's state_dict names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { stagesOf } from './layers.js';
import type { ModelOptions } from './model.js';

const rows = [
  { kernel: 3, expansion: 3, outChannels: 24, blocks: 3, stride: 2 },
  { kernel: 5, expansion: 3, outChannels: 40, blocks: 3, stride: 2 },
  { kernel: 5, expansion: 6, outChannels: 80, blocks: 3, stride: 2 },
  { kernel: 3, expansion: 6, outChannels: 96, blocks: 2, stride: 1 },
  { kernel: 5, expansion: 6, outChannels: 192, blocks: 4, stride: 2 },
  { kernel: 3, expansion: 6, outChannels: 320, blocks: 1, stride: 1 },
] as const;

/** The paper keeps 0.9997 of each running statistic per step. */
const momentum = 3e-4;

export function mnasNet(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  // All stages append to one list of layers.
  const prefix = 'layers';
  let x = net.stem(() =>
    net.scope(prefix, () => convNormRelu(net, 0, net.input, { outChannels: 32, kernel: 3, stride: 2 })),
  );
  const separable = (): Value => {
    const y = convNormRelu(net, 3, x, { outChannels: 32, kernel: 3, groups: 32 });
    return convNorm(net, 6, y, { outChannels: 16, kernel: 1 });
  };
  x = net.stage('stage1', () => net.block('separable', separable, { prefix: '' }), { prefix });
  let position = 8;
  const stages = stagesOf(rows);
  stages.forEach((rowsOfStage, stage) => {
    const makeStage = (): void => {
      for (const { blocks, stride, ...row } of rowsOfStage) {
        net.scope(`${position++}`, () => {
          for (let index = 0; index < blocks; index++) {
            const options = { ...row, stride: index === 0 ? stride : 1 };
            x = net.block(`${index}`, () => invertedResidual(net, x, options));
          }
        });
      }
      if (stage === stages.length - 1) x = convNormRelu(net, position, x, { outChannels: 1280, kernel: 1 });
    };
    net.stage(`stage${stage + 2}`, makeStage, { prefix });
  });
  net.head(() => {
    let y = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    y = net.dropout('classifier.0', y, { rate: 0.2 });
    net.linear('classifier.1', y, { outFeatures: classes });
  });
  return net.build();
}

interface BlockOptions {
  readonly kernel: number;
  readonly expansion: number;
  readonly outChannels: number;
  readonly stride: number;
}

/** MobileNet v2's block, with ReLU and a kernel of 3 or 5. */
function invertedResidual(
  net: GraphBuilder,
  x: Value,
  { kernel, expansion, outChannels, stride }: BlockOptions,
): Value {
  const [inChannels = 0] = net.shape(x);
  const inner = expansion * inChannels;
  const projected = net.scope('layers', () => {
    let y = convNormRelu(net, 0, x, { outChannels: inner, kernel: 1 });
    y = convNormRelu(net, 3, y, { outChannels: inner, kernel, stride, groups: inner });
    return convNorm(net, 6, y, { outChannels, kernel: 1 });
  });
  return stride === 1 && inChannels === outChannels ? net.add('add', projected, x) : projected;
}

interface ConvNormOptions {
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** Adds layers `position` and `position + 1` to the list. */
function convNorm(net: GraphBuilder, position: number, x: Value, options: ConvNormOptions): Value {
  const padding = (options.kernel - 1) / 2;
  const y = net.convolution(`${position}`, x, { ...options, padding, bias: false });
  return net.batchNorm(`${position + 1}`, y, { momentum });
}

/** Adds layers `position` to `position + 2` to the list. */
function convNormRelu(net: GraphBuilder, position: number, x: Value, options: ConvNormOptions): Value {
  return net.relu(`${position + 2}`, convNorm(net, position, x, options));
}
