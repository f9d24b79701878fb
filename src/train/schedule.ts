/** Learning-rate schedules: pure functions from the step to the rate. */

/** The rate stays where it is. */
export interface ConstantSchedule {
  readonly kind: 'constant';
  readonly learningRate: number;
  /** Linear from almost zero to `learningRate` over so many epochs (fractions count). */
  readonly warmupEpochs: number;
}

/** Multiplied by `factor` at every milestone (He et al. 2016). */
export interface StepSchedule {
  readonly kind: 'step';
  readonly learningRate: number;
  readonly warmupEpochs: number;
  /** Fractions of the whole training, rising: 0.5 is half-way. */
  readonly milestones: readonly number[];
  readonly factor: number;
}

/** Half a cosine wave from `learningRate` to `finalLearningRate` (Loshchilov and Hutter 2017, without restarts). */
export interface CosineSchedule {
  readonly kind: 'cosine';
  readonly learningRate: number;
  readonly warmupEpochs: number;
  readonly finalLearningRate: number;
}

/**
 * Up once and down once (Smith and Topin 2018): from `startFactor`·`learningRate` in a straight line to
 * `learningRate` at fraction `peakAt` of the training, and from there to `finalFactor`·`learningRate` at its end.
 */
export interface OneCycleSchedule {
  readonly kind: 'oneCycle';
  /** The peak. */
  readonly learningRate: number;
  readonly peakAt: number;
  readonly startFactor: number;
  readonly finalFactor: number;
}

export type Schedule = ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule;

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
