import { describe, expect, it } from 'vitest';
import { inferencePlan } from './inference.js';
import { takeovers } from './in-place.js';
import { lifetimes } from './lifetimes.js';
import type { Plan } from './plan.js';
import { convNorm, network, randomGraph, tinyResidual } from './testing/graphs.js';
import { trainingPlan } from './training.js';

const byName = (plan: Plan): Record<string, string> =>
  Object.fromEntries([...takeovers(plan)].map(([a, b]) => [plan.tensors[a]!.name, plan.tensors[b]!.name]));

describe('takeovers', () => {
  it('hand on memory only at the call that reads the operand last and writes the result, and only once', () => {
    let pairs = 0;
    for (let seed = 400; seed < 430; seed++) {
      for (const plan of [
        trainingPlan(randomGraph(seed), { batch: 2 }),
        inferencePlan(randomGraph(seed), { batch: 2 }),
      ]) {
        const spans = lifetimes(plan);
        const found = takeovers(plan);
        for (const [result, operand] of found) {
          expect(spans[operand]!.last).toBe(spans[result]!.first);
          expect(plan.tensors[operand]!.dims).toEqual(plan.tensors[result]!.dims);
          expect(Object.values(plan.outputs)).not.toContain(operand);
        }
        expect(new Set(found.values()).size).toBe(found.size);
        pairs += found.size;
      }
    }
    expect(pairs).toBeGreaterThan(100);
  });

  it('run a block of an inference plan over its shortcut', () => {
    expect(byName(inferencePlan(tinyResidual(), { batch: 2 }))).toEqual({ 'block.relu2': 'relu' });
  });

  it('write both gradients of a batch norm over what it was given', () => {
    const found = byName(trainingPlan(tinyResidual(), { batch: 2 }));
    expect(found).toEqual({
      'grad:relu': 'grad:block.relu2',
      'grad:block.conv2': 'block.conv2',
      'grad:block.conv1': 'grad:block.relu1',
      'grad:conv': 'grad:relu',
    });
  });

  it('leave an operand alone that the same call reads in another way', () => {
    const graph = network((net, x) => {
      const stem = convNorm(net, 'a', x);
      const y = net.convolution('b', stem, { outChannels: 4, kernel: 3, padding: 1 });
      return net.add('add', y, stem);
    });
    const plan = inferencePlan(graph, { batch: 2 });
    expect(plan.calls[1]).toMatchObject({ kind: 'convolution', in: { addend: plan.calls[1]!.in['x' as never] } });
    expect(byName(plan)).toEqual({});
  });

  it('leave the images alone, which the caller owns', () => {
    const graph = network((net, x) => net.relu('r', x));
    expect(byName(inferencePlan(graph, { batch: 2 }))).toEqual({});
  });
});
