/** Learning-rate schedules: pure functions from the step to the rate. */

import type { Schedule } from '../config/index.js';

/** How long a training is, in steps. */
export interface Horizon {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

type Rule<K extends Schedule['kind']> = (
  schedule: Extract<Schedule, { kind: K }>,
  horizon: Horizon,
) => (step: number) => number;

const scheduleRules: { readonly [K in Schedule['kind']]: Rule<K> } = {
  constant: (schedule, horizon) => warmedUp(schedule, horizon, () => schedule.learningRate),
  step: (schedule, horizon) =>
    warmedUp(schedule, horizon, (step) => {
      const passed = schedule.milestones.filter((milestone) => step >= milestone * horizon.totalSteps).length;
      return schedule.learningRate * schedule.factor ** passed;
    }),
  cosine: (schedule, horizon) => {
    const { learningRate, finalLearningRate } = schedule;
    const warmup = warmupSteps(schedule.warmupEpochs, horizon);
    return warmedUp(schedule, horizon, (step) => {
      const done = (step - warmup) / (horizon.totalSteps - warmup);
      return finalLearningRate + ((learningRate - finalLearningRate) * (1 + Math.cos(Math.PI * done))) / 2;
    });
  },
  oneCycle: ({ learningRate, peakAt, startFactor, finalFactor }, { totalSteps }) => {
    const peak = peakAt * totalSteps;
    return (step) =>
      step < peak
        ? learningRate * (startFactor + ((1 - startFactor) * step) / peak)
        : learningRate * (finalFactor + ((1 - finalFactor) * (totalSteps - step)) / (totalSteps - peak));
  },
};

/** The learning rate of every step of a training, steps counted from 0. */
export function learningRates(schedule: Schedule, horizon: Horizon): (step: number) => number {
  const rule = scheduleRules[schedule.kind] as Rule<Schedule['kind']>;
  return rule(schedule, horizon);
}

function warmupSteps(epochs: number, { stepsPerEpoch, totalSteps }: Horizon): number {
  return Math.min(Math.round(epochs * stepsPerEpoch), totalSteps);
}

/** Puts a linear warm-up before `rate`: the last of its steps reaches the full rate. */
function warmedUp(
  schedule: { readonly learningRate: number; readonly warmupEpochs: number },
  horizon: Horizon,
  rate: (step: number) => number,
): (step: number) => number {
  const warmup = warmupSteps(schedule.warmupEpochs, horizon);
  return (step) => (step < warmup ? (schedule.learningRate * (step + 1)) / warmup : rate(step));
}

/**
 * The decay of the moving average at a step. It warms up, so that the average of a young training is not the initial
 * weights: min(decay, (1 + step)/(10 + step)), as TensorFlow's ExponentialMovingAverage with `num_updates` does.
 */
export function averageDecayAt(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}
