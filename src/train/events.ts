/** What a training tells while it runs. The terminal, the log files and every other onlooker are consumers of these. */

import type { WeightsReport } from './weights.js';

export interface Score {
  /** Mean cross entropy in nats. */
  readonly loss: number;
  /** Share of wrong answers in percent. */
  readonly error: number;
}

export type TrainEvent =
  | {
      readonly type: 'start';
      readonly run: string;
      /** The network's name. */
      readonly model: string;
      readonly epochs: number;
      readonly stepsPerEpoch: number;
      /** The step the training goes on from; 0 for a new one. */
      readonly step: number;
      readonly parameters: number;
      /** What the user should know before, in sentences; mostly empty. */
      readonly notes: readonly string[];
    }
  | {
      readonly type: 'step';
      /** From 0, over the whole training. */
      readonly step: number;
      /** From 0. */
      readonly epoch: number;
      /** Of this step's batch. */
      readonly train: Score;
      readonly learningRate: number;
      /** Since the epoch's start, waiting for data included. */
      readonly imagesPerSecond: number;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      /** The epoch's last step. */
      readonly step: number;
      /** Mean over the epoch's training batches, as they were trained on (augmented). */
      readonly train: Score;
      /** Null where the evaluation interval passes this epoch over, and where images are held out. */
      readonly test: Score | null;
      /** On the images held out; null where there are none, or the evaluation interval passes this epoch over. */
      readonly validation: Score | null;
      readonly learningRate: number;
      /** Training alone, evaluation left out. */
      readonly imagesPerSecond: number;
      /** The whole epoch, evaluation included. */
      readonly seconds: number;
    }
  /** `step` counts the steps that are done. */
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  | { readonly type: 'done'; readonly summary: TrainSummary };

/** What `train --json` prints. */
export interface TrainSummary {
  readonly run: string;
  readonly model: string;
  /** All that was asked of the proportion, such as `3:2` or `2:1@10`. */
  readonly ratio: string;
  readonly epochs: number;
  readonly seed: number;
  /** Of the last epoch, over its training batches as they were trained on. */
  readonly train: Score;
  /** Of the result, over (at most the first 10,000) training images as they are. */
  readonly fit: Score;
  /** Of the result, on the images held out; null where none were. */
  readonly validation: Score | null;
  /** Of the result. */
  readonly test: Score;
  /** From 0, the epoch whose weights are the result. */
  readonly epoch: number;
  readonly imagesPerSecond: number;
  /** Of the last evaluation. */
  readonly evaluationImagesPerSecond: number;
  /** The most memory that the process that finished the run held, in bytes. */
  readonly peakMemory: number;
  readonly seconds: number;
  readonly parameters: number;
  /** What the training began with of a file of weights; null where all weights were drawn. */
  readonly weights: WeightsReport | null;
}
