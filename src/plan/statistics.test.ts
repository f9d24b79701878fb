import { describe, expect, it } from 'vitest';

import { graphBuilder } from '../graph/index.js';
import { kernelTable } from './kernels.js';
import { statisticsPlan } from './statistics.js';

describe('a plan of statistics', () => {
  const net = graphBuilder('normed', [1, 4, 4]);
  const x = net.relu('relu', net.batchNorm('bn', net.convolution('conv', net.input, { outChannels: 2, kernel: 3 })));
  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', x)), { outFeatures: 3 });
  const plan = statisticsPlan(net.build(), { batch: 2 });

  it('goes forward only, and gives logits', () => {
    expect(new Set(plan.calls.map(({ kind }) => kernelTable[kind].phase))).toEqual(new Set(['forward']));
    expect(Object.keys(plan.outputs)).toEqual(['logits']);
    expect(plan.tensors.some(({ role }) => role === 'gradient' || role === 'optimizer')).toBe(false);
  });

  it('forgets earlier batches', () => {
    expect(plan.calls.filter((call) => call.kind === 'batchNorm').map(({ momentum }) => momentum)).toEqual([1]);
  });
});
