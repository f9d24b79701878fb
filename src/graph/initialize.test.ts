import { describe, expect, it } from 'vitest';

import { applyRatio } from '../proportion/index.js';
import { createModel } from '../zoo/index.js';
import { graphBuilder } from './index.js';
import { initializeWeights } from './initialize.js';

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function bytes({ buffer }: Float32Array): Uint8Array {
  return new Uint8Array(buffer);
}

describe('initial weights', () => {
  const graph = createModel('resnet20', { classes: 10 });
  const weights = initializeWeights(graph, 3);

  it('of convolutions are normal with variance 2 / fan-out', () => {
    const weight = weights.get('layer3.2.conv2.weight')!;
    expect(weight.length).toBe(64 * 64 * 9);
    expect(deviation(weight) / Math.sqrt(2 / (64 * 9))).toBeCloseTo(1, 1);
    const beyond = weight.filter((value) => Math.abs(value) > 2 * Math.sqrt(2 / (64 * 9))).length;
    // 4.6 % of normal values lie beyond two deviations.
    expect(beyond / weight.length).toBeCloseTo(0.0455, 2);
  });

  it('of groups count the outputs of one group', () => {
    const net = graphBuilder('grouped', [32, 4, 4]);
    net.linear(
      'fc',
      net.flatten('flat', net.convolution('conv', net.input, { outChannels: 64, kernel: 3, groups: 16 })),
      {
        outFeatures: 2,
      },
    );
    const weight = initializeWeights(net.build(), 0).get('conv.weight')!;
    expect(deviation(weight) / Math.sqrt(2 / (9 * 4))).toBeCloseTo(1, 1);
  });

  it('of the classifier are uniform within one over the root of its inputs, with biases of zero', () => {
    const weight = weights.get('linear.weight') ?? weights.get('fc.weight')!;
    const bound = 1 / Math.sqrt(64);
    expect(Math.max(...weight)).toBeLessThanOrEqual(bound);
    expect(Math.min(...weight)).toBeGreaterThanOrEqual(-bound);
    expect(deviation(weight) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    const bias = weights.get('linear.bias') ?? weights.get('fc.bias')!;
    expect([...bias]).toEqual(Array.from({ length: 10 }, () => 0));
  });

  it('let batch norms pass everything on', () => {
    expect(new Set(weights.get('layer1.0.bn1.weight'))).toEqual(new Set([1]));
    expect(new Set(weights.get('layer1.0.bn1.bias'))).toEqual(new Set([0]));
    expect(new Set(weights.get('layer1.0.bn1.running_mean'))).toEqual(new Set([0]));
    expect(new Set(weights.get('layer1.0.bn1.running_var'))).toEqual(new Set([1]));
  });

  it('of slopes and factors are what their ops say', () => {
    const net = graphBuilder('scales', [3, 4, 4]);
    const x = net.prelu('act', net.input, { initialSlope: 0.125, perChannel: true });
    net.linear('fc', net.flatten('flat', net.scale('scale', x, { initial: 0.5 })), { outFeatures: 2 });
    const initial = initializeWeights(net.build(), 0);
    expect([...initial.get('act.weight')!]).toEqual([0.125, 0.125, 0.125]);
    expect([...initial.get('scale.weight')!]).toEqual([0.5, 0.5, 0.5]);
  });

  it('are the same at every ratio, and others with another seed', () => {
    const halved = initializeWeights(applyRatio(graph, { ratio: '2:1' }).graph, 3);
    expect([...halved.keys()]).toEqual([...weights.keys()]);
    for (const [name, data] of halved) expect(Buffer.compare(bytes(data), bytes(weights.get(name)!))).toBe(0);
    expect(initializeWeights(graph, 4).get('conv1.weight')).not.toEqual(weights.get('conv1.weight'));
  });

  it('differ from layer to layer of one shape', () => {
    expect(weights.get('layer1.0.conv1.weight')).not.toEqual(weights.get('layer1.0.conv2.weight'));
  });
});
