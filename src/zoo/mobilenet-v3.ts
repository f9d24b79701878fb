/** MobileNet v3 (Howard et al. 2019, tables 1 and 2), with torchvision's state_dict names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { convNormActivation, makeDivisible, squeezeExcitation, stagesOf } from './layers.js';
import type { ModelOptions } from './model.js';

/** One block: a row of the paper's tables. */
interface Row {
  readonly kernel: number;
  /** Inner channels. */
  readonly inner: number;
  readonly outChannels: number;
  /** Whether the block has squeeze and excitation. */
  readonly squeezes: boolean;
  readonly activation: 'relu' | 'hardSwish';
  readonly stride: number;
}

const row = (
  kernel: number,
  inner: number,
  outChannels: number,
  squeezes: boolean,
  activation: Row['activation'],
  stride: number,
): Row => ({ kernel, inner, outChannels, squeezes, activation, stride });

const [SE, HS, RE] = [true, 'hardSwish', 'relu'] as const;

const variants = {
  large: {
    rows: [
      row(3, 16, 16, !SE, RE, 1),
      row(3, 64, 24, !SE, RE, 2),
      row(3, 72, 24, !SE, RE, 1),
      row(5, 72, 40, SE, RE, 2),
      row(5, 120, 40, SE, RE, 1),
      row(5, 120, 40, SE, RE, 1),
      row(3, 240, 80, !SE, HS, 2),
      row(3, 200, 80, !SE, HS, 1),
      row(3, 184, 80, !SE, HS, 1),
      row(3, 184, 80, !SE, HS, 1),
      row(3, 480, 112, SE, HS, 1),
      row(3, 672, 112, SE, HS, 1),
      row(5, 672, 160, SE, HS, 2),
      row(5, 960, 160, SE, HS, 1),
      row(5, 960, 160, SE, HS, 1),
    ],
    /** Widths of the last convolution and of the linear layer before the classifier. */
    last: { convolution: 960, linear: 1280 },
  },
  small: {
    rows: [
      row(3, 16, 16, SE, RE, 2),
      row(3, 72, 24, !SE, RE, 2),
      row(3, 88, 24, !SE, RE, 1),
      row(5, 96, 40, SE, HS, 2),
      row(5, 240, 40, SE, HS, 1),
      row(5, 240, 40, SE, HS, 1),
      row(5, 120, 48, SE, HS, 1),
      row(5, 144, 48, SE, HS, 1),
      row(5, 288, 96, SE, HS, 2),
      row(5, 576, 96, SE, HS, 1),
      row(5, 576, 96, SE, HS, 1),
    ],
    last: { convolution: 576, linear: 1024 },
  },
} as const;

/** Settings of the batch norms. */
const norm = { epsilon: 1e-3, momentum: 0.01 } as const;

export function mobileNetV3(
  name: string,
  variant: keyof typeof variants,
  { classes, inputShape }: ModelOptions,
): Graph {
  const { rows, last } = variants[variant];
  const net = graphBuilder(name, inputShape);
  const stemOptions = { outChannels: 16, kernel: 3, stride: 2, activation: HS, ...norm } as const;
  let x = net.stem(() => convNormActivation(net, 'features.0', net.input, stemOptions));
  let position = 1;
  const stages = stagesOf<Row>(rows);
  stages.forEach((rowsOfStage, stage) => {
    const makeStage = (): void => {
      for (const options of rowsOfStage) {
        x = net.block(`${position++}`, () => invertedResidual(net, x, options));
      }
      if (stage < stages.length - 1) return;
      const lastOptions = { outChannels: last.convolution, kernel: 1, activation: HS, ...norm } as const;
      x = convNormActivation(net, `${position}`, x, lastOptions);
    };
    net.stage(`stage${stage + 1}`, makeStage, { prefix: 'features' });
  });
  net.head(() => {
    let y = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    y = net.linear('classifier.0', y, { outFeatures: last.linear });
    y = net.hardSwish('classifier.1', y);
    y = net.dropout('classifier.2', y, { rate: 0.2 });
    net.linear('classifier.3', y, { outFeatures: classes });
  });
  return net.build();
}

/** MobileNet v2's block with squeeze and excitation between depthwise convolution and projection (figure 4). */
function invertedResidual(
  net: GraphBuilder,
  x: Value,
  { kernel, inner, outChannels, squeezes, activation, stride }: Row,
): Value {
  const [inChannels = 0] = net.shape(x);
  const projected = net.scope('block', () => {
    let y = x;
    let position = 0;
    if (inner !== inChannels) {
      y = convNormActivation(net, `${position++}`, y, { outChannels: inner, kernel: 1, activation, ...norm });
    }
    const depthwise = { outChannels: inner, kernel, stride, groups: inner, activation, ...norm };
    y = convNormActivation(net, `${position++}`, y, depthwise);
    if (squeezes) {
      const squeeze = makeDivisible(inner / 4);
      y = squeezeExcitation(net, `${position++}`, y, { squeeze, gate: 'hardSigmoid' });
    }
    return convNormActivation(net, `${position}`, y, { outChannels, kernel: 1, activation: 'none', ...norm });
  });
  return stride === 1 && inChannels === outChannels ? net.add('add', projected, x) : projected;
}
