/** The input, convolutions, fully connected layers, flattening, dropout and scaling. */

import { elements, printShape } from '../sizes.js';
import { count, countPair, amountPair, flag, finite, shareBelowOne, oneOf, shapeOfExample } from './attribute-types.js';
import { constant, learned, none, sameAsInput, featureMap, type OpTable } from './row.js';
import { windows } from './windows.js';

export const layerOps = {
  input: {
    activation: false,
    attributes: { shape: shapeOfExample },
    inputs: [0, 0],
    shape: (op) => op.shape,
    parameters: none,
  },
  convolution: {
    activation: false,
    attributes: {
      outChannels: count,
      kernel: countPair,
      stride: countPair,
      padding: amountPair,
      dilation: countPair,
      groups: count,
      bias: flag,
    },
    inputs: [1, 1],
    shape: (op, [input], refuse) => {
      const [channels, ...size] = featureMap(input!, refuse);
      if (channels % op.groups !== 0 || op.outChannels % op.groups !== 0) {
        return refuse(
          `${op.groups} groups do not divide both ${channels} input channels and ${op.outChannels} output channels evenly`,
          'Choose groups that divide both numbers of channels.',
        );
      }
      return [op.outChannels, ...windows(size, op, op.dilation, Math.floor, refuse)];
    },
    parameters: (op, [channels = 0]) => [
      learned('weight', [op.outChannels, channels / op.groups, ...op.kernel], {
        kind: 'heNormal',
        fanOut: (op.kernel[0] * op.kernel[1] * op.outChannels) / op.groups,
      }),
      ...(op.bias ? [learned('bias', [op.outChannels], constant(0))] : []),
    ],
  },
  linear: {
    activation: false,
    attributes: { outFeatures: count, bias: flag },
    inputs: [1, 1],
    shape: (op, [input], refuse) =>
      input!.length === 1
        ? [op.outFeatures]
        : refuse(`expected an input [features], found ${printShape(input!)}`, 'Put a flatten in front of it.'),
    // A classifier has no ReLU after it, so He's factor of 2 does not apply.
    parameters: (op, [features = 0]) => [
      learned('weight', [op.outFeatures, features], { kind: 'lecunUniform', fanIn: features }),
      ...(op.bias ? [learned('bias', [op.outFeatures], constant(0))] : []),
    ],
  },
  flatten: {
    activation: false,
    attributes: {},
    inputs: [1, 1],
    shape: (_, [input]) => [elements(input!)],
    parameters: none,
  },
  dropout: {
    activation: false,
    attributes: { rate: shareBelowOne },
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  stochasticDepth: {
    activation: false,
    attributes: { rate: shareBelowOne },
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  scale: {
    activation: false,
    attributes: { per: oneOf('channel', 'element'), initial: finite },
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: (op, shape) => [learned('weight', op.per === 'channel' ? [shape[0]!] : shape, constant(op.initial))],
  },
} satisfies Partial<OpTable>;
