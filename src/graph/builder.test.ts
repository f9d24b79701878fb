import { describe, expect, it } from 'vitest';
import { RectioError } from '../base/error.js';
import { failure } from '../testing/failure.js';
import { graphBuilder, type ConvolutionOptions, graphParameters, inferShapes } from './index.js';

describe('the builder', () => {
  it('names nodes by their scopes and says where they stand', () => {
    const net = graphBuilder('places', [4, 8, 8]);
    const stem = net.stem(() => net.relu('relu', net.input));
    net.stage('layer1', () => {
      const x = net.relu('pre', stem);
      net.block('0', () => {
        const beside = net.shortcut('downsample', () => net.relu('0', x));
        net.add('add', x, beside);
      });
    });
    net.head(() => net.flatten('flatten', 'layer1.0.add'));
    expect(net.build().nodes.map(({ name, place }) => [name, place])).toEqual([
      ['input', {}],
      ['relu', { role: 'stem' }],
      ['layer1.pre', { stage: 'layer1' }],
      ['layer1.0.downsample.0', { stage: 'layer1', block: 'layer1.0', role: 'shortcut' }],
      ['layer1.0.add', { stage: 'layer1', block: 'layer1.0' }],
      ['flatten', { role: 'head' }],
    ]);
  });

  it('leaves a scope even when something in it fails', () => {
    const net = graphBuilder('fails', [4, 8, 8]);
    expect(() => net.stage('layer1', () => net.linear('fc', net.input, { outFeatures: 2 }))).toThrow(RectioError);
    expect(net.relu('relu', net.input)).toBe('relu');
    expect(net.build().nodes.at(-1)!.place).toEqual({});
  });

  it('squares single numbers and fills in the defaults of PyTorch', () => {
    const net = graphBuilder('defaults', [4, 9, 9]);
    let x = net.convolution('conv', net.input, { outChannels: 6, kernel: 3 });
    x = net.convolution('wide', x, { outChannels: 6, kernel: [1, 3], stride: [1, 2], padding: [0, 1], groups: 2 });
    x = net.batchNorm('bn', x);
    x = net.leakyRelu('leaky', x);
    x = net.prelu('prelu', x);
    x = net.maxPool('max', x, { kernel: [3, 2] });
    x = net.averagePool('average', x, { kernel: 2, stride: 1 });
    x = net.scale('scale', net.dropout('dropout', x));
    net.linear('fc', net.flatten('flatten', x), { outFeatures: 2 });
    expect(net.build().nodes.map(({ op }) => op)).toEqual([
      { kind: 'input', shape: [4, 9, 9] },
      {
        kind: 'convolution',
        outChannels: 6,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        bias: true,
      },
      {
        kind: 'convolution',
        outChannels: 6,
        kernel: [1, 3],
        stride: [1, 2],
        padding: [0, 1],
        dilation: [1, 1],
        groups: 2,
        bias: true,
      },
      { kind: 'batchNorm', epsilon: 1e-5, momentum: 0.1 },
      { kind: 'leakyRelu', slope: 0.01 },
      { kind: 'prelu', initialSlope: 0.25, perChannel: false },
      { kind: 'maxPool', kernel: [3, 2], stride: [3, 2], padding: [0, 0], ceil: false },
      { kind: 'averagePool', kernel: [2, 2], stride: [1, 1], padding: [0, 0], ceil: false, countPadding: true },
      { kind: 'dropout', rate: 0.5 },
      { kind: 'scale', per: 'channel', initial: 1 },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 2, bias: true },
    ]);
  });

  it('tells the shape of everything made so far', () => {
    const net = graphBuilder('shapes', [3, 32, 32]);
    const x = net.convolution('conv', net.input, { outChannels: 16, kernel: 3, stride: 2, padding: 1 });
    expect(net.shape(x)).toEqual([16, 16, 16]);
    expect(failure(() => net.shape('nothing')).message).toContain('nothing');
  });

  it('lists parameters in the order and under the names of a state_dict', () => {
    const net = graphBuilder('parameters', [4, 8, 8]);
    let x = net.convolution('conv', net.input, { outChannels: 6, kernel: 3, groups: 2 });
    x = net.prelu('act', net.batchNorm('bn', x), { perChannel: true });
    x = net.scale('gain', x, { per: 'element' });
    net.linear('fc', net.flatten('flatten', x), { outFeatures: 5, bias: false });
    expect(graphParameters(net.build()).map(({ name, shape, trainable }) => [name, shape, trainable])).toEqual([
      ['conv.weight', [6, 2, 3, 3], true],
      ['conv.bias', [6], true],
      ['bn.weight', [6], true],
      ['bn.bias', [6], true],
      ['bn.running_mean', [6], false],
      ['bn.running_var', [6], false],
      ['act.weight', [6], true],
      ['gain.weight', [6, 6, 6], true],
      ['fc.weight', [5, 216], true],
    ]);
  });

  it('makes graphs that survive JSON and do not change when building goes on', () => {
    const net = graphBuilder('frozen', [4, 8, 8]);
    net.relu('relu', net.input);
    const graph = net.build();
    const text = JSON.stringify(graph);
    net.relu('more', 'relu');
    expect(JSON.stringify(graph)).toBe(text);
    expect(JSON.parse(text)).toEqual(graph);
    expect(inferShapes(JSON.parse(text))).toEqual(inferShapes(graph));
  });
});

describe('a mistake shows at the call that makes it, by the full name of the node', () => {
  const net = graphBuilder('mistakes', [4, 8, 8]);
  const vector = net.flatten('flatten', net.input);
  const inBlock = (make: () => unknown) => failure(() => net.stage('layer1', () => net.block('0', make)));

  it.each([
    ['a missing input', () => net.relu('relu', 'conv9'), "'conv9'"],
    ['a vector instead of a feature map', () => net.batchNorm('bn', vector), '[256]'],
    ['a feature map instead of a vector', () => net.linear('fc', net.input, { outFeatures: 2 }), '[4, 8, 8]'],
    ['shapes that do not match', () => net.add('add', net.input, vector), '[256]'],
    ['a single summand', () => net.add('add', net.input), '2 or more inputs, found 1'],
    ['too many inputs', () => net.node('relu', { kind: 'relu' }, net.input, net.input), '1 input, found 2'],
    ['a second input', () => net.node('input', { kind: 'input', shape: [1] }, net.input), '0 inputs, found 1'],
    ['groups', () => net.convolution('conv', net.input, { outChannels: 4, kernel: 3, groups: 3 }), '3 groups'],
    ['a kernel too large', () => net.convolution('conv', net.input, { outChannels: 4, kernel: 9 }), 'spans 9'],
    ['a wrong number', () => net.convolution('conv', net.input, { outChannels: 0, kernel: 1 }), 'outChannels is 0'],
    ['half a pixel', () => net.maxPool('pool', net.input, { kernel: 1.5 }), 'kernel is [1.5,1.5]'],
    ['too much padding', () => net.maxPool('pool', net.input, { kernel: 3, padding: 2 }), 'more than half'],
    ['certain dropout', () => net.dropout('drop', net.input, { rate: 1 }), 'rate is 1'],
    // A file without type checks can contain this.
    ['an input that is none', () => net.relu('relu', undefined as unknown as string), 'an input is missing'],
    [
      'an option that does not exist',
      () => net.convolution('conv', net.input, { outChannels: 4, kernel: 3, paddin: 1 } as ConvolutionOptions),
      "no attribute 'paddin'",
    ],
    ['a tensor beyond all bounds', () => net.linear('fc', vector, { outFeatures: 2 ** 30 }), '[1073741824, 256]'],
  ] as const)('%s', (_, make, found) => {
    const error = inBlock(make);
    expect(error.code).toBe('graph');
    expect(error.message).toMatch(/^Node layer1\.0\.\w+/);
    expect(error.message).toContain(found);
    expect(error.hint).not.toBe('');
  });

  it('a name that is taken, empty or more than a word', () => {
    expect(failure(() => net.relu('flatten', net.input)).message).toContain('Node flatten');
    expect(failure(() => net.relu('', net.input)).message).toContain("''");
    expect(failure(() => net.relu('two words', net.input)).message).toContain("'two words'");
    expect(failure(() => net.relu('bell\u0007', net.input)).code).toBe('graph');
  });

  it('an input shape that is none', () => {
    for (const shape of [[], [3, 32], [3, 0, 32], [3.5], [2 ** 31]]) {
      expect(failure(() => graphBuilder('shape', shape)).message).toContain('Node input');
    }
    expect(failure(() => graphBuilder('huge', [2 ** 20, 2 ** 10, 2 ** 10])).message).toContain('engine can address');
  });
});
