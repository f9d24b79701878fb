import { describe, expect, it } from 'vitest';
import { inferencePlan } from './inference.js';
import { lifetimes, peakBytes } from './lifetimes.js';
import type { Plan } from './plan.js';
import { tinyResidual } from './testing/graphs.js';
import { trainingPlan } from './training.js';

function lifetimesByName(plan: Plan): Record<string, [number, number]> {
  return Object.fromEntries(lifetimes(plan).map(({ first, last }, id) => [plan.tensors[id]!.name, [first, last]]));
}

describe('lifetimes', () => {
  it('run from the writer to the last reader', () => {
    const plan = inferencePlan(tinyResidual(), { batch: 2 });
    expect(plan.calls.map(({ node }) => node)).toEqual(['conv', 'block.conv1', 'block.conv2', 'avgpool', 'flatten', 'fc']); // prettier-ignore
    expect(lifetimesByName(plan)).toMatchObject({
      images: [0, 0],
      relu: [0, 2],
      'block.relu1': [1, 2],
      'block.relu2': [2, 3],
      fc: [5, 5],
      'conv.weight': [0, 5],
    });
  });

  it('keep inputs from the first call on, outputs and persistent tensors to the last', () => {
    const plan = trainingPlan(tinyResidual(), { batch: 2 });
    const end = plan.calls.length - 1;
    const loss = plan.calls.findIndex(({ kind }) => kind === 'softmaxCrossEntropy');
    expect(lifetimesByName(plan)).toMatchObject({
      targets: [0, loss],
      losses: [loss, end],
      'grad:fc.weight': [loss + 1, end],
      'bn.running_mean': [0, end],
    });
  });
});

describe('peakBytes', () => {
  it('is the most that lives during one call', () => {
    const spans = [{ first: 0, last: 1 }, { first: 1, last: 2 }, { first: 2, last: 2 }]; // prettier-ignore
    expect(peakBytes([10, 20, 5], spans)).toBe(30);
    expect(peakBytes([], [])).toBe(0);
  });
});
