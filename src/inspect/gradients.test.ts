import { describe, expect, it } from 'vitest';
import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { applyRatio } from '../proportion/index.js';
import { createModel } from '../zoo/index.js';
import { gradientArm, gradientGrowth, gradientMeaning, predictedDecades } from './index.js';

/** A network whose features `make` builds. */
function network(make: (net: GraphBuilder, conv: (name: string, x: Value) => Value) => Value): Graph {
  const net = graphBuilder('network', [3, 8, 8]);
  const conv = (name: string, x: Value) => net.convolution(name, x, { outChannels: 4, kernel: 3, padding: 1 });
  const features = make(net, conv);
  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', features)), { outFeatures: 2 });
  return net.build();
}

describe('the growth of gradients in theory', () => {
  it('is 1/(1 − 1/π) for each ReLU, nothing for the identity, and the root of ReLU at a slope of about 0.24', () => {
    expect(gradientGrowth(0)).toBeCloseTo(1 / (1 - 1 / Math.PI), 12);
    expect(gradientGrowth(1)).toBe(1);
    expect(gradientGrowth(0.24)).toBeCloseTo(Math.sqrt(gradientGrowth(0)), 2);
    expect(gradientGrowth(0.3)).toBeCloseTo(1.09 / (1.09 - 0.49 / Math.PI), 12);
  });

  it('is that of expectations over a normal distribution', () => {
    for (const slope of [0, 0.24, 0.7]) {
      // The midpoint rule over ±8 deviations.
      const step = 1e-3;
      const moments = { first: 0, second: 0, slope: 0 };
      for (let z = -8 + step / 2; z < 8; z += step) {
        const weight = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * step;
        const value = z < 0 ? slope * z : z;
        moments.first += weight * value;
        moments.second += weight * value ** 2;
        moments.slope += weight * (z < 0 ? slope ** 2 : 1);
      }
      expect(gradientGrowth(slope)).toBeCloseTo(moments.slope / (moments.second - moments.first ** 2), 5);
    }
  });

  it('adds up over the activations of a chain, whatever its widths and strides', () => {
    // plain20: 19 convolutions; the gradient goes back through 17 of them.
    expect(predictedDecades(createModel('plain20'))).toBeCloseTo((17 / 2) * Math.log10(gradientGrowth(0)), 10);
  });

  it('counts the activations that a ratio leaves, not the convolutions', () => {
    const at = (ratio: string): number => predictedDecades(applyRatio(createModel('plain56'), { ratio }).graph)!;
    // Half of the 53 activations, within what the activation at either end makes: a factor of at most 1/(2·0.34).
    expect(Math.abs(at('2:1') / at('1:1') - 0.5)).toBeLessThan(0.1);
    expect(Math.abs(at('3:1') / at('1:1') - 1 / 3)).toBeLessThan(0.1);
    const leaky = applyRatio(createModel('plain56'), { drop: ['*'], leak: 0.24, stem: true }).graph;
    expect(predictedDecades(leaky)! / at('1:1')).toBeCloseTo(0.5, 1);
  });

  it.each(['resnet20', 'vgg11', 'cifar_vgg16_bn', 'preresnet20', 'densenet121', 'mobilenet_v2', 'googlenet'])(
    'does not apply to %s',
    (name) => expect(predictedDecades(createModel(name))).toBeNull(),
  );

  it.each([
    ['no norm', (net: GraphBuilder, x: Value) => net.relu('act', x)],
    ['two activations', (net: GraphBuilder, x: Value) => net.relu('act', net.relu('r', net.batchNorm('bn', x)))],
    ['another activation', (net: GraphBuilder, x: Value) => net.silu('act', net.batchNorm('bn', x))],
    ['a pooling', (net: GraphBuilder, x: Value) => net.maxPool('p', net.batchNorm('bn', x), { kernel: 2 })],
    ['an addition', (net: GraphBuilder, x: Value) => net.add('a', net.batchNorm('bn', x), x)],
  ] as const)('does not apply with %s between two convolutions', (_, between) => {
    const chain = (inner: (net: GraphBuilder, x: Value) => Value): Graph =>
      network((net, conv) => {
        const a = net.relu('relu1', net.batchNorm('bn1', conv('c1', net.input)));
        return conv('c4', net.relu('relu3', net.batchNorm('bn3', conv('c3', inner(net, conv('c2', a))))));
      });
    expect(predictedDecades(chain(between))).toBeNull();
    expect(predictedDecades(chain((net, x) => net.batchNorm('bn', x)))).toBeGreaterThan(0);
  });
});

describe('summing up', () => {
  const three = network((net, conv) => conv('c3', net.relu('r2', conv('c2', net.relu('r1', conv('c1', net.input))))));
  const norms = (first: number, last: number, weight = 1) => ({
    ...{ 'norm:c1.weight': weight, 'norm:c2.weight': 1, 'norm:c3.weight': 1 },
    ...{ 'norm:c2.input': first, 'norm:c3.input': last },
  });

  it('takes the first size over the last, seed by seed, and geometric means of sizes', () => {
    const arm = gradientArm('1:1', three, [norms(100, 1, 10), norms(1000, 0.1, 1000)]);
    expect(arm.decades).toEqual({ mean: 3, low: 2, high: 4 });
    expect(arm.weightDecades).toEqual({ mean: 2, low: 1, high: 3 });
    expect(arm.layers.map(({ name }) => name)).toEqual(['c1', 'c2', 'c3']);
    expect(arm.layers[0]!.input).toBeNull();
    expect(arm.layers[1]!.input!.mean).toBeCloseTo(Math.sqrt(1e5), 8);
    expect(arm.layers[1]!.input).toMatchObject({ low: 100, high: 1000 });
    expect(arm.theory).toBeNull();
  });

  it('has no figure for a gradient of 0, and says so', () => {
    const arm = gradientArm('1:1', three, [norms(0, 1)]);
    expect(arm.decades).toBeNull();
    expect(arm.layers[1]!.input).toEqual({ mean: 0, low: 0, high: 0 });
    expect(gradientMeaning([arm])).toContain('no first and last gradient to compare');
  });

  it('refuses gradients that are not finite, by name', () => {
    for (const broken of [NaN, Infinity]) {
      expect(() => gradientArm('2:1', three, [norms(1, broken)])).toThrow('c3.input of network at 2:1 is not a finite');
    }
  });

  it('refuses a network without convolutions', () => {
    expect(() =>
      gradientArm(
        '1:1',
        network((net) => net.input),
        [{}],
      ),
    ).toThrow('no convolution');
  });

  it.each([
    [
      [norms(2e4, 1, 2e3), norms(50, 1, 30)],
      /at 1:1 they grow 20,000-fold from the last convolution back to the first; at 2:1 they grow 50-fold\. 2:1 makes gradients more even through the depth\. .*is 2,000 times as long as the last one's at 1:1, and 30 times as long at 2:1\./,
    ],
    [
      [norms(0.2, 1), norms(0.01, 1)],
      /at 1:1 they shrink 5\.0-fold .*; at 2:1 they shrink 100-fold\. 2:1 makes gradients less even/,
    ],
    [
      [norms(1, 1, 0.5), norms(1.1, 1)],
      /at 1:1 they keep their size.*; at 2:1 they keep their size\. 2:1 changes little.*is 2\.0 times as short as the last one's at 1:1\./,
    ],
  ] as const)('says in plain English what it means', ([one, two], words) => {
    expect(gradientMeaning([gradientArm('1:1', three, [one]), gradientArm('2:1', three, [two])])).toMatch(words);
  });

  it('compares nothing at 1:1 alone', () => {
    const meaning = gradientMeaning([gradientArm('1:1', three, [norms(10, 1)])]);
    expect(meaning).toMatch(/^Gradients before training: at 1:1 they grow 10-fold [^.]*\. This says how even/);
  });
});
