/** What a new training and one that goes on have in common when they open. */

import { emptyTally, type TrainState, type WeightsReport } from '../run/index.js';
import type { Lock } from '../system/lock.js';
import type { Programs } from './programs.js';
import type { TrainingParts } from './training.js';

/** A training whose programs hold its state, and whose run is there. */
export interface Opened {
  /** The run's folder; null if nothing is written. */
  readonly run: string | null;
  /** The run's lock; undefined if nothing is written. */
  readonly lock: Lock | undefined;
  readonly programs: Programs;
  /** Its state between two steps. */
  readonly state: TrainState;
  /** The newest checkpoint, if there is one. */
  readonly checkpoint: { readonly path: string; readonly step: number; readonly epoch: number } | undefined;
  /** What the user should know before it begins, in sentences. */
  readonly notes: readonly string[];
  /** What it took from a file of weights. */
  readonly weights: WeightsReport | null;
}

/** Closes everything that was added, last first, even if some of it fails. */
export interface Closing {
  add(close: () => Promise<void>): void;
  all(): Promise<void>;
}

export function closing(): Closing {
  const steps: (() => Promise<void>)[] = [];
  return {
    add: (close) => void steps.push(close),
    async all() {
      const failures: unknown[] = [];
      for (let close = steps.pop(); close !== undefined; close = steps.pop()) {
        await close().catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** The state before the first step. */
export function firstState({ config, dataset }: TrainingParts): TrainState {
  return {
    format: 1,
    step: 0,
    epoch: 0,
    sums: emptyTally,
    scores: null,
    chosen: null,
    seconds: { training: 0, total: 0 },
    seed: config.seed,
    fingerprint: dataset.fingerprint,
  };
}

/** What a record says of versions, engine and tuning. */
export function engineOf({ engine, versions = {} }: TrainingParts, { tuning }: Programs) {
  const { name, device, threads } = engine;
  return { versions: { node: process.versions.node, ...versions }, engine: { name, device, threads }, tuning };
}
