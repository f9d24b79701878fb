/** EfficientNet (Tan and Le 2019, table 1), with torchvision's state_dict names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { convNormActivation, makeDivisible, squeezeExcitation, stagesOf } from './layers.js';
import type { ModelOptions } from './model.js';

/** The blocks of B0. The first block of a row has the stride. */
const rows = [
  { expansion: 1, kernel: 3, stride: 1, outChannels: 16, blocks: 1 },
  { expansion: 6, kernel: 3, stride: 2, outChannels: 24, blocks: 2 },
  { expansion: 6, kernel: 5, stride: 2, outChannels: 40, blocks: 2 },
  { expansion: 6, kernel: 3, stride: 2, outChannels: 80, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 1, outChannels: 112, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 2, outChannels: 192, blocks: 4 },
  { expansion: 6, kernel: 3, stride: 1, outChannels: 320, blocks: 1 },
] as const;

const activation = 'silu';

/** Stochastic depth: the rate grows linearly over the blocks towards this share of skipped examples. */
const stochasticDepthRate = 0.2;

/** Multipliers of B0's channels and blocks, and the classifier's dropout rate. */
const variants = {
  b0: { width: 1, depth: 1, dropout: 0.2 },
  b1: { width: 1, depth: 1.1, dropout: 0.2 },
  b2: { width: 1.1, depth: 1.2, dropout: 0.3 },
  b3: { width: 1.2, depth: 1.4, dropout: 0.3 },
} as const;

export function efficientNet(
  name: string,
  variant: keyof typeof variants,
  { classes, inputShape }: ModelOptions,
): Graph {
  const { width, depth, dropout } = variants[variant];
  const channels = (ofB0: number): number => makeDivisible(ofB0 * width);
  const scaled = rows.map(({ outChannels, blocks, ...row }) => ({
    ...row,
    outChannels: channels(outChannels),
    blocks: Math.ceil(blocks * depth),
  }));
  const total = scaled.reduce((sum, { blocks }) => sum + blocks, 0);
  const net = graphBuilder(name, inputShape);
  const stem = { outChannels: channels(32), kernel: 3, stride: 2, activation } as const;
  let x = net.stem(() => convNormActivation(net, 'features.0', net.input, stem));
  let position = 1;
  let made = 0;
  const stages = stagesOf(scaled);
  stages.forEach((rowsOfStage, stage) => {
    const makeStage = (): void => {
      for (const { blocks, stride, ...row } of rowsOfStage) {
        net.scope(`${position++}`, () => {
          for (let index = 0; index < blocks; index++) {
            const rate = (stochasticDepthRate * made++) / total;
            const options = { ...row, stride: index === 0 ? stride : 1, rate };
            x = net.block(`${index}`, () => mobileBlock(net, x, options));
          }
        });
      }
      if (stage < stages.length - 1) return;
      x = convNormActivation(net, `${position}`, x, { outChannels: 4 * channels(320), kernel: 1, activation });
    };
    net.stage(`stage${stage + 1}`, makeStage, { prefix: 'features' });
  });
  net.head(() => {
    let y = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    y = net.dropout('classifier.0', y, { rate: dropout });
    net.linear('classifier.1', y, { outFeatures: classes });
  });
  return net.build();
}

interface BlockOptions {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly outChannels: number;
  /** Rate of stochastic depth. */
  readonly rate: number;
}

/**
 * MBConv: MobileNet v2's block with squeeze and excitation, which squeezes to a quarter of the block's input channels.
 */
function mobileBlock(
  net: GraphBuilder,
  x: Value,
  { expansion, kernel, stride, outChannels, rate }: BlockOptions,
): Value {
  const [inChannels = 0] = net.shape(x);
  const inner = expansion * inChannels;
  const projected = net.scope('block', () => {
    let y = x;
    let position = 0;
    if (expansion > 1) {
      y = convNormActivation(net, `${position++}`, y, { outChannels: inner, kernel: 1, activation });
    }
    const depthwise = { outChannels: inner, kernel, stride, groups: inner, activation } as const;
    y = convNormActivation(net, `${position++}`, y, depthwise);
    y = squeezeExcitation(net, `${position++}`, y, { squeeze: Math.floor(inChannels / 4), activation });
    return convNormActivation(net, `${position}`, y, { outChannels, kernel: 1, activation: 'none' });
  });
  if (stride > 1 || inChannels !== outChannels) return projected;
  return net.add('add', net.stochasticDepth('stochastic_depth', projected, { rate }), x);
}
