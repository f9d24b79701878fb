import { describe, expect, it } from 'vitest';
import { runReference } from '../engines/reference/index.js';
import type { Graph } from '../graph/graph.js';
import { filled, normal } from '../testing/values.js';
import { lifetimes, peakBytes } from './lifetimes.js';
import type { Plan } from './plan.js';
import { convNorm, network, randomGraph, randomWeights, tinyResidual } from './testing/graphs.js';
import { trainingPlan } from './training.js';

const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

function run(graph: Graph, plan: Plan, images?: ArrayLike<number>): ReadonlyMap<string, ArrayLike<number>> {
  const size = (name: string): number => plan.tensors[plan.inputs[name]!]!.dims.reduce((x, y) => x * y, 1);
  const classes = size('targets') / plan.batch;
  const inputs = new Map<string, ArrayLike<number>>([
    ...randomWeights(graph, 1),
    ['images', images ?? filled(size('images'), normal, 'images')],
    ['targets', filled(size('targets'), { kind: 'oneHot', classes }, 'targets')],
  ]);
  return runReference(plan, inputs, { step: 0 }).outputs;
}

describe('the norms of gradients', () => {
  it('of weights are those of the gradients that the usual plan gives, in random networks of all ops', () => {
    let compared = 0;
    for (let seed = 0; seed < 30; seed++) {
      const graph = randomGraph(seed);
      const norms = run(graph, trainingPlan(graph, { batch: 2, gradientNorms: true }));
      const gradients = run(graph, trainingPlan(graph, { batch: 2 }));
      for (const { name, op } of graph.nodes) {
        if (op.kind !== 'convolution') continue;
        const expected = length(gradients.get(`grad:${name}.weight`)!);
        expect(norms.get(`norm:${name}.weight`)![0]).toBeCloseTo(expected, 10);
        compared++;
      }
      expect([...norms.keys()].filter((name) => name.startsWith('grad:'))).toEqual([]);
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('of what convolutions read count every reader of the value', () => {
    // On images of ones, the gradient of the scale's weight is the gradient of the value that it gives.
    const graph = network((net, x) => {
      const value = net.scale('probe', x, { per: 'element' });
      const sum = net.add('add', convNorm(net, 'a', value, 3), convNorm(net, 'b', value, 3));
      return net.relu('relu', net.add('again', sum, value));
    });
    const ones = new Float32Array(3 * 8 * 8).fill(1);
    const norms = run(graph, trainingPlan(graph, { batch: 1, gradientNorms: true }), ones);
    const gradient = run(graph, trainingPlan(graph, { batch: 1 }), ones).get('grad:probe.weight')!;
    expect(length(gradient)).toBeGreaterThan(1e-3);
    expect(norms.get('norm:a.conv.input')![0]).toBeCloseTo(length(gradient), 10);
    expect(norms.get('norm:b.conv.input')).toEqual(norms.get('norm:a.conv.input'));
  });

  it('leave out the images, which have no gradient', () => {
    const { outputs } = trainingPlan(tinyResidual(), { batch: 2, gradientNorms: true });
    expect(Object.keys(outputs)).toEqual([
      'losses',
      'correct',
      'norm:conv.weight',
      'norm:block.conv1.weight',
      'norm:block.conv1.input',
      'norm:block.conv2.weight',
      'norm:block.conv2.input',
    ]);
  });

  it('keep no gradient in memory: a chain of convolutions peaks at as much as without them', () => {
    const graph = network((net, x) =>
      [1, 2, 3, 4, 5, 6].reduce((value, i) => net.relu(`relu${i}`, convNorm(net, `c${i}`, value)), x),
    );
    const peak = (gradientNorms: boolean): number => {
      const plan = trainingPlan(graph, { batch: 2, gradientNorms });
      const sizes = plan.tensors.map(({ role, dims }) => (role === 'activation' ? dims.reduce((a, b) => a * b, 1) : 0));
      return peakBytes(sizes, lifetimes(plan));
    };
    expect(peak(true)).toBe(peak(false));
  });
});
