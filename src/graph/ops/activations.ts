/** Activation functions, and the identity that replaces a dropped one. */

import { flag, finite } from './attribute-types.js';
import { constant, learned, none, sameAsInput, type OpTable } from './row.js';

export const activationOps = {
  relu: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  leakyRelu: {
    activation: true,
    attributes: { slope: finite },
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  prelu: {
    activation: true,
    attributes: { initialSlope: finite, perChannel: flag },
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: (op, [channels = 0]) => [learned('weight', [op.perChannel ? channels : 1], constant(op.initialSlope))],
  },
  relu6: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  silu: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  gelu: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  sigmoid: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  hardSwish: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  hardSigmoid: {
    activation: true,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
  identity: {
    activation: false,
    attributes: {},
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: none,
  },
} satisfies Partial<OpTable>;
