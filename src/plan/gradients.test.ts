import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { runReference } from '../engines/reference/index.js';
import { graphParameters } from '../graph/shapes.js';
import { kernelTable } from './kernels.js';
import type { KernelKind, Plan } from './plan.js';
import { printPlan } from './print.js';
import { convNorm, network, randomGraph, randomWeights } from './testing/graphs.js';
import { trainingPlan } from './training.js';

const backward = (plan: Plan): string[] => {
  const lines = printPlan(plan).split('\n');
  return lines
    .slice(lines.findIndex((line) => line.includes('softmaxCrossEntropy')) + 1, -1)
    .map((line) => line.replace(/\[[\d,]+\]/g, '').replace(/ +/g, ' '));
};
const kinds = (plan: Plan): KernelKind[] => plan.calls.map(({ kind }) => kind);

describe('differentiate', () => {
  it('gives the slope of the loss along a random direction, for random networks of all ops', () => {
    const seen = new Set<KernelKind>();
    for (let seed = 0; seed < 60; seed++) {
      const graph = randomGraph(seed);
      const batch = 1 + (seed % 3);
      const plan = trainingPlan(graph, { batch, labelSmoothing: 0.1, seed });
      kinds(plan).forEach((kind) => seen.add(kind));
      const stream = randomStream(seed);
      const size = plan.tensors[plan.inputs['images']!]!.dims.reduce((x, y) => x * y, 1);
      const inputs = new Map<string, ArrayLike<number>>([
        ['images', Float64Array.from({ length: size }, () => stream.normal())],
        ['targets', Array.from({ length: batch }, () => [0.2, 0.1, 0.7]).flat()],
      ]);
      const weights = randomWeights(graph, seed);
      const trainable = graphParameters(graph).filter((parameter) => parameter.trainable);
      const direction = new Map(
        trainable.map(({ name }) => [name, Float64Array.from(weights.get(name)!, () => stream.normal())]),
      );

      const lossAt = (distance: number): number => {
        const moved = [...weights].map(([name, data]): [string, Float64Array] => {
          return [name, Float64Array.from(data, (w, i) => w + distance * (direction.get(name)?.[i] ?? 0))];
        });
        const { outputs } = runReference(plan, new Map([...inputs, ...moved]), { step: 3 });
        return outputs.get('losses')!.reduce((a, b) => a + b, 0) / batch;
      };
      const { outputs } = runReference(plan, new Map<string, ArrayLike<number>>([...inputs, ...weights]), { step: 3 });
      let slope = 0;
      for (const [name, data] of direction) {
        const gradient = outputs.get(`grad:${name}`)!;
        data.forEach((d, i) => (slope += d * gradient[i]!));
      }
      const measured = (lossAt(1e-6) - lossAt(-1e-6)) / 2e-6;
      expect(Math.abs(slope - measured)).toBeLessThan(1e-5 * (1 + Math.abs(measured)));
    }
    // Together the networks above use every kernel of a training plan without an optimizer.
    const usual = Object.entries(kernelTable).flatMap(([kind, { phase }]) =>
      phase === 'forward' || phase === 'loss' || phase === 'backward' ? [kind] : [],
    );
    expect([...seen].toSorted()).toEqual(usual.toSorted());
  });

  it('leaves out the gradient by the images', () => {
    const plan = trainingPlan(
      network((net, x) => convNorm(net, 'a', x)),
      { batch: 2 },
    );
    expect(kinds(plan)).toContain('convolutionWeightGradient');
    expect(kinds(plan)).not.toContain('convolutionDataGradient');
  });

  it('leaves out gradients through what stands between the images and the first weights', () => {
    const plan = trainingPlan(
      network((net, x) => net.flatten('f', net.maxPool('pool', net.add('twice', x, x), { kernel: 2 }))),
      { batch: 2 },
    );
    expect(kinds(plan)).toEqual(['sum', 'maxPool', 'flatten', 'flatten', 'linear', 'softmaxCrossEntropy', 'linearWeightGradient']); // prettier-ignore
  });

  it('adds the two parts of a gradient within the batch norm that takes them', () => {
    const plan = trainingPlan(
      network((net, x) => {
        const stem = net.relu('relu', convNorm(net, 'a', x));
        return net.relu('out', net.add('add', convNorm(net, 'b', stem), stem));
      }),
      { batch: 2 },
    );
    expect(backward(plan).slice(-5)).toMatchInlineSnapshot(`
      [
        "b.bn batchNormGradient b.conv grad:out y=out b.bn.weight b.bn.mean b.bn.inverseDeviation -> grad:b.conv grad:b.bn.weight grad:b.bn.bias daddend=grad:relu relu",
        "b.conv convolutionWeightGradient relu grad:b.conv -> grad:b.conv.weight 3x3 s1 p1",
        "b.conv convolutionDataGradient grad:b.conv b.conv.weight -> grad:relu:2 3x3 s1 p1",
        "a.bn batchNormGradient a.conv grad:relu dy2=grad:relu:2 a.bn.bias a.bn.weight a.bn.mean a.bn.inverseDeviation -> grad:a.conv grad:a.bn.weight grad:a.bn.bias relu",
        "a.conv convolutionWeightGradient images grad:a.conv -> grad:a.conv.weight 3x3 s1 p1",
      ]
    `);
    expect(kinds(plan)).not.toContain('sum');
  });

  it('passes a gradient on instead of copying it where an addition without ReLU has one reader', () => {
    const plan = trainingPlan(
      network((net, x) => {
        const stem = convNorm(net, 'a', x);
        return net.add('add', convNorm(net, 'b', stem), stem);
      }),
      { batch: 2 },
    );
    expect(backward(plan).slice(-5)).toMatchInlineSnapshot(`
      [
        "b.bn batchNormGradient b.conv grad:add b.bn.weight b.bn.mean b.bn.inverseDeviation -> grad:b.conv grad:b.bn.weight grad:b.bn.bias",
        "b.conv convolutionWeightGradient a.bn grad:b.conv -> grad:b.conv.weight 3x3 s1 p1",
        "b.conv convolutionDataGradient grad:b.conv b.conv.weight -> grad:a.bn 3x3 s1 p1",
        "a.bn batchNormGradient a.conv grad:add dy2=grad:a.bn a.bn.weight a.bn.mean a.bn.inverseDeviation -> grad:a.conv grad:a.bn.weight grad:a.bn.bias",
        "a.conv convolutionWeightGradient images grad:a.conv -> grad:a.conv.weight 3x3 s1 p1",
      ]
    `);
  });

  it('lets the batch norm write the sum of two parts for its addend where there is no ReLU', () => {
    const plan = trainingPlan(
      network((net, x) => {
        const stem = convNorm(net, 'a', x);
        const sum = net.add('add', convNorm(net, 'b', stem), stem);
        return net.add('last', convNorm(net, 'c', sum), sum);
      }),
      { batch: 2 },
    );
    expect(backward(plan).find((line) => line.startsWith('b.bn '))).toMatchInlineSnapshot(
      `"b.bn batchNormGradient b.conv grad:last dy2=grad:add b.bn.weight b.bn.mean b.bn.inverseDeviation -> grad:b.conv grad:b.bn.weight grad:b.bn.bias daddend=grad:a.bn"`,
    );
    expect(kinds(plan)).not.toContain('sum');
  });

  it('sums three and more parts in one call', () => {
    const plan = trainingPlan(
      network((net, x) => {
        const stem = convNorm(net, 'a', x);
        return net.add('add', net.sigmoid('s', stem), net.silu('t', stem), net.gelu('u', stem));
      }),
      { batch: 2 },
    );
    expect(backward(plan).filter((line) => line.includes(' sum '))).toMatchInlineSnapshot(`
      [
        "a.bn sum grad:a.bn grad:a.bn:2 grad:a.bn:3 -> grad:a.bn:4",
      ]
    `);
  });
});
