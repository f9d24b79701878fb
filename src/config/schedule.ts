/** How the learning rate moves over a training, as settings. */

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
