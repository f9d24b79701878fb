/** Resumes a run from its newest checkpoint, after checking that data, network and settings are those it began with. */

import { isDeepStrictEqual } from 'node:util';

import { isRecord } from '../base/check.js';
import { RectioError } from '../base/error.js';
import {
  listCheckpoints,
  lockRun,
  readCheckpoint,
  readRunRecord,
  removeLeftovers,
  removeSummary,
  writeRunRecord,
  type RunRecord,
  type TrainState,
  type WeightsReport,
} from '../run/index.js';
import { writePersistent } from './persistent.js';
import { compilePrograms, writeInitialState } from './programs.js';
import { engineOf, firstState, type Closing, type Opened } from './opened.js';
import type { TrainConfig } from '../config/index.js';
import type { TrainingParts } from './training.js';

/** Opens a run at its newest checkpoint, or at its beginning if it has none yet. */
export async function goOn(options: TrainingParts, closings: Closing): Promise<Opened> {
  const { run, engine, graph, config } = options;
  if (typeof run !== 'string') throw new Error('To resume, the folder of the run has to be given.');
  const record = await readRunRecord(run);
  verifyRecord(run, record, options);
  const lock = await lockRun(run);
  closings.add(lock.release);
  await removeLeftovers(run, lock);
  if (config.epochs !== record.config.epochs) await extend(run, record, config.epochs);
  const sameDevice = record.engine.device === engine.device;
  const compiled = await compilePrograms(engine, graph, config, sameDevice ? record.tuning : undefined);
  closings.add(() => compiled.dispose());
  if (!sameDevice) {
    const { epochs } = config;
    await writeRunRecord(run, { ...record, config: { ...record.config, epochs }, ...engineOf(options, compiled) });
  }
  const notes = sameDevice
    ? []
    : [
        `The run was on ${record.engine.device} and goes on on ${engine.device}: from here on its weights differ from those it would have had.`,
      ];
  const { weights } = record;
  const checkpoints = await listCheckpoints(run);
  if (checkpoints.length === 0) {
    if (weights !== null) throw withoutItsWeights(run, weights);
    await writeInitialState(compiled, graph, config.seed);
    return { run, lock, programs: compiled, state: firstState(options), checkpoint: undefined, notes, weights };
  }
  const { checkpoint, state, tensors, damaged } = await readNewest(checkpoints);
  verifyState(checkpoint.path, state, options);
  // The checkpoint behind the last frozen epoch holds all weights already.
  const programs = state.epoch < config.weights.frozenEpochs ? compiled : (compiled.thawed ?? compiled);
  await writePersistent(programs.plan, programs.training, tensors, checkpoint.path);
  return {
    run,
    lock,
    programs,
    state,
    checkpoint: { ...checkpoint, epoch: state.epoch },
    notes: [...notes, ...damaged],
    weights,
  };
}

/** A run that was done is no longer; its summary goes first, so that what is called done has all its epochs. */
async function extend(run: string, record: RunRecord, epochs: number): Promise<void> {
  await removeSummary(run);
  await writeRunRecord(run, { ...record, config: { ...record.config, epochs } });
}

type Checkpoint = Awaited<ReturnType<typeof listCheckpoints>>[number];

/**
 * Reads the newest checkpoint that is intact. `damaged` has a sentence for each newer one.
 * @throws RectioError `checkpoint` of the newest one if none is intact
 */
async function readNewest(checkpoints: readonly Checkpoint[]) {
  const damaged: string[] = [];
  let first: unknown;
  for (const checkpoint of checkpoints.toReversed()) {
    try {
      return { checkpoint, damaged, ...(await readCheckpoint(checkpoint.path)) };
    } catch (error) {
      if (!(error instanceof RectioError)) throw error;
      first ??= error;
      damaged.push(`${error.message} The run resumes from the checkpoint before it.`);
    }
  }
  throw first;
}

function withoutItsWeights(run: string, { file }: WeightsReport): RectioError {
  return new RectioError(
    'checkpoint',
    `The run ${run} began with weights of ${file}, and the checkpoint that held them is gone.`,
    'Put a checkpoint of the run back, or start a new run in another folder.',
  );
}

/** Checks that the run began with the same data, engine, settings and network. */
function verifyRecord(run: string, record: RunRecord, { engine, dataset, graph, config }: TrainingParts): void {
  const refuse = (what: string, hint: string): never => {
    throw new RectioError('checkpoint', `The run ${run} ${what}.`, hint);
  };
  const anew = 'Start a new run instead, in another folder.';
  if (record.dataset.fingerprint !== dataset.fingerprint) {
    refuse(
      `was begun on other data: ${record.dataset.name} with fingerprint ${record.dataset.fingerprint}, where ` +
        `${dataset.name} now has ${dataset.fingerprint}`,
      'Give the data that it was begun with, or start a new run in another folder.',
    );
  }
  if (record.engine.name !== engine.name) {
    refuse(
      `was begun with engine ${record.engine.name}, not ${engine.name}`,
      `Give \`engine: ${record.engine.name}\`.`,
    );
  }
  const { epochs } = record.config;
  const setting = firstDifference(
    record.config,
    canExtend(record.config, config.epochs) ? { ...config, epochs } : config,
  );
  if (setting !== undefined) refuse(`was begun with another ${setting}`, anew);
  if (!isDeepStrictEqual(plain(record.graph), plain(graph))) {
    refuse(`is of another network than the ${graph.name} of this version`, anew);
  }
}

/**
 * Whether a run can go on to another last epoch. Only a constant rate comes to the same whether that was known at the first
 * step; every other schedule lays its rates out from the first step to the last.
 */
export function canExtend({ schedule, epochs: before }: TrainConfig, epochs: number): boolean {
  return schedule.kind === 'constant' && epochs >= before;
}

/** Settings that do not affect the result, and may change when a run resumes. */
const freeSettings: ReadonlySet<string> = new Set(['data.dir', 'data.workers']);

/** The first setting that two configs have different values for, such as `schedule.kind`. */
function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (freeSettings.has(path) || isDeepStrictEqual(a, b)) return undefined;
  if (!isRecord(a) || !isRecord(b)) return path;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = firstDifference(a[key], b[key], path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As it comes back from a file. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function verifyState(path: string, state: TrainState, { config, dataset }: TrainingParts): void {
  if (state.seed === config.seed && state.fingerprint === dataset.fingerprint) return;
  throw new RectioError(
    'checkpoint',
    `The checkpoint ${path} is of another run: its seed or its data are not the run's.`,
    'Put back the checkpoint that belongs there, or delete this one to go on from the one before.',
  );
}
