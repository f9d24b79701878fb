/** The reference against PyTorch in float64, on tiny networks; bench/oracle/make_fixture.py made the numbers. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { graphBuilder, graphParameters, type Graph, type Value } from '../../graph/index.js';
import { trainingPlan, type OptimizerOptions, type Plan } from '../../plan/index.js';
import { differences, relativeError } from '../../testing/index.js';
import type { RunScalars } from '../engine.js';
import { runReference } from './run.js';

type Values = { readonly [name: string]: readonly number[] };
interface Fixture {
  readonly residual: OneStep;
  readonly mixed: OneStep;
  readonly sgd: Steps;
  readonly nesterov: Steps;
  readonly adamw: Steps;
}
interface OneStep {
  readonly losses: readonly number[];
  readonly gradients: Values;
  readonly statistics: Values;
}
interface Steps {
  readonly losses: readonly number[];
  /** Σ value·pattern of each parameter and statistic at the end. */
  readonly sums: { readonly [name: string]: number };
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/pytorch.json', import.meta.url), 'utf8')) as Fixture;

/** The fixture stores ten digits. */
const TOLERANCE = 1e-9;

function residual(): Graph {
  const net = graphBuilder('residual', [3, 7, 9]);
  const unit = (name: string, x: Value, outChannels: number, kernel: number, stride: number): Value =>
    net.batchNorm(
      `bn${name}`,
      net.convolution(`conv${name}`, x, { outChannels, kernel, stride, padding: (kernel - 1) / 2, bias: false }),
    );
  let x = net.relu('relu', unit('1', net.input, 4, 3, 1));
  x = net.block('a', () => {
    const inner = net.relu('relu1', unit('1', x, 4, 3, 1));
    return net.relu('relu2', net.add('add', unit('2', inner, 4, 3, 1), x));
  });
  x = net.block('b', () => {
    const inner = net.relu('relu1', unit('1', x, 5, 3, 2));
    return net.relu('relu2', net.add('add', unit('2', inner, 5, 3, 1), unit('3', x, 5, 1, 2)));
  });
  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', x)), { outFeatures: 6 });
  return net.build();
}

function mixed(): Graph {
  const net = graphBuilder('mixed', [3, 7, 11]);
  const first = net.convolution('conv1', net.input, {
    outChannels: 8,
    kernel: [3, 2],
    stride: [1, 2],
    padding: [2, 1],
  });
  const slopes = net.prelu('prelu1', first, { perChannel: true });
  const depthwise = net.convolution('depthwise', slopes, { outChannels: 8, kernel: 3, padding: 1, groups: 8 });
  const grouped = net.convolution('grouped', net.gelu('gelu', depthwise), {
    outChannels: 6,
    kernel: [1, 3],
    padding: [0, 1],
    groups: 2,
  });
  const x = net.silu('silu', grouped);
  const dilated = net.convolution('dilated', x, { outChannels: 4, kernel: 3, padding: 2, dilation: 2 });
  const y = net.leakyRelu('leaky', dilated, { slope: 0.2 });
  const z = net.prelu('prelu2', x);
  const window = { kernel: 3, stride: 2, padding: 1, ceil: true };
  const joined = net.concat(
    'cat',
    net.maxPool('max', y, window),
    net.averagePool('mean', z, window),
    net.averagePool('inner', z, { ...window, countPadding: false }),
  );
  const scaled = net.scale('scale1', joined);
  // The PyTorch side computes sigmoid·4 + x·4, which equals the sum of four of each.
  const sigmoid = net.sigmoid('sigmoid', scaled);
  const summed = net.add('add', sigmoid, sigmoid, sigmoid, sigmoid, scaled, scaled, scaled, scaled);
  const clipped = net.relu6('relu6', summed);
  const pooled = net.averagePool('pool', clipped, { kernel: 2 });
  net.linear('fc', net.flatten('flatten', net.scale('scale2', pooled, { per: 'element' })), { outFeatures: 6 });
  return net.build();
}

/** The formula by which the Python side fills tensors. */
function pattern(stream: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sin(1 + 3.7 * stream + 0.61 * i * i));
}

function weightedSum(values: Float64Array): number {
  const weights = pattern(99, values.length);
  return values.reduce((sum, value, i) => sum + value * weights[i]!, 0);
}

function startingValues(graph: Graph): Map<string, Float64Array> {
  return new Map(
    graphParameters(graph).map(({ name, local, shape }, index) => {
      const values = pattern(
        1 + index,
        shape.reduce((product, size) => product * size, 1),
      );
      if (local === 'running_var' || (local === 'weight' && shape.length === 1)) {
        return [name, values.map((value) => 1 + 0.3 * value)];
      }
      if (shape.length === 2 || shape.length === 4) {
        const fanIn = values.length / shape[0]!;
        return [name, values.map((value) => value * Math.sqrt(4 / fanIn))];
      }
      return [name, values.map((value) => 0.3 * value)];
    }),
  );
}

function inputsOf(plan: Plan): Map<string, Float64Array> {
  const imageDims = plan.tensors[plan.inputs['images']!]!.dims;
  const [batch = 1, classes = 1] = plan.tensors[plan.inputs['targets']!]!.dims;
  const images = pattern(
    0,
    imageDims.reduce((product, size) => product * size, 1),
  ).map((value) => value * 1.5);
  const targets = new Float64Array(batch * classes);
  for (let n = 0; n < batch; n++) {
    targets[n * classes + ((3 * n + 1) % classes)] = 0.75;
    targets[n * classes + ((5 * n + 2) % classes)]! += 0.25;
  }
  return new Map([
    ['images', images],
    ['targets', targets],
  ]);
}

/** The fixture's values under the names of a plan's outputs. */
const named = (values: Values, prefix = ''): Map<string, readonly number[]> =>
  new Map(Object.entries(values).map(([name, data]) => [`${prefix}${name}`, data]));

describe('the reference engine gives what PyTorch gives', () => {
  const networks = [
    { name: 'residual' as const, graph: residual(), batch: 3, labelSmoothing: 0.1 },
    { name: 'mixed' as const, graph: mixed(), batch: 2, labelSmoothing: 0 },
  ];

  for (const { name, graph, batch, labelSmoothing } of networks) {
    it(`losses, all gradients and running statistics of the ${name} network`, () => {
      const plan = trainingPlan(graph, { batch, labelSmoothing });
      const { outputs, persistent } = runReference(plan, new Map([...startingValues(graph), ...inputsOf(plan)]));
      const { losses, gradients, statistics } = fixture[name];
      expect(differences(outputs, named({ losses }), TOLERANCE)).toEqual([]);
      expect(differences(outputs, named(gradients, 'grad:'), TOLERANCE)).toEqual([]);
      expect(differences(persistent, named(statistics), TOLERANCE)).toEqual([]);
    });
  }

  const momentum = { kind: 'sgd', momentum: 0.9, weightDecay: 0.01, decayNormsAndBiases: true } as const;
  const optimizers: { name: 'sgd' | 'nesterov' | 'adamw'; options: OptimizerOptions; learningRate: number }[] = [
    { name: 'sgd', options: { ...momentum, nesterov: false }, learningRate: 0.1 },
    { name: 'nesterov', options: { ...momentum, nesterov: true }, learningRate: 0.1 },
    {
      name: 'adamw',
      options: {
        kind: 'adamw',
        beta1: 0.8,
        beta2: 0.95,
        epsilon: 1e-6,
        weightDecay: 0.1,
        decayNormsAndBiases: true,
      },
      learningRate: 0.01,
    },
  ];

  for (const { name, options, learningRate } of optimizers) {
    it(`losses and weights over three steps of ${name}`, () => {
      const graph = residual();
      const plan = trainingPlan(graph, { batch: 3, optimizer: options });
      const inputs = inputsOf(plan);
      let values: ReadonlyMap<string, Float64Array> = startingValues(graph);
      const means: number[] = [];
      for (let step = 0; step < 3; step++) {
        const scalars: RunScalars = { learningRate, step };
        const { outputs, persistent } = runReference(plan, new Map([...values, ...inputs]), scalars);
        values = persistent;
        means.push(outputs.get('losses')!.reduce((sum, loss) => sum + loss, 0) / 3);
      }
      expect(relativeError(means, fixture[name].losses)).toBeLessThan(TOLERANCE);
      const sums = new Map([...values].map(([parameter, data]) => [parameter, [weightedSum(data)]]));
      const expected = new Map(Object.entries(fixture[name].sums).map(([parameter, sum]) => [parameter, [sum]]));
      // Relative to at least 1: a sum may cancel, but its terms are of that size.
      expect(differences(sums, expected, TOLERANCE, 1)).toEqual([]);
    });
  }
});
