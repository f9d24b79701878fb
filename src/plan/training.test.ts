import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { runReference } from '../engines/reference/index.js';
import { graphParameters } from '../graph/shapes.js';
import { createModel } from '../zoo/index.js';
import { idsRead, idsWritten } from './kernels.js';
import type { AdamWOptions, SgdOptions } from './optimizer.js';
import type { Plan } from './plan.js';
import { printPlan } from './print.js';
import { network, randomWeights, tinyResidual } from './testing/graphs.js';
import { trainingPlan } from './training.js';

const sgd: SgdOptions = { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4, decayNormsAndBiases: false };
const adamw: AdamWOptions = {
  kind: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.05,
  decayNormsAndBiases: false,
};

function countKinds(plan: Plan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of plan.calls) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const kindsBehindLoss = (plan: Plan): string[] => {
  const kinds = plan.calls.map(({ kind }) => kind);
  return kinds.slice(kinds.indexOf('softmaxCrossEntropy') + 1);
};

describe('trainingPlan', () => {
  it('is one step of forward, loss, backward and updates, fused', () => {
    const plan = trainingPlan(tinyResidual(), { batch: 2, optimizer: sgd });
    expect(printPlan(plan)).toMatchSnapshot();
  });

  it('runs a resnet20 without a single addition, activation or sum of gradients of its own', () => {
    const plan = trainingPlan(createModel('resnet20'), { batch: 128, optimizer: sgd });
    expect(countKinds(plan)).toEqual({
      convolution: 21,
      batchNorm: 21,
      globalAveragePool: 1,
      flatten: 1,
      linear: 1,
      softmaxCrossEntropy: 1,
      linearWeightGradient: 1,
      linearDataGradient: 1,
      unflatten: 1,
      globalAveragePoolGradient: 1,
      batchNormGradient: 21,
      convolutionWeightGradient: 21,
      convolutionDataGradient: 20,
      sgd: 65,
    });
  });

  it('updates every parameter right behind the last call that needs its old value or makes its gradient', () => {
    const plan = trainingPlan(createModel('resnet20'), { batch: 8, optimizer: sgd });
    const isUpdate = (index: number) => plan.calls[index]!.kind === 'sgd';
    plan.calls.forEach((call, index) => {
      if (call.kind !== 'sgd') return;
      const touched = [call.in.gradient, call.update.parameter];
      let before = index - 1;
      while (isUpdate(before)) before--;
      const needed = [...idsRead(plan.calls[before]!), ...idsWritten(plan.calls[before]!)];
      expect(needed.some((id) => touched.includes(id))).toBe(true);
    });
  });

  it('without an optimizer gives back the gradient of every trainable parameter and changes none', () => {
    const graph = tinyResidual();
    const plan = trainingPlan(graph, { batch: 2 });
    const expected = graphParameters(graph).flatMap(({ name, trainable }) => (trainable ? [`grad:${name}`] : []));
    expect(Object.keys(plan.outputs)).toEqual(['losses', 'correct', ...expected]);
    expect(plan.scalars).toEqual([]);
    expect(plan.calls.some(({ kind }) => kind === 'sgd')).toBe(false);
  });

  it('with clipping takes the norm over all gradients before the first update, and gives it back', () => {
    const plan = trainingPlan(tinyResidual(), { batch: 2, optimizer: sgd, clipNorm: 1.5 });
    const kinds = kindsBehindLoss(plan);
    const norm = kinds.indexOf('gradientNorm');
    expect(kinds.slice(0, norm)).not.toContain('sgd');
    expect(kinds.slice(norm + 1).every((kind) => kind === 'sgd')).toBe(true);
    expect(plan.tensors[plan.outputs['norm']!]).toMatchObject({ role: 'small', dims: [1] });
    const updates = plan.calls.filter((call) => call.kind === 'sgd');
    expect(updates).toHaveLength(11);
    for (const { clipNorm, in: slots } of updates) {
      expect(clipNorm).toBe(1.5);
      expect(slots.norm).toBe(plan.outputs['norm']);
    }
  });

  it('decays matrices and kernels, and vectors only where asked to', () => {
    for (const decayNormsAndBiases of [false, true]) {
      for (const optimizer of [
        { ...sgd, decayNormsAndBiases },
        { ...adamw, decayNormsAndBiases },
      ]) {
        const plan = trainingPlan(tinyResidual(), { batch: 2, optimizer });
        for (const call of plan.calls) {
          if (call.kind !== 'sgd' && call.kind !== 'adamw') continue;
          const vector = plan.tensors[call.update.parameter]!.dims.length === 1;
          expect(call.weightDecay).toBe(vector && !decayNormsAndBiases ? 0 : optimizer.weightDecay);
        }
      }
    }
  });

  it('remembers what the optimizer needs, and nothing for plain gradient descent', () => {
    const names = (optimizer: SgdOptions | AdamWOptions) =>
      trainingPlan(tinyResidual(), { batch: 2, optimizer })
        .tensors.filter(({ role }) => role === 'optimizer')
        .map(({ name }) => name);
    expect(names(sgd)).toHaveLength(11);
    expect(names(sgd)).toContain('velocity:block.conv1.weight');
    expect(names(adamw)).toHaveLength(22);
    expect(names(adamw)).toEqual(expect.arrayContaining(['firstMoment:fc.bias', 'secondMoment:fc.bias']));
    expect(names({ ...sgd, momentum: 0, nesterov: false })).toEqual([]);
  });

  it('names the scalars that its calls read, and no others', () => {
    const withDropout = network((net, x) =>
      net.dropout('drop', net.convolution('c', x, { outChannels: 2, kernel: 1 })),
    );
    const options = { batch: 2, optimizer: sgd };
    expect(trainingPlan(tinyResidual(), options).scalars).toEqual(['learningRate']);
    expect(trainingPlan(withDropout, options).scalars).toEqual(['learningRate', 'step']);
    expect(trainingPlan(tinyResidual(), { ...options, averageDecay: true }).scalars).toEqual([
      'averageDecay',
      'learningRate',
    ]);
    expect(trainingPlan(tinyResidual(), { batch: 2, optimizer: adamw }).scalars).toEqual(['learningRate', 'step']);
  });

  it('averages every parameter behind its update and the running statistics at the end', () => {
    const graph = tinyResidual();
    const plan = trainingPlan(graph, { batch: 2, optimizer: sgd, averageDecay: true });
    const averages = plan.tensors.filter(({ role }) => role === 'average').map(({ name }) => name);
    expect(averages.toSorted()).toEqual(graphParameters(graph).map(({ name }) => `average:${name}`).toSorted()); // prettier-ignore
    plan.calls.forEach((call, index) => {
      if (call.kind !== 'movingAverage' || plan.tensors[call.in.x]!.role === 'statistic') return;
      expect(plan.calls[index - 1]).toMatchObject({ kind: 'sgd', update: { parameter: call.in.x } });
    });
    expect(
      kindsBehindLoss(plan)
        .slice(-7)
        .every((kind) => kind === 'movingAverage'),
    ).toBe(true);
  });

  it('draws the masks of each dropout from a stream of its own, by its name and the seed', () => {
    const graph = network((net, x) => net.dropout('b', net.dropout('a', net.scale('s', x)), { rate: 0.2 }));
    const masks = (seed?: number) =>
      trainingPlan(graph, { batch: 2, ...(seed === undefined ? {} : { seed }) }).calls.flatMap((call) =>
        call.kind === 'dropout' ? [{ node: call.node, rate: call.rate, seed: call.seed, stream: call.stream }] : [],
      );
    const [a, b, gradientB, gradientA] = masks();
    expect(gradientA).toEqual(a);
    expect(gradientB).toEqual(b);
    expect(a!.stream).not.toBe(b!.stream);
    expect(a).toMatchObject({ rate: 0.5, seed: 0 });
    expect(masks(5)[0]).toEqual({ ...a, seed: 5 });
  });

  it('has no call for what is never left out', () => {
    const graph = network((net, x) => net.stochasticDepth('always', net.dropout('kept', x, { rate: 0 }), { rate: 0 }));
    expect(trainingPlan(graph, { batch: 2 }).calls.filter(({ kind }) => kind === 'dropout')).toEqual([]);
  });

  it('moves weights as the gradients of the same step say', () => {
    const graph = tinyResidual();
    const weights = randomWeights(graph, 3);
    const stream = randomStream(3);
    const given = new Map<string, ArrayLike<number>>([
      ...weights,
      ['images', Float64Array.from({ length: 2 * 3 * 8 * 8 }, () => stream.normal())],
      ['targets', [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ]);
    const { outputs } = runReference(trainingPlan(graph, { batch: 2 }), given);
    const plain = { ...sgd, momentum: 0, nesterov: false, weightDecay: 0 };
    const { persistent } = runReference(trainingPlan(graph, { batch: 2, optimizer: plain }), given, {
      learningRate: 0.5,
    });
    for (const { name } of graphParameters(graph).filter(({ trainable }) => trainable)) {
      const gradient = outputs.get(`grad:${name}`)!;
      weights.get(name)!.forEach((weight, i) => {
        expect(persistent.get(name)![i]).toBeCloseTo(weight - 0.5 * gradient[i]!, 10);
      });
    }
  });

  it('is plain data, and the same for the same graph and options', () => {
    const plan = trainingPlan(tinyResidual(), { batch: 2, optimizer: sgd });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(trainingPlan(tinyResidual(), { batch: 2, optimizer: sgd })).toEqual(plan);
  });

  it('refuses options that make no sense, and networks that do not end in a vector', () => {
    const graph = tinyResidual();
    expect(() => trainingPlan(graph, { batch: 0 })).toThrow('The batch size of a plan for tiny is 0');
    expect(() => trainingPlan(graph, { batch: 2.5 })).toThrow('2.5');
    expect(() => trainingPlan(graph, { batch: 2, labelSmoothing: 1 })).toThrow('label smoothing is 1');
    expect(() => trainingPlan(graph, { batch: 2, clipNorm: NaN })).toThrow('clipped to the norm NaN');
    expect(() => trainingPlan(graph, { batch: 2, averageDecay: true })).toThrow('no optimizer');
    const headless = { ...graph, nodes: graph.nodes.slice(0, -2) };
    expect(() => trainingPlan(headless, { batch: 2 })).toThrow('The output of tiny, avgpool, has shape [4, 1, 1]');
  });
});
