/**
 * ConvNeXt (Liu et al. 2022), with torchvision's state_dict names. Its linear layers over the channels of each pixel
 * are 1×1 convolutions here; published.ts knows their shapes in published files.
 */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import type { ModelOptions } from './model.js';

const widths = [96, 192, 384, 768] as const;

const norm = { epsilon: 1e-6 } as const;

export interface ConvNeXtDesign {
  /** Blocks per stage. */
  readonly blocks: readonly [number, number, number, number];
  /**
   * Stochastic depth: the share of examples that skip the last block's branch. Rates grow linearly from 0 at the first.
   */
  readonly lastRate: number;
}

export function convNeXt(
  name: string,
  { blocks, lastRate }: ConvNeXtDesign,
  { classes, inputShape }: ModelOptions,
): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => {
    const patches = net.convolution('features.0.0', net.input, { outChannels: widths[0], kernel: 4, stride: 4 });
    return net.layerNorm('features.0.1', patches, norm);
  });
  const total = blocks.reduce((sum, count) => sum + count, 0);
  let made = 0;
  widths.forEach((width, stage) => {
    const makeStage = (): void => {
      if (stage > 0) {
        const normed = net.layerNorm(`${2 * stage}.0`, x, norm);
        x = net.convolution(`${2 * stage}.1`, normed, { outChannels: width, kernel: 2, stride: 2 });
      }
      net.scope(`${2 * stage + 1}`, () => {
        for (let index = 0; index < blocks[stage]!; index++) {
          const rate = (lastRate * made++) / (total - 1);
          x = net.block(`${index}`, () => convNeXtBlock(net, x, rate));
        }
      });
    };
    net.stage(`stage${stage + 1}`, makeStage, { prefix: 'features' });
  });
  net.head(() => {
    const features = net.layerNorm('classifier.0', net.globalAveragePool('avgpool', x), norm);
    net.linear('classifier.2', net.flatten('classifier.1', features), { outFeatures: classes });
  });
  return net.build();
}

/** 7×7 depthwise, norm, 1×1 to four times the width, GELU, 1×1 back (figure 4). The branch's initial scale is tiny. */
function convNeXtBlock(net: GraphBuilder, x: Value, rate: number): Value {
  const [width = 0] = net.shape(x);
  const branch = net.scope('block', () => {
    let y = net.convolution('0', x, { outChannels: width, kernel: 7, padding: 3, groups: width });
    y = net.layerNorm('2', y, norm);
    y = net.convolution('3', y, { outChannels: 4 * width, kernel: 1 });
    y = net.gelu('4', y);
    return net.convolution('5', y, { outChannels: width, kernel: 1 });
  });
  const scaled = net.scale('layer_scale', branch, { initial: 1e-6 });
  return net.add('add', net.stochasticDepth('stochastic_depth', scaled, { rate }), x);
}
