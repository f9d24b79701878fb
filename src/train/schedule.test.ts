import { describe, expect, it } from 'vitest';
import { averageDecayAt, learningRates } from './schedule.js';
import type { Schedule } from '../config/index.js';

const horizon = { stepsPerEpoch: 10, totalSteps: 100 };

function rates(schedule: Schedule, ...steps: number[]): number[] {
  const at = learningRates(schedule, horizon);
  return steps.map((step) => Number(at(step).toPrecision(12)));
}

describe('schedules', () => {
  it('keep a constant rate where it is', () => {
    expect(rates({ kind: 'constant', learningRate: 0.2, warmupEpochs: 0 }, 0, 50, 99)).toEqual([0.2, 0.2, 0.2]);
  });

  it('divide at the milestones and not a step before', () => {
    const schedule: Schedule = {
      kind: 'step',
      learningRate: 0.1,
      warmupEpochs: 0,
      milestones: [0.5, 0.75],
      factor: 0.1,
    };
    expect(rates(schedule, 0, 49, 50, 74, 75, 99)).toEqual([0.1, 0.1, 0.01, 0.01, 0.001, 0.001]);
  });

  it('follow half a cosine wave from the first rate to the final one', () => {
    const schedule: Schedule = { kind: 'cosine', learningRate: 1, warmupEpochs: 0, finalLearningRate: 0.2 };
    expect(rates(schedule, 0, 25, 50, 75)).toEqual(
      [1, 0.6 + 0.4 * Math.SQRT1_2, 0.6, 0.6 - 0.4 * Math.SQRT1_2].map((x) => Number(x.toPrecision(12))),
    );
    expect(learningRates(schedule, horizon)(99)).toBeCloseTo(0.2, 3);
  });

  it('rise to the peak of one cycle in a straight line and fall in another', () => {
    const schedule: Schedule = { kind: 'oneCycle', learningRate: 0.4, peakAt: 0.2, startFactor: 0.5, finalFactor: 0 };
    expect(rates(schedule, 0, 10, 20, 60, 99)).toEqual([0.2, 0.3, 0.4, 0.2, 0.005]);
  });

  it('let one cycle begin at its peak', () => {
    const schedule: Schedule = { kind: 'oneCycle', learningRate: 0.4, peakAt: 0, startFactor: 1, finalFactor: 0.5 };
    expect(rates(schedule, 0, 50)).toEqual([0.4, 0.3]);
  });

  it('warm up in equal steps that end at the full rate, and then go on as if nothing had been', () => {
    for (const rest of [
      { kind: 'constant' },
      { kind: 'step', milestones: [0.5], factor: 0.1 },
      { kind: 'cosine', finalLearningRate: 0 },
    ] as const) {
      const schedule = { ...rest, learningRate: 0.1, warmupEpochs: 0.5 } as Schedule;
      expect(rates(schedule, 0, 1, 2, 3, 4)).toEqual([0.02, 0.04, 0.06, 0.08, 0.1]);
      expect(rates(schedule, 5)).toEqual([0.1]);
    }
  });
});

describe('the decay of averages', () => {
  it('grows from almost nothing to the decay asked for', () => {
    expect(averageDecayAt(0.99, 0)).toBe(0.1);
    expect(averageDecayAt(0.99, 90)).toBe(0.91);
    expect(averageDecayAt(0.99, 10_000)).toBe(0.99);
  });
});
