import { describe, expect, it } from 'vitest';
import { nodeShape, type Op, type OpKind, type Shape } from './index.js';

/** At least one row for each kind of op: inputs, op, the output's shape. Total over the kinds. */
const table: { readonly [K in OpKind]: readonly (readonly [inputs: readonly Shape[], op: Op, output: Shape])[] } = {
  input: [
    [[], { kind: 'input', shape: [3, 32, 32] }, [3, 32, 32]],
    [[], { kind: 'input', shape: [784] }, [784]],
  ],
  convolution: [
    [[[3, 32, 32]], convolution({ outChannels: 16, kernel: [3, 3], padding: [1, 1] }), [16, 32, 32]],
    [[[3, 33, 31]], convolution({ outChannels: 8, kernel: [3, 3], padding: [1, 1], stride: [2, 2] }), [8, 17, 16]],
    [
      [[3, 224, 224]],
      convolution({ outChannels: 64, kernel: [7, 7], padding: [3, 3], stride: [2, 2] }),
      [64, 112, 112],
    ],
    [[[4, 9, 9]], convolution({ outChannels: 4, kernel: [1, 1], stride: [2, 2] }), [4, 5, 5]],
    [[[4, 9, 12]], convolution({ outChannels: 2, kernel: [3, 2], dilation: [2, 3] }), [2, 5, 9]],
    [[[6, 5, 5]], convolution({ outChannels: 6, kernel: [5, 5], groups: 6 }), [6, 1, 1]],
    [[[6, 1, 1]], convolution({ outChannels: 4, kernel: [3, 3], padding: [1, 1], groups: 2, bias: true }), [4, 1, 1]],
  ],
  batchNorm: [[[[4, 3, 2]], { kind: 'batchNorm', epsilon: 1e-5, momentum: 0.1 }, [4, 3, 2]]],
  layerNorm: sameShape({ kind: 'layerNorm', epsilon: 1e-6 }),
  localResponseNorm: [
    [[[17, 3, 2]], { kind: 'localResponseNorm', size: 5, alpha: 1e-4, beta: 0.75, k: 1 }, [17, 3, 2]],
  ],
  relu: sameShape({ kind: 'relu' }),
  leakyRelu: sameShape({ kind: 'leakyRelu', slope: 0.1 }),
  prelu: sameShape({ kind: 'prelu', initialSlope: 0.25, perChannel: true }),
  relu6: sameShape({ kind: 'relu6' }),
  silu: sameShape({ kind: 'silu' }),
  gelu: sameShape({ kind: 'gelu' }),
  sigmoid: sameShape({ kind: 'sigmoid' }),
  hardSwish: sameShape({ kind: 'hardSwish' }),
  hardSigmoid: sameShape({ kind: 'hardSigmoid' }),
  identity: sameShape({ kind: 'identity' }),
  add: [
    [
      [
        [4, 3, 2],
        [4, 3, 2],
      ],
      { kind: 'add' },
      [4, 3, 2],
    ],
    [[[7], [7], [7]], { kind: 'add' }, [7]],
  ],
  multiply: [
    [
      [
        [17, 3, 2],
        [17, 1, 1],
      ],
      { kind: 'multiply' },
      [17, 3, 2],
    ],
  ],
  concat: [
    [
      [
        [4, 3, 2],
        [1, 3, 2],
        [4, 3, 2],
      ],
      { kind: 'concat' },
      [9, 3, 2],
    ],
    [[[7], [5]], { kind: 'concat' }, [12]],
  ],
  sliceChannels: [
    [[[17, 3, 2]], { kind: 'sliceChannels', start: 0, count: 17 }, [17, 3, 2]],
    [[[17, 3, 2]], { kind: 'sliceChannels', start: 14, count: 3 }, [3, 3, 2]],
  ],
  channelShuffle: [[[[34, 3, 2]], { kind: 'channelShuffle', groups: 17 }, [34, 3, 2]]],
  padChannels: [[[[4, 3, 2]], { kind: 'padChannels', before: 0, after: 5 }, [9, 3, 2]]],
  // Sizes are those of PyTorch.
  maxPool: [
    [[[4, 112, 112]], maxPool({ kernel: [3, 3], stride: [2, 2], padding: [1, 1] }), [4, 56, 56]],
    [[[4, 7, 7]], maxPool({ kernel: [2, 2], stride: [2, 2] }), [4, 3, 3]],
    [[[4, 7, 7]], maxPool({ kernel: [2, 2], stride: [2, 2], ceil: true }), [4, 4, 4]],
    [[[4, 5, 5]], maxPool({ kernel: [1, 1], stride: [2, 2], ceil: true }), [4, 3, 3]],
    // Rounding up gives 4, but the fourth window would start in the padding at the end.
    [[[4, 5, 5]], maxPool({ kernel: [2, 2], stride: [2, 2], padding: [1, 1], ceil: true }), [4, 3, 3]],
    [[[4, 4, 9]], maxPool({ kernel: [2, 3], stride: [3, 4], ceil: true }), [4, 2, 3]],
  ],
  averagePool: [
    [
      [[4, 8, 6]],
      { kind: 'averagePool', kernel: [2, 3], stride: [2, 3], padding: [0, 0], ceil: false, countPadding: true },
      [4, 4, 2],
    ],
  ],
  globalAveragePool: [[[[4, 7, 5]], { kind: 'globalAveragePool' }, [4, 1, 1]]],
  adaptiveAveragePool: [
    [[[17, 13, 5]], { kind: 'adaptiveAveragePool', size: [6, 3] }, [17, 6, 3]],
    [[[3, 1, 1]], { kind: 'adaptiveAveragePool', size: [7, 6] }, [3, 7, 6]],
  ],
  linear: [[[[12]], { kind: 'linear', outFeatures: 5, bias: true }, [5]]],
  flatten: [
    [[[4, 3, 2]], { kind: 'flatten' }, [24]],
    [[[24]], { kind: 'flatten' }, [24]],
  ],
  dropout: sameShape({ kind: 'dropout', rate: 0.5 }),
  stochasticDepth: sameShape({ kind: 'stochasticDepth', rate: 0.2 }),
  scale: [
    ...sameShape({ kind: 'scale', per: 'channel', initial: 1 }),
    ...sameShape({ kind: 'scale', per: 'element', initial: 0 }),
  ],
};

function convolution(options: Partial<Extract<Op, { kind: 'convolution' }>>): Op {
  return {
    kind: 'convolution',
    outChannels: 1,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
    groups: 1,
    bias: false,
    ...options,
  };
}

function maxPool(options: Partial<Extract<Op, { kind: 'maxPool' }>>): Op {
  return { kind: 'maxPool', kernel: [1, 1], stride: [1, 1], padding: [0, 0], ceil: false, ...options };
}

function sameShape(op: Op) {
  return [
    [[[4, 3, 2]], op, [4, 3, 2]],
    [[[7]], op, [7]],
  ] as const;
}

const shapeOf = (op: Op, inputs: readonly Shape[]): Shape =>
  nodeShape({ name: 'node', op, inputs: inputs.map((_, index) => `input${index}`), place: {} }, inputs);

describe.each(Object.entries(table))('the shape that %s gives', (kind, rows) => {
  it.each(rows)('from %j with %j is %j', (inputs, op, output) => {
    expect(op.kind).toBe(kind);
    expect(shapeOf(op, inputs)).toEqual(output);
  });
});

describe('inputs that do not fit', () => {
  it.each([
    ['batchNorm of a vector', { kind: 'batchNorm', epsilon: 1e-5, momentum: 0.1 }, [[7]], 'found [7]'],
    [
      'add of two shapes',
      { kind: 'add' },
      [
        [4, 3, 2],
        [4, 2, 3],
      ],
      '[4, 3, 2] and [4, 2, 3]',
    ],
    [
      'concat of two sizes',
      { kind: 'concat' },
      [
        [4, 3, 2],
        [4, 3, 1],
      ],
      '[4, 3, 2] and [4, 3, 1]',
    ],
    ['concat of a map and a vector', { kind: 'concat' }, [[4, 3, 2], [4]], '[4, 3, 2] and [4]'],
    ['a window wider than the input', maxPool({ kernel: [1, 4] }), [[4, 3, 2]], 'spans 4 in width'],
    ['dilation beyond the input', convolution({ kernel: [2, 1], dilation: [3, 1] }), [[4, 3, 2]], 'spans 4 in height'],
    ['groups that do not divide', convolution({ outChannels: 4, groups: 3 }), [[6, 3, 2]], '4 output channels'],
    ['a linear layer on a feature map', { kind: 'linear', outFeatures: 2, bias: true }, [[4, 3, 2]], 'found [4, 3, 2]'],
    [
      'a gate of another width',
      { kind: 'multiply' },
      [
        [4, 3, 2],
        [3, 1, 1],
      ],
      'a gate [4, 1, 1] for [4, 3, 2], found [3, 1, 1]',
    ],
    [
      'a gate in the first place',
      { kind: 'multiply' },
      [
        [4, 1, 1],
        [4, 3, 2],
      ],
      'a gate [4, 1, 1] for [4, 1, 1], found [4, 3, 2]',
    ],
    ['a slice past the end', { kind: 'sliceChannels', start: 3, count: 2 }, [[4, 3, 2]], 'channels 3 to 4 reach past'],
    ['a slice of a vector', { kind: 'sliceChannels', start: 0, count: 2 }, [[7]], 'found [7]'],
    ['a shuffle that leaves a rest', { kind: 'channelShuffle', groups: 3 }, [[17, 3, 2]], '3 groups do not divide 17'],
    ['windows over a vector', { kind: 'adaptiveAveragePool', size: [1, 1] }, [[7]], 'found [7]'],
    [
      'a local response norm of a vector',
      { kind: 'localResponseNorm', size: 5, alpha: 1, beta: 1, k: 1 },
      [[7]],
      'found [7]',
    ],
    ['a relu of nothing', { kind: 'relu' }, [], 'expected 1 input, found 0'],
  ] as const)('%s', (_, op, inputs, found) => {
    expect(() => shapeOf(op, inputs)).toThrow(`Node node (${op.kind})`);
    expect(() => shapeOf(op, inputs)).toThrow(found);
  });
});
