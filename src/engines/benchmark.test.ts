import { describe, expect, it, vi } from 'vitest';

import type { CallCost, Engine } from './engine.js';
import { createReferenceEngine } from './reference/index.js';
import { graphBuilder, type Graph } from '../graph/index.js';
import { benchmark, benchmarkAgainst } from './benchmark.js';

function tinyNetwork(): Graph {
  const net = graphBuilder('tiny', [3, 6, 6]);
  const features = net.relu('relu', net.convolution('conv', net.input, { outChannels: 4, kernel: 3 }));
  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', features)), { outFeatures: 2 });
  return net.build();
}

const settings = { graph: tinyNetwork(), batch: 3, steps: 4, warmUp: 2 } as const;

/** The reference engine with a fake profile: every run costs 2 ms in each of two convolutions and 1 ms in a sum. */
function metered(): { engine: Engine; runs: () => number } {
  const reference = createReferenceEngine();
  let runs = 0;
  const engine: Engine = {
    ...reference,
    async compile(plan, options) {
      const program = await reference.compile(plan, options);
      let since = 0;
      return {
        ...program,
        run(inputs, scalars) {
          runs++;
          since++;
          return program.run(inputs, scalars);
        },
        async profile(): Promise<CallCost[]> {
          const costs: CallCost[] = [
            { kind: 'sum', node: 'add', milliseconds: since },
            { kind: 'convolution', node: 'a', milliseconds: 2 * since },
            { kind: 'convolution', node: 'b', milliseconds: 2 * since },
          ];
          since = 0;
          return costs;
        },
      };
    },
  };
  return { engine, runs: () => runs };
}

describe('benchmark', () => {
  it.each(['train', 'eval'] as const)(
    'times steps of %s and takes images per second from the median one',
    async (mode) => {
      const { stepMs, imagesPerSecond } = await benchmark({ ...settings, mode, engine: createReferenceEngine() });
      expect(stepMs.min).toBeGreaterThan(0);
      expect(stepMs.median).toBeGreaterThanOrEqual(stepMs.min);
      expect(stepMs.max).toBeGreaterThanOrEqual(stepMs.median);
      expect(imagesPerSecond).toBeCloseTo((settings.batch / stepMs.median) * 1000, 6);
    },
  );

  it('sums costs by kind of kernel per counted step, the dearest first; warming up does not count', async () => {
    const { engine, runs } = metered();
    const { profile } = await benchmark({ ...settings, mode: 'train', engine });
    expect(runs()).toBe(6);
    expect(profile).toEqual([
      { kind: 'convolution', milliseconds: 4 },
      { kind: 'sum', milliseconds: 1 },
    ]);
  });

  it('has no profile where the engine does not count', async () => {
    const result = await benchmark({ ...settings, mode: 'train', engine: createReferenceEngine() });
    expect(result).not.toHaveProperty('profile');
  });

  it('refuses to measure no steps', async () => {
    const measuring = benchmark({ ...settings, steps: 0, mode: 'eval', engine: createReferenceEngine() });
    await expect(measuring).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('two networks in turn', () => {
  /** The reference engine, with a clock of its own: steps of the network without a ReLU take 30 ms, others 20 ms. */
  function timed(): { engine: Engine; order: string[] } {
    const reference = createReferenceEngine();
    const order: string[] = [];
    const engine: Engine = {
      ...reference,
      async compile(plan, options) {
        const program = await reference.compile(plan, options);
        const name = plan.name.includes('tiny') ? 'relu' : 'linear';
        return {
          ...program,
          bytes: name === 'relu' ? 1000 : 900,
          async run(inputs, scalars) {
            order.push(name);
            vi.advanceTimersByTime(name === 'relu' ? 20 : 30);
            return program.run(inputs, scalars);
          },
        };
      },
    };
    return { engine, order };
  }

  function linearNetwork(): Graph {
    const net = graphBuilder('linear', [3, 6, 6]);
    const features = net.convolution('conv', net.input, { outChannels: 4, kernel: 3 });
    net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', features)), { outFeatures: 2 });
    return net.build();
  }

  it('take turns, and their times are compared pair by pair', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { engine, order } = timed();
      const options = { graph: linearNetwork(), against: tinyNetwork(), engine, batch: 2, mode: 'train' } as const;
      const result = await benchmarkAgainst({ ...options, steps: 6, warmUp: 1 });
      expect(order).toEqual(Array.from({ length: 7 }, () => ['relu', 'linear']).flat());
      expect(result.timeRatio).toEqual({ median: 1.5, interval: { low: 1.5, high: 1.5 } });
      expect(result.step.stepMs.median).toBe(30);
      expect(result.against.imagesPerSecond).toBe(100);
      expect(result.bytes).toEqual({ step: 900, against: 1000 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuse to be compared by no steps', async () => {
    const engine = createReferenceEngine();
    const comparing = benchmarkAgainst({ ...settings, against: tinyNetwork(), steps: 0, mode: 'eval', engine });
    await expect(comparing).rejects.toMatchObject({ code: 'usage' });
  });
});
