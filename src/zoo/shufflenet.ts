/** ShuffleNet v2 (Ma et al. 2018), with torchvision's names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { convNormActivation } from './layers.js';
import type { ModelOptions } from './model.js';
import { conv1x1 } from './residual.js';

/** Units per stage. The first one halves the size. */
const repeats = [4, 8, 4] as const;

/** `widths` are the channels of the three stages and of the last convolution (table 5). */
export function shufflenet(
  name: string,
  widths: readonly [number, number, number, number],
  { classes, inputShape }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => {
    const y = convNormActivation(net, 'conv1', net.input, { outChannels: 24, kernel: 3, stride: 2 });
    return net.maxPool('maxpool', y, { kernel: 3, stride: 2, padding: 1 });
  });
  repeats.forEach((units, index) => {
    net.stage(`stage${index + 2}`, () => {
      x = net.block('0', () => halvingUnit(net, x, widths[index]! / 2));
      for (let unit = 1; unit < units; unit++) x = net.block(`${unit}`, () => splitUnit(net, x, widths[index]! / 2));
    });
  });
  const widen = () => convNormActivation(net, 'conv5', x, { outChannels: widths[3], kernel: 1 });
  x = net.stage('stage4', widen, { prefix: '' });
  net.head(() => net.linear('fc', net.flatten('flatten', net.globalAveragePool('mean', x)), { outFeatures: classes }));
  return net.build();
}

/** Figure 3c: half of the channels bypass the branch, half go through it, and the shuffle mixes them. */
function splitUnit(net: GraphBuilder, x: Value, half: number): Value {
  const kept = net.sliceChannels('chunk1', x, { start: 0, count: half });
  const taken = net.sliceChannels('chunk2', x, { start: half, count: half });
  return shuffled(net, kept, branch2(net, taken, half, 1));
}

/** Figure 3d: two branches, which both take all channels and halve the size. */
function halvingUnit(net: GraphBuilder, x: Value, half: number): Value {
  const left = net.scope('branch1', () => {
    const y = net.batchNorm('1', depthwise(net, '0', x, 2));
    return net.relu('4', net.batchNorm('3', conv1x1(net, '2', y, half)));
  });
  return shuffled(net, left, branch2(net, x, half, 2));
}

const branch2 = (net: GraphBuilder, x: Value, width: number, stride: number): Value =>
  net.scope('branch2', () => {
    let y = net.relu('2', net.batchNorm('1', conv1x1(net, '0', x, width)));
    y = net.batchNorm('4', depthwise(net, '3', y, stride));
    return net.relu('7', net.batchNorm('6', conv1x1(net, '5', y, width)));
  });

function depthwise(net: GraphBuilder, name: string, x: Value, stride: number): Value {
  const channels = net.shape(x)[0]!;
  const options = { outChannels: channels, groups: channels, kernel: 3, stride, padding: 1, bias: false };
  return net.convolution(name, x, options);
}

const shuffled = (net: GraphBuilder, left: Value, right: Value): Value =>
  net.channelShuffle('shuffle', net.concat('concat', left, right), { groups: 2 });
