/**
 * Checkpoints: `checkpoints/step-00000123/` with the network (model.safetensors), what the optimizer and the averages
 * remember (optimizer.safetensors) and where the training stands (state.json). A checkpoint is written under a
 * temporary name, synced and renamed, so that a name without `.tmp` is always whole.
 */

import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { RectioError } from '../base/error.js';
import { aCount, aNumber, aText, fields, oneOf, orElse, orNull } from '../base/parse.js';
import { readJson } from '../system/json-file.js';
import { parseScore, parseTally, type Score, type Tally } from './score.js';
import { exists, errorCode, onDisk, whereGone } from '../system/errno.js';
import { replaceJson, syncFolder } from '../system/durable.js';
import type { Lock } from '../system/lock.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../formats/index.js';
import { inRun } from './layout.js';

/** The state of a training between two steps. With settings and weights, it determines everything that follows. */
export interface TrainState {
  readonly format: 1;
  /** Steps done. */
  readonly step: number;
  /** Epochs done, their evaluation included. */
  readonly epoch: number;
  /** Sums over the training batches of the epoch that is under way. */
  readonly sums: Tally;
  /** Of the last epoch that is done. */
  readonly scores: {
    readonly train: Score;
    readonly test: Score | null;
    readonly validation: Score | null;
  } | null;
  /** The epoch whose weights are kept for their score on held-out images; null if none are held out, or none yet. */
  readonly chosen: { readonly epoch: number; readonly validation: Score } | null;
  /** Time spent, over all processes that worked on the run. */
  readonly seconds: { readonly training: number; readonly total: number };
  readonly seed: number;
  /** Of the dataset. */
  readonly fingerprint: string;
}

/** How many checkpoints stay: one more than needed, in case somebody copies the last but one. */
const kept = 2;

const folderPattern = /^step-(\d{8,})$/;

/** The checkpoints of a run, oldest first. */
export async function listCheckpoints(run: string): Promise<{ readonly step: number; readonly path: string }[]> {
  const folder = inRun(run, 'checkpoints');
  const names = (await readdir(folder).catch(whereGone)) ?? [];
  return names
    .map((name) => ({ step: Number(folderPattern.exec(name)?.[1] ?? Number.NaN), path: join(folder, name) }))
    .filter(({ step }) => !Number.isNaN(step))
    .sort((a, b) => a.step - b.step);
}

/** Whether a run began: it has its record. One that was killed earlier can only be begun again. */
export function hasBegun(run: string): Promise<boolean> {
  return exists(inRun(run, 'record'));
}

/** Removes what a crash left half-written. @param lock of the run, held by this process */
export async function removeLeftovers(run: string, lock: Lock): Promise<void> {
  await onDisk(run, async () => {
    await lock.tidy();
    await mkdir(inRun(run, 'checkpoints'), { recursive: true });
    for (const folder of [run, inRun(run, 'checkpoints')]) {
      const leftovers = (await readdir(folder)).filter((name) => name.endsWith('.tmp'));
      for (const name of leftovers) await rm(join(folder, name), { recursive: true, force: true });
    }
  });
}

/**
 * Writes the checkpoint of a state and removes those that are older than the last two.
 * @returns its path
 * @throws RectioError `disk`, with nothing half-written left behind
 */
export async function writeCheckpoint(run: string, state: TrainState, tensors: PersistentTensors): Promise<string> {
  const path = join(inRun(run, 'checkpoints'), `step-${String(state.step).padStart(8, '0')}`);
  const beside = `${path}.tmp`;
  await onDisk(path, async () => {
    await rm(beside, { recursive: true, force: true });
    try {
      await mkdir(beside, { recursive: true });
      await writeSafetensors(join(beside, 'model.safetensors'), tensors.model, { format: 'pt' });
      await writeSafetensors(join(beside, 'optimizer.safetensors'), tensors.optimizer);
      await replaceJson(join(beside, 'state.json'), state);
      await syncFolder(beside);
      await discard(path);
      await rename(beside, path);
    } catch (error) {
      // The first error is the one to tell; removing often fails for the same cause.
      await rm(beside, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(inRun(run, 'checkpoints'));
    for (const old of (await listCheckpoints(run)).slice(0, -kept)) await discard(old.path);
  });
  return path;
}

/** Removes a checkpoint, giving up its name first: a crash in between must not leave half of it under that name. */
async function discard(path: string): Promise<void> {
  const aside = `${path}.old.tmp`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** @throws RectioError `checkpoint` naming the file and what is wrong with it */
export async function readCheckpoint(path: string): Promise<{ state: TrainState; tensors: PersistentTensors }> {
  const model = await readSafetensors(join(path, 'model.safetensors'));
  const optimizer = await readSafetensors(join(path, 'optimizer.safetensors'));
  return {
    state: await readState(join(path, 'state.json')),
    tensors: { model: model.tensors, optimizer: optimizer.tensors },
  };
}

/** Runs of the first version held out no images: they have neither a validation score nor a chosen epoch. */
const parseState = fields<TrainState>({
  format: oneOf(1),
  step: aCount,
  epoch: aCount,
  sums: parseTally,
  scores: orNull(
    fields<NonNullable<TrainState['scores']>>({
      train: parseScore,
      test: orNull(parseScore),
      validation: orElse(orNull(parseScore), null),
    }),
  ),
  chosen: orElse(orNull(fields<NonNullable<TrainState['chosen']>>({ epoch: aCount, validation: parseScore })), null),
  seconds: fields<TrainState['seconds']>({ training: aNumber, total: aNumber }),
  seed: aCount,
  fingerprint: aText,
});

function readState(path: string): Promise<TrainState> {
  return readJson(path, parseState, { code: 'checkpoint', hint: intactHint });
}

/** Everything that a training program keeps from one step to the next, by the plan's names. */
export interface PersistentTensors {
  readonly model: ReadonlyMap<string, StoredTensor>;
  readonly optimizer: ReadonlyMap<string, StoredTensor>;
}

const intactHint = 'Resume from an intact checkpoint of this run; delete this one to go on from the one before.';

/** A checkpoint that cannot be gone on from, and why. */
export function unusable(what: string, cause?: unknown): RectioError {
  return new RectioError('checkpoint', `${what}.`, intactHint, { cause });
}
