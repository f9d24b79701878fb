/** Opening a training: a new run or one to go on with, everything checked before anything is written. */

import { isDeepStrictEqual } from 'node:util';

import { RectioError } from '../base/error.js';
import { createLoader, firstOf, type Dataset, type Loader, type LoaderOptions } from '../data/index.js';
import type { Engine } from '../engines/engine.js';
import { elements, graphParameters, type Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { isRecord } from '../base/check.js';
import {
  listCheckpoints,
  readCheckpoint,
  removeLeftovers,
  writeCheckpoint,
  type TrainState,
  emptyTally,
  lockRun,
  openMetrics,
  type EventLog,
  createRunFolder,
  readRunRecord,
  runName,
  writeRunRecord,
  type RunRecord,
  openTensorboard,
  describeWeights,
  type InitialWeights,
  type WeightsReport,
} from '../run/index.js';
import { readPersistent, writePersistent } from './persistent.js';
import type { TrainConfig } from '../config/index.js';
import type { Evaluation } from './evaluate.js';
import { compilePrograms, writeInitialState, type Programs } from './programs.js';
import { learningRates } from './schedule.js';

export interface TrainOptions {
  /** Opened by the caller. */
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** The network, rewritten to its ratio already. */
  readonly graph: Graph;
  /** What the rewrite kept and dropped. */
  readonly proportion: ProportionReport;
  readonly config: TrainConfig;
  /** What a new run begins with, as far as it goes; a run to resume has it in its checkpoint. */
  readonly initial?: InitialWeights;
  /** Versions for the run's record, by name. */
  readonly versions?: { readonly [name: string]: string };
  /** The run's folder; by default a new one below `runs/`. It has to be given to resume. */
  readonly run?: string;
  /** Go on with the run in `run`. Its record (`readRunRecord`) says with which config, network and data. */
  readonly resume?: boolean;
  /** Asks to finish the step, write a checkpoint and stop. */
  readonly signal?: AbortSignal;
}

/** A training that is under way. */
export interface Session {
  readonly config: TrainConfig;
  readonly graph: Graph;
  readonly proportion: ProportionReport;
  readonly dataset: Dataset;
  readonly run: string;
  readonly signal: AbortSignal | undefined;
  readonly programs: Programs;
  readonly loaders: {
    readonly train: Loader;
    readonly test: Loader;
    /** Of the images held out, where there are any. */
    readonly validation: Loader | undefined;
    /** Training images as they are. */
    readonly fit: Loader;
  };
  readonly learningRate: (step: number) => number;
  readonly logs: readonly EventLog[];
  readonly notes: readonly string[];
  /** What it began with of a file of weights. */
  readonly weights: WeightsReport | null;
  /** Of learned values, for people. */
  readonly parameters: number;
  /** Where it stands; replaced as it moves on. */
  state: TrainState;
  /** The last evaluation on the test split, of this process. */
  evaluated: Evaluation | undefined;
  /** The newest checkpoint, if there is one. */
  checkpoint: { readonly path: string; readonly step: number; readonly epoch: number } | undefined;
  close(): Promise<void>;
}

/** Things to be closed, in the opposite order of their opening, whatever happens. */
interface Closing {
  add(close: () => Promise<void>): void;
  all(): Promise<void>;
}

function closing(): Closing {
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

/**
 * @throws RectioError `checkpoint` where the run to resume does not fit or is in use, `disk` where it cannot be
 * written, and whatever plans, engine and loader have against the options
 */
export async function openSession(options: TrainOptions): Promise<Session> {
  const closings = closing();
  try {
    const loaders = openLoaders(options, closings);
    const opened = options.resume === true ? await goOn(options, closings) : await begin(options, closings);
    const { metrics, tensorboard } = await openLogs(opened.run, opened.state, closings);
    const { config, graph, proportion, dataset, signal } = options;
    const { stepsPerEpoch } = loaders.train;
    return {
      ...opened,
      config,
      graph,
      proportion,
      dataset,
      signal,
      loaders,
      learningRate: learningRates(config.schedule, { stepsPerEpoch, totalSteps: stepsPerEpoch * config.epochs }),
      logs: [metrics, tensorboard],
      parameters: countParameters(graph),
      evaluated: undefined,
      close: () => closings.all(),
    };
  } catch (error) {
    // What went wrong first is what has to be told; closing often fails of the same cause.
    await closings.all().catch(() => undefined);
    throw error;
  }
}

function openLoaders({ dataset, config }: TrainOptions, closings: Closing): Session['loaders'] {
  const { batch, seed, transforms, evaluation, data } = config;
  const open = (options: LoaderOptions): Loader => {
    const loader = createLoader({ workers: data.workers, ...options });
    closings.add(() => loader.close());
    return loader;
  };
  const judging = { dataset, batch: evaluation.batch };
  return {
    train: open({ dataset, split: 'train', batch, seed, transforms }),
    test: open({ ...judging, split: 'test' }),
    validation: dataset.validation === undefined ? undefined : open({ ...judging, split: 'validation' }),
    fit: open({ ...judging, dataset: { ...dataset, test: firstOf(dataset.train, fitImages) }, split: 'test' }),
  };
}

/** How many training images are looked at to say how well a network fits them: enough for half a point. */
const fitImages = 10_000;

type Opened = Pick<Session, 'run' | 'programs' | 'state' | 'checkpoint' | 'notes' | 'weights'>;

/** A new run: the folder is made last, when nothing can be wrong with the options any more. */
async function begin(options: TrainOptions, closings: Closing): Promise<Opened> {
  const { engine, graph, config, initial } = options;
  const programs = await compilePrograms(engine, graph, config);
  closings.add(() => programs.dispose());
  await writeInitialState(programs, graph, config.seed, initial?.values);
  const folder = await createRunFolder(options.run, runName(graph, config));
  const run = folder.path;
  const state = firstState(options);
  let checkpoint: Opened['checkpoint'];
  try {
    await lock(run, closings);
    await removeLeftovers(run);
    // Weights of others are in the run before it counts as one: to go on with it, nobody needs their file again.
    if (initial !== undefined) {
      const tensors = await readPersistent(programs.plan, programs.training);
      checkpoint = { path: await writeCheckpoint(run, state, tensors), step: 0, epoch: 0 };
    }
    await writeRunRecord(run, recordOf(options, programs));
  } catch (error) {
    await closings.all().catch(() => undefined);
    await folder.discard();
    throw error;
  }
  const weights = initial?.report ?? null;
  return { run, programs, state, checkpoint, notes: weights === null ? [] : describeWeights(weights), weights };
}

/** A run to go on with: from its newest checkpoint, or from its beginning where it has none yet. */
async function goOn(options: TrainOptions, closings: Closing): Promise<Opened> {
  const { run, engine, graph, config } = options;
  if (run === undefined) throw new Error('To resume, the folder of the run has to be given.');
  const record = await readRunRecord(run);
  verifyRecord(run, record, options);
  await lock(run, closings);
  await removeLeftovers(run);
  const sameDevice = record.engine.device === engine.device;
  const programs = await compilePrograms(engine, graph, config, sameDevice ? record.tuning : undefined);
  closings.add(() => programs.dispose());
  if (!sameDevice) await writeRunRecord(run, { ...record, ...engineOf(options, programs) });
  const notes = sameDevice
    ? []
    : [`The run was on ${record.engine.device} and goes on on ${engine.device}: last digits can differ.`];
  const { weights } = record;
  const newest = (await listCheckpoints(run)).at(-1);
  if (newest === undefined) {
    if (weights !== null) throw withoutItsWeights(run, weights);
    await writeInitialState(programs, graph, config.seed);
    return { run, programs, state: firstState(options), checkpoint: undefined, notes, weights };
  }
  const { state, tensors } = await readCheckpoint(newest.path);
  verifyState(newest.path, state, options);
  await writePersistent(programs.plan, programs.training, tensors, newest.path);
  return { run, programs, state, checkpoint: { ...newest, epoch: state.epoch }, notes, weights };
}

function withoutItsWeights(run: string, { file }: WeightsReport): RectioError {
  return new RectioError(
    'checkpoint',
    `The run ${run} began with weights of ${file}, and the checkpoint that held them is gone.`,
    'Put a checkpoint of the run back, or start a new run in another folder.',
  );
}

async function lock(run: string, closings: Closing): Promise<void> {
  const { release } = await lockRun(run);
  closings.add(release);
}

async function openLogs(run: string, state: TrainState, closings: Closing) {
  const { lines, log: metrics } = await openMetrics(run, state);
  closings.add(() => metrics.close());
  const tensorboard = await openTensorboard(run, lines);
  closings.add(() => tensorboard.close());
  return { metrics, tensorboard };
}

function firstState({ config, dataset }: TrainOptions): TrainState {
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

function countParameters(graph: Graph): number {
  return graphParameters(graph)
    .filter(({ trainable }) => trainable)
    .reduce((sum, { shape }) => sum + elements(shape), 0);
}

function recordOf(options: TrainOptions, programs: Programs): RunRecord {
  const { dataset, graph, config, proportion, initial } = options;
  return {
    format: 1,
    ...engineOf(options, programs),
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

function engineOf({ engine, versions = {} }: TrainOptions, { tuning }: Programs) {
  const { name, device, threads } = engine;
  return { versions: { node: process.versions.node, ...versions }, engine: { name, device, threads }, tuning };
}

/** Whether what the caller brings is what the run was begun with. */
function verifyRecord(run: string, record: RunRecord, { engine, dataset, graph, config }: TrainOptions): void {
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
    refuse(`was begun with engine ${record.engine.name}, not ${engine.name}`, `Give --engine ${record.engine.name}.`);
  }
  const setting = firstDifference(record.config, config);
  if (setting !== undefined) refuse(`was begun with another ${setting}`, anew);
  if (!isDeepStrictEqual(plain(record.graph), plain(graph))) {
    refuse(`is of another network than the ${graph.name} of this version`, anew);
  }
}

/** Settings that decide nothing about the result, and may be others when a run goes on. */
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

function verifyState(path: string, state: TrainState, { config, dataset }: TrainOptions): void {
  if (state.seed === config.seed && state.fingerprint === dataset.fingerprint) return;
  throw new RectioError(
    'checkpoint',
    `The checkpoint ${path} is of another run: its seed or its data are not the run's.`,
    'Put back the checkpoint that belongs there, or delete this one to go on from the one before.',
  );
}
