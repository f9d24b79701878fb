/** Records what happens in a training: in the folder of a run, or not at all. */

import type { Dataset } from '../data/index.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../formats/index.js';
import {
  inRun,
  openMetrics,
  openTensorboard,
  readSummary,
  writeCheckpoint,
  writeEpochsCsv,
  writePredictions,
  writeSummary,
  writeWrongPictures,
  type Answers,
  type MetricsLine,
  type PersistentTensors,
  type TrainState,
  type TrainSummary,
} from '../run/index.js';
import type { Lock } from '../system/lock.js';

export type Weights = ReadonlyMap<string, StoredTensor>;

/** What a training ends with. */
export interface Ending {
  readonly summary: TrainSummary;
  /** The weights that are the result, by their state_dict names. */
  readonly weights: Weights;
}

export interface Recorder {
  /** The run's folder; null if nothing is written. */
  readonly run: string | null;
  log(line: MetricsLine): Promise<void>;
  /** @returns the checkpoint's path; null if none is written */
  checkpoint(state: TrainState, tensors: PersistentTensors): Promise<string | null>;
  /** Keeps the weights that did best on the held-out images so far, in place of those kept before. */
  keep(weights: Weights): Promise<void>;
  /** The weights kept last. */
  kept(): Promise<Weights>;
  /** How the run ended, if it was done before. */
  ended(): Promise<Ending | undefined>;
  end(ending: Ending, about: { readonly answers: Answers; readonly dataset: Dataset }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Records in the folder of a run that stands at `state`, while its lock is held.
 * @throws RectioError `disk` from every function that writes
 */
export async function folderRecorder(run: string, lock: Lock, state: TrainState): Promise<Recorder> {
  const { lines, log: metrics } = await openMetrics(run, state);
  const tensorboard = await openTensorboard(run, lines, state.step).catch(async (error: unknown) => {
    await metrics.close();
    throw error;
  });
  const logs = [metrics, tensorboard];
  return {
    run,
    async log(line) {
      for (const log of logs) await log.write(line);
    },
    async checkpoint(at, tensors) {
      // A process that stood still for minutes may wake to find that another one trains the run.
      await lock.verify();
      // The log may hold more than the checkpoint, never less.
      for (const log of logs) await log.sync();
      return writeCheckpoint(run, at, tensors);
    },
    keep: (weights) => writeSafetensors(inRun(run, 'chosen'), weights),
    kept: async () => (await readSafetensors(inRun(run, 'chosen'))).tensors,
    async ended() {
      const summary = await readSummary(run);
      if (summary === undefined) return undefined;
      const { tensors } = await readSafetensors(inRun(run, 'model'));
      return { summary: { ...summary, run }, weights: tensors };
    },
    async end({ summary, weights }, { answers, dataset }) {
      await writePredictions(run, answers);
      await writeWrongPictures(run, answers, dataset);
      await writeEpochsCsv(run);
      const { model, ratio } = summary;
      await writeSafetensors(inRun(run, 'model'), weights, { format: 'pt', model, ratio });
      // The summary comes last: a run that has one is done.
      await writeSummary(run, summary);
    },
    async close() {
      const closed = await Promise.allSettled(logs.map((log) => log.close()));
      for (const end of closed) if (end.status === 'rejected') throw end.reason;
    },
  };
}

/** Writes nothing: what the training ends with is all that remains of it. */
export function memoryRecorder(): Recorder {
  let best: Weights = new Map();
  return {
    run: null,
    log: async () => undefined,
    checkpoint: async () => null,
    async keep(weights) {
      best = weights;
    },
    kept: async () => best,
    ended: async () => undefined,
    end: async () => undefined,
    close: async () => undefined,
  };
}
