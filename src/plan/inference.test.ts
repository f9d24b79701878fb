import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { runReference } from '../engines/reference/index.js';
import type { Graph } from '../graph/graph.js';
import { createModel } from '../zoo/index.js';
import { createDraft, finishPlan } from './draft.js';
import { foldWeights } from './fold.js';
import { inferencePlan } from './inference.js';
import { lowerGraph } from './lowering.js';
import type { Plan } from './plan.js';
import { printPlan } from './print.js';
import { convNorm, network, randomGraph, randomWeights, tinyResidual } from './testing/graphs.js';

/** The inference plan without folding into convolutions and without fusing, and its weights. */
function simplePlan(graph: Graph, batch: number, weights: ReadonlyMap<string, Float32Array>) {
  const draft = createDraft();
  const lowered = lowerGraph(draft, graph, { mode: 'inference', batch, seed: 0, folds: new Map() });
  const { calls, images, logits } = lowered;
  const plan = finishPlan(draft, {
    name: graph.name,
    mode: 'inference',
    batch,
    calls,
    inputs: { images },
    outputs: { logits },
  });
  const own = new Map<string, ArrayLike<number>>(weights);
  for (const { name, op } of graph.nodes) {
    if (op.kind !== 'batchNorm') continue;
    const part = (local: string) => weights.get(`${name}.${local}`)!;
    for (const local of ['weight', 'bias', 'running_mean', 'running_var']) own.delete(`${name}.${local}`);
    const deviation = Float64Array.from(part('running_var'), (variance) => Math.sqrt(variance + op.epsilon));
    const scale = deviation.map((d, c) => part('weight')[c]! / d);
    own.set(`${name}.scale`, scale);
    own.set(`${name}.shift`, scale.map((s, c) => part('bias')[c]! - part('running_mean')[c]! * s)); // prettier-ignore
  }
  return { plan, weights: own };
}

const callNames = (plan: Plan): string[] => plan.calls.slice(0, -2).map(({ kind, node }) => `${kind} ${node}`);

describe('inferencePlan', () => {
  it('folds batch norms into convolutions and fuses addition and ReLU', () => {
    expect(printPlan(inferencePlan(tinyResidual(), { batch: 2 }))).toMatchSnapshot();
  });

  it('runs a resnet20 in one call for each convolution', () => {
    const { calls } = inferencePlan(createModel('resnet20'), { batch: 1 });
    expect(calls.filter(({ kind }) => kind === 'convolution')).toHaveLength(21);
    expect(calls).toHaveLength(24);
  });

  it('gives the logits of the simple plan for random networks', () => {
    for (let seed = 200; seed < 240; seed++) {
      const graph = randomGraph(seed);
      const weights = randomWeights(graph, seed);
      const simple = simplePlan(graph, 2, weights);
      const plan = inferencePlan(graph, { batch: 2 });
      const stream = randomStream(seed);
      const size = plan.tensors[plan.inputs['images']!]!.dims.reduce((a, b) => a * b, 1);
      const images = Float64Array.from({ length: size }, () => stream.normal());
      const logits = (of: Plan, own: ReadonlyMap<string, ArrayLike<number>>) =>
        runReference(of, new Map([['images', images], ...own])).outputs.get('logits')!;
      const expected = logits(simple.plan, simple.weights);
      const actual = logits(plan, foldWeights(graph, weights));
      const scale = Math.max(1, ...expected.map(Math.abs));
      expected.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-5 * scale));
    }
  });

  it('folds across identities and dropout, which vanish', () => {
    const graph = network((net, x) => {
      const y = net.convolution('c', x, { outChannels: 2, kernel: 1 });
      return net.relu('r', net.batchNorm('bn', net.dropout('drop', net.identity('id', y))));
    });
    expect(callNames(inferencePlan(graph, { batch: 1 }))).toEqual(['convolution c']);
  });

  it('does not fold into a convolution that something else reads', () => {
    const graph = network((net, x) => {
      const y = net.convolution('c', x, { outChannels: 2, kernel: 1, bias: false });
      return net.concat('both', net.relu('r', net.batchNorm('bn', y)), y);
    });
    const plan = inferencePlan(graph, { batch: 1 });
    expect(callNames(plan)).toEqual(['convolution c', 'channelAffine bn', 'concat both']);
    expect(plan.tensors.map(({ name }) => name)).not.toContain('c.bias');
  });

  it('adds inside a channelAffine where the norm is not folded', () => {
    const graph = network((net, x) => {
      const pooled = net.maxPool('pool', convNorm(net, 'a', x), { kernel: 2 });
      return net.relu('r', net.add('add', net.batchNorm('bn', pooled), pooled));
    });
    expect(callNames(inferencePlan(graph, { batch: 1 }))).toEqual([
      'convolution a.conv',
      'maxPool pool',
      'channelAffine bn',
    ]);
  });

  it('keeps nothing for a backward half', () => {
    const graph = network((net, x) => net.maxPool('pool', net.scale('s', x), { kernel: 2 }));
    const plan = inferencePlan(graph, { batch: 1 });
    expect(plan.tensors.some(({ type }) => type === 'uint8')).toBe(false);
  });
});

describe('foldWeights', () => {
  it('folds in float64 and rounds once', () => {
    const graph = network((net, x) => net.batchNorm('bn', net.convolution('c', x, { outChannels: 1, kernel: 1 })), [1, 1, 1]); // prettier-ignore
    const values = { 'c.weight': 0.3, 'c.bias': 0.7, 'bn.weight': 1.1, 'bn.bias': 0.2, 'bn.running_mean': 0.4 };
    const weights = new Map(
      Object.entries({ ...values, 'bn.running_var': 0.9 }).map(([name, value]) => [name, Float32Array.of(value)]),
    );
    const fc = { weight: new Float32Array(4).fill(1), bias: new Float32Array(4) };
    const folded = foldWeights(graph, new Map([...weights, ['fc.weight', fc.weight], ['fc.bias', fc.bias]]));
    const f = Math.fround;
    const scale = f(1.1) / Math.sqrt(f(0.9) + 1e-5);
    expect(folded.get('c.weight')).toEqual(Float32Array.of(f(0.3) * scale));
    expect(folded.get('c.bias')).toEqual(Float32Array.of(f(0.2) - f(0.4) * scale + f(0.7) * scale));
    expect(folded.get('fc.weight')).toBe(fc.weight);
    expect([...folded.keys()]).toEqual(['c.weight', 'c.bias', 'fc.weight', 'fc.bias']);
  });

  it('leaves the weights it is given alone', () => {
    const graph = tinyResidual();
    const weights = randomWeights(graph, 1);
    const before = new Map([...weights].map(([name, data]) => [name, data.slice()]));
    foldWeights(graph, weights);
    expect(weights).toEqual(before);
  });

  it('names a weight that is missing or has another size', () => {
    const graph = tinyResidual();
    const weights = randomWeights(graph, 1);
    const without = new Map([...weights].filter(([name]) => name !== 'bn.running_var'));
    expect(() => foldWeights(graph, without)).toThrow('The weight bn.running_var is missing');
    const resized = new Map([...weights, ['fc.weight', new Float32Array(3)] as const]);
    expect(() => foldWeights(graph, resized)).toThrow('The weight fc.weight has 3 values instead of 20');
  });
});
