/** What a training tells while it runs. The terminal, the log files and every other onlooker are consumers of these. */

import type { MetricsEvent, TrainSummary } from '../run/index.js';
import type { Weights } from './recorder.js';

export type TrainEvent =
  | {
      readonly type: 'start';
      /** The run's folder; null if nothing is written. */
      readonly run: string | null;
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
  | MetricsEvent
  /** `step` counts the steps that are done. */
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  /** `weights` are the result's, by their state_dict names. */
  | { readonly type: 'done'; readonly summary: TrainSummary; readonly weights: Weights };
