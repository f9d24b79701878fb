/** Ops that join inputs, or select, shuffle and pad channels. */

import type { Shape } from '../op.js';
import { printShape, printShapes, equalShapes } from '../sizes.js';
import { count, amount } from './attribute-types.js';
import { none, featureMap, type OpTable } from './row.js';

export const channelOps = {
  add: {
    activation: false,
    attributes: {},
    inputs: [2, Infinity],
    shape: (_, inputs, refuse) => {
      const [first, ...others] = inputs as readonly [Shape, ...Shape[]];
      return others.every((other) => equalShapes(first, other))
        ? first
        : refuse(
            `expected inputs of one shape, found ${printShapes(inputs)}`,
            'Bring the inputs to one shape first, for example with a 1×1 convolution on the shortcut.',
          );
    },
    parameters: none,
  },
  multiply: {
    activation: false,
    attributes: {},
    inputs: [2, 2],
    shape: (_, [input, gate], refuse) => {
      const [channels] = featureMap(input!, refuse);
      return equalShapes(gate!, [channels, 1, 1])
        ? input!
        : refuse(
            `expected a gate ${printShape([channels, 1, 1])} for ${printShape(input!)}, found ${printShape(gate!)}`,
            'Give the feature map first and the gate, one value for each of its channels, second.',
          );
    },
    parameters: none,
  },
  concat: {
    activation: false,
    attributes: {},
    inputs: [2, Infinity],
    shape: (_, inputs, refuse) => {
      const [first, ...others] = inputs as readonly [Shape, ...Shape[]];
      if (!others.every((other) => equalShapes(first.slice(1), other.slice(1)) && other.length === first.length)) {
        return refuse(
          `expected inputs of one height and width, found ${printShapes(inputs)}`,
          'Bring the inputs to one height and width first; only the channels may differ.',
        );
      }
      return [inputs.reduce((sum, input) => sum + input[0]!, 0), ...first.slice(1)];
    },
    parameters: none,
  },
  sliceChannels: {
    activation: false,
    attributes: { start: amount, count },
    inputs: [1, 1],
    shape: (op, [input], refuse) => {
      const [channels, height, width] = featureMap(input!, refuse);
      if (op.start + op.count > channels) {
        return refuse(
          `channels ${op.start} to ${op.start + op.count - 1} reach past the ${channels} of its input`,
          'Choose channels of the input; they are counted from 0.',
        );
      }
      return [op.count, height, width];
    },
    parameters: none,
  },
  channelShuffle: {
    activation: false,
    attributes: { groups: count },
    inputs: [1, 1],
    shape: (op, [input], refuse) => {
      const [channels] = featureMap(input!, refuse);
      return channels % op.groups === 0
        ? input!
        : refuse(
            `${op.groups} groups do not divide ${channels} channels evenly`,
            'Choose groups that divide the number of channels.',
          );
    },
    parameters: none,
  },
  padChannels: {
    activation: false,
    attributes: { before: amount, after: amount },
    inputs: [1, 1],
    shape: (op, [input], refuse) => {
      const [channels, height, width] = featureMap(input!, refuse);
      return [op.before + channels + op.after, height, width];
    },
    parameters: none,
  },
} satisfies Partial<OpTable>;
