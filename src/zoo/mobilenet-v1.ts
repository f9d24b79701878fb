/** MobileNet (Howard et al. 2017, table 1), with timm's state_dict names and its ReLU6. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';

/** Runs of blocks of equal width. The first block of each run has the stride. */
const stages = [
  { outChannels: 64, blocks: 1, stride: 1 },
  { outChannels: 128, blocks: 2, stride: 2 },
  { outChannels: 256, blocks: 2, stride: 2 },
  { outChannels: 512, blocks: 6, stride: 2 },
  { outChannels: 1024, blocks: 2, stride: 2 },
] as const;

export function mobileNetV1(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => {
    const options = { outChannels: 32, kernel: 3, stride: 2, padding: 1, bias: false };
    return net.relu6('relu', net.batchNorm('bn1', net.convolution('conv_stem', net.input, options)));
  });
  stages.forEach(({ outChannels, blocks, stride }, stage) => {
    const makeBlocks = (): void => {
      for (let index = 0; index < blocks; index++) {
        x = net.block(`${index}`, () => separable(net, x, outChannels, index === 0 ? stride : 1));
      }
    };
    net.stage(`stage${stage + 1}`, makeBlocks, { prefix: `blocks.${stage}` });
  });
  net.head(() => {
    const features = net.flatten('flatten', net.globalAveragePool('global_pool', x));
    net.linear('classifier', features, { outFeatures: classes });
  });
  return net.build();
}

/** A separable convolution (figure 3, right): 3×3 depthwise, then 1×1, each with norm and activation. */
function separable(net: GraphBuilder, x: Value, outChannels: number, stride: number): Value {
  const [inChannels = 0] = net.shape(x);
  const depthwise = { outChannels: inChannels, kernel: 3, stride, padding: 1, groups: inChannels, bias: false };
  let y = net.convolution('conv_dw', x, depthwise);
  y = net.relu6('relu1', net.batchNorm('bn1', y));
  y = net.convolution('conv_pw', y, { outChannels, kernel: 1, bias: false });
  return net.relu6('relu2', net.batchNorm('bn2', y));
}
