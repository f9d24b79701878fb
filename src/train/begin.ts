/** Beginning a new training. */

import {
  createRunFolder,
  describeWeights,
  removeLeftovers,
  runName,
  writeCheckpoint,
  writeRunRecord,
  type RunRecord,
  type TrainState,
} from '../run/index.js';
import { engineOf, firstState, type Closing, type Opened } from './opened.js';
import { readPersistent } from './persistent.js';
import { compilePrograms, writeInitialState, type Programs } from './programs.js';
import type { TrainingParts } from './training.js';

/** A new training. Its folder is made last, when nothing can be wrong with the settings any more. */
export async function begin(parts: TrainingParts, closings: Closing): Promise<Opened> {
  const { engine, graph, config, initial, notes = [] } = parts;
  const programs = await compilePrograms(engine, graph, config);
  closings.add(() => programs.dispose());
  await writeInitialState(programs, graph, config.seed, initial?.values);
  const weights = initial?.report ?? null;
  const opened = {
    programs,
    state: firstState(parts),
    notes: [...notes, ...(weights === null ? [] : describeWeights(weights))],
    weights,
  };
  return parts.run === null
    ? { ...opened, run: null, checkpoint: undefined, lock: undefined }
    : { ...opened, ...(await beginFolder(parts, programs, opened.state, closings)) };
}

async function beginFolder(parts: TrainingParts, programs: Programs, state: TrainState, closings: Closing) {
  const { graph, config, initial, run: wanted } = parts;
  const folder = await createRunFolder(typeof wanted === 'string' ? wanted : undefined, runName(graph, config));
  const { path: run, lock } = folder;
  let checkpoint: Opened['checkpoint'];
  try {
    await removeLeftovers(run, lock);
    // Stores the given weights before the record: a run with a record can resume without the weights file.
    if (initial !== undefined) {
      const tensors = await readPersistent(programs.plan, programs.training);
      checkpoint = { path: await writeCheckpoint(run, state, tensors), step: 0, epoch: 0 };
    }
    await writeRunRecord(run, recordOf(parts, programs));
  } catch (error) {
    // The first error is the one to tell; clearing up often fails for the same cause.
    await folder.discard().catch(() => undefined);
    throw error;
  }
  closings.add(lock.release);
  return { run, checkpoint, lock };
}

function recordOf(parts: TrainingParts, programs: Programs): RunRecord {
  const { dataset, graph, config, proportion, initial } = parts;
  return {
    format: 1,
    ...engineOf(parts, programs),
    config,
    dataset: {
      name: dataset.name,
      fingerprint: dataset.fingerprint,
      classes: dataset.classes,
      shape: dataset.shape,
      trainImages: dataset.train.count,
      testImages: dataset.test.count,
      mean: dataset.mean,
      deviation: dataset.deviation,
    },
    graph,
    weights: initial?.report ?? null,
    proportion,
  };
}
