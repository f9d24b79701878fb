/** The one way to a training: from settings, or from a run that goes on. */

import { defined } from '../base/defined.js';
import { RectioError } from '../base/error.js';
import {
  fitToData,
  parseSettings,
  proportionOptions,
  resolveConfig,
  type TrainConfig,
  type TrainConfigInput,
} from '../config/index.js';
import { holdOut, openDataset, type Dataset, type OpenOptions } from '../data/index.js';
import { openEngine } from '../engines/registry.js';
import { inferShapes, verifyGraph, type Graph, type Shape } from '../graph/index.js';
import { applyRatio, type ProportionReport } from '../proportion/index.js';
import { inRun, readRunRecord } from '../run/index.js';
import { canExtend, sealTraining, type Training } from '../train/index.js';
import { checkDataFit } from './data-fit.js';
import { initialWeights } from './initial-weights.js';
import { checkNormSizes } from './norm-sizes.js';
import { openNetwork } from './network.js';
import { checkWeightsFile } from './weights.js';

/** How to do a training; none of it decides what is trained. */
export interface TrainingOptions {
  /** `auto` (the default) takes the fastest engine that works here. */
  readonly engine?: string | undefined;
  /** Threads of the engine. Default: one for each core. */
  readonly threads?: number | undefined;
  /** Told while a dataset is decoded for the first time. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Asks to finish the step, write a checkpoint and stop. */
  readonly signal?: AbortSignal | undefined;
  /** Versions for the run's record, by name. */
  readonly versions?: { readonly [name: string]: string };
}

/**
 * Settings of a training, as in a settings file, and how to do it. `model` may be a Graph, and `data` a Dataset. What is
 * left out comes from the recipe or has a default.
 */
export interface TrainingSettings extends Omit<TrainConfigInput, 'model' | 'data'>, TrainingOptions {
  readonly model: TrainConfigInput['model'] | Graph;
  readonly data?: TrainConfigInput['data'] | Dataset;
  /** The folder for the run; true: a new, numbered one below `runs/`. Default: nothing is written. */
  readonly run?: string | true | undefined;
}

/** A run to go on with. */
export interface ResumeSettings extends TrainingOptions {
  /** The run's folder. Its record says what is trained. */
  readonly resume: string;
  /** Train to this epoch instead of the last one that the run was begun with, if its schedule allows it. */
  readonly epochs?: number | undefined;
  /** Where the data lie now, or the Dataset if the run was begun with one from memory. */
  readonly data?: { readonly dir?: string | undefined; readonly workers?: number | undefined } | Dataset;
}

/**
 * Opens everything that a training needs, from one checked record: network, ratio, data, engine and initial weights.
 * Settings are checked before anything large is opened, and nothing is written yet.
 *
 *     const training = await openTraining({ model: 'resnet20', ratio: '2:1', data: 'cifar10', epochs: 3, run: true });
 *     for await (const event of train(training)) console.log(event.type);
 *
 * @throws RectioError if a file, name or engine does not exist, or if the parts do not fit together
 */
export async function openTraining(settings: TrainingSettings | ResumeSettings): Promise<Training> {
  return 'resume' in settings ? openResumed(settings) : openNew(settings);
}

/** The name that settings have for a Graph or Dataset from memory. Only the run's record holds the Graph. */
export const fromMemory = 'memory';

async function openNew(settings: TrainingSettings): Promise<Training> {
  const { engine, threads, onProgress, signal, versions, run, model, data, ...rest } = settings;
  const options = { engine, threads, onProgress, signal, ...defined({ versions }) };
  const graph = isGraph(model) ? model : undefined;
  const given = isDataset(data) ? data : undefined;
  const input: TrainConfigInput = {
    ...rest,
    model: isGraph(model) ? { name: fromMemory } : model,
    ...(data === undefined ? {} : { data: isDataset(data) ? { name: fromMemory } : data }),
  };
  // For checks before the data are there; they decide about batch and epochs if these are not given.
  const early = resolveConfig(input);
  // Opening a dataset can take minutes; a file that is not there can be told before.
  if (early.weights.file !== null) await checkWeightsFile(early.weights.file);
  const source = graph === undefined ? await fromSettings(early, signal) : fromGraph(graph, early);
  try {
    const opened = await openEngine(engine ?? 'auto', defined({ threads }));
    const sized = withOwnSize(input, source.inputShape);
    const dataset = await openData(resolveConfig(sized), given, source.inputShape, options);
    const { config, notes } = fitToData(sized, dataset.train.count);
    const { network, proportion, rewritten } = await source.for(dataset);
    checkDataFit(rewritten, dataset);
    checkNormSizes(rewritten, config.batch);
    const initial = await initialWeights(config, network);
    return sealTraining({
      engine: opened,
      dataset,
      graph: rewritten,
      proportion,
      config,
      notes,
      ...initial,
      versions: { ...versions, ...opened.versions },
      run: run ?? null,
      ...defined({ signal }),
    });
  } finally {
    await source.close();
  }
}

/** A folder's images have the size that the network is for, which decides how they are cropped too. */
function withOwnSize(input: TrainConfigInput, [, size]: Shape): TrainConfigInput {
  const { data } = parseSettings(input);
  if (typeof data !== 'object' || data.name !== 'folder' || typeof data.size === 'number') return input;
  return { ...input, data: { ...data, ...defined({ size }) } };
}

async function openResumed(settings: ResumeSettings): Promise<Training> {
  const { resume: run, engine, threads, onProgress, signal, versions, data } = settings;
  const record = await readRunRecord(run);
  const place = isDataset(data) ? {} : defined({ dir: data?.dir, workers: data?.workers });
  const asked = { ...record.config, data: { ...record.config.data, ...place } };
  const config = settings.epochs === undefined ? asked : withMoreEpochs(run, asked, settings.epochs);
  const opened = await openEngine(engine ?? record.engine.name, {
    ...defined({ threads: threads ?? record.engine.threads ?? undefined }),
  });
  const given = isDataset(data) ? data : undefined;
  const dataset = await openData(config, given, inputShapeOf(record.graph), { onProgress, signal }).catch(
    (error: unknown) => {
      throw sayingWhereDataLie(error, config.data);
    },
  );
  return sealTraining({
    engine: opened,
    dataset,
    graph: record.graph,
    proportion: record.proportion,
    config,
    versions: { ...versions, ...opened.versions },
    run,
    resume: true,
    ...defined({ signal }),
  });
}

/** @throws RectioError `usage` if the run cannot go on to that epoch */
function withMoreEpochs(run: string, config: TrainConfig, epochs: number): TrainConfig {
  const { epochs: before, schedule } = config;
  if (epochs === before) return config;
  if (canExtend(config, epochs)) return resolveConfig({ ...config, epochs });
  const weights = inRun(run, 'model');
  throw new RectioError(
    'usage',
    epochs < before
      ? `The run ${run} has ${before} epochs, and cannot end after ${epochs}.`
      : `The run ${run} cannot go on to ${epochs} epochs: its rates (${schedule.kind}) were laid out for ${before}.`,
    epochs < before
      ? 'Begin a new run with fewer `epochs`.'
      : `Once it is done, begin a new run from its weights: \`weights.file: ${weights}\`. Only runs with ` +
          '`schedule.kind: constant` can be extended.',
  );
}

/** A run's record has the place where its data lay, which can be relative to another folder, or of another machine. */
function sayingWhereDataLie(error: unknown, { dir }: TrainConfig['data']): unknown {
  if (!(error instanceof RectioError) || error.code !== 'data' || dir === null) return error;
  const hint = `${error.hint} If the data lie elsewhere now, give their folder as \`data.dir\`.`;
  return new RectioError(error.code, error.message, hint, { cause: error });
}

async function openData(
  { data, transforms, evaluation }: TrainConfig,
  given: Dataset | undefined,
  inputShape: Shape,
  { onProgress, signal }: TrainingOptions,
): Promise<Dataset> {
  if (given === undefined && data.name === fromMemory) {
    throw new RectioError(
      'usage',
      'The data of this training were given from memory, and no file holds them.',
      'Give the same Dataset as `data`.',
    );
  }
  const { dir, seed, limit, skipBroken } = data;
  const opened =
    given ??
    (await openDataset(data.name, {
      seed,
      skipBroken,
      ...viewOptions(data, transforms, inputShape),
      ...defined({ dir: dir ?? undefined, limit: limit ?? undefined, onProgress, signal }),
    }));
  if (evaluation.validation === null) return opened;
  if (opened.validation !== undefined) {
    throw new RectioError(
      'usage',
      `${opened.name} has validation images of its own, so none can be held out of its training images.`,
      'Leave out `evaluation.validation`, or move the folder of validation images away.',
    );
  }
  return holdOut(opened, evaluation.validation, seed);
}

/**
 * The data of a training with these settings, as the training will open them.
 * @throws RectioError if the network or the data do not exist or cannot be used
 */
export async function openTrainingData(
  config: TrainConfig,
  options: Pick<TrainingOptions, 'onProgress' | 'signal'> = {},
): Promise<Dataset> {
  const network = await openNetwork(config.model, options.signal);
  try {
    return await openData(config, undefined, network.defaults.inputShape, options);
  } finally {
    await network.close();
  }
}

/** How a dataset's images are made what a network sees. */
function viewOptions(
  { name, size, cropPercent, interpolation }: TrainConfig['data'],
  { cropScale }: TrainConfig['transforms'],
  [, side]: Shape,
): Pick<OpenOptions, 'size' | 'cropPercent' | 'whole' | 'interpolation'> {
  const given = defined({ size: size ?? undefined, cropPercent: cropPercent ?? undefined });
  // What only folders have is refused where it is not for the dataset; the default is what all settings have.
  if (name !== 'folder') return interpolation === 'lanczos' ? given : { ...given, interpolation };
  // Studies that an earlier version began have no share; it scaled images to 32 pixels if no size was given.
  const ownSize = cropPercent === null ? undefined : side;
  return { ...defined({ size: ownSize }), ...given, interpolation, whole: cropScale !== null };
}

/** A network that waits for its data. */
interface NetworkSource {
  /** What it is for, if nothing else is asked for. */
  readonly inputShape: Shape;
  for(dataset: Dataset): Promise<{
    /** Before its ratio: what files of weights know. */
    readonly network: Graph;
    readonly rewritten: Graph;
    readonly proportion: ProportionReport;
  }>;
  close(): Promise<void>;
}

function fromGraph(graph: Graph, config: TrainConfig): NetworkSource {
  verifyGraph(graph);
  const { graph: rewritten, report } = applyRatio(graph, proportionOptions(config.ratio));
  return {
    inputShape: inputShapeOf(graph),
    for: async () => ({ network: graph, rewritten, proportion: report }),
    close: async () => undefined,
  };
}

async function fromSettings({ model, ratio }: TrainConfig, signal?: AbortSignal): Promise<NetworkSource> {
  if (model.name === fromMemory) {
    throw new RectioError(
      'usage',
      'The network of these settings was given from memory, and no file holds it.',
      'Give the Graph as `model`; a run that was begun with it holds it too, and goes on with `resume`.',
    );
  }
  const proportion = proportionOptions(ratio);
  const network = await openNetwork(model, signal);
  try {
    // If the network is known before its data, so is whether it can have the ratio.
    const known = network.known();
    if (known !== undefined) applyRatio(known, proportion);
  } catch (error) {
    await network.close().catch(() => undefined);
    throw error;
  }
  return {
    inputShape: network.defaults.inputShape,
    async for({ classes, shape }) {
      const plain = await network.network({ classes: classes.length, inputShape: shape });
      const { graph, report } = applyRatio(plain, proportion);
      return { network: plain, rewritten: graph, proportion: report };
    },
    close: network.close,
  };
}

/** @throws RectioError `graph` if the graph is malformed */
function inputShapeOf(graph: Graph): Shape {
  return inferShapes(graph).get(graph.nodes[0]!.name)!;
}

function isGraph(model: TrainingSettings['model']): model is Graph {
  return typeof model === 'object' && 'nodes' in model;
}

function isDataset(data: unknown): data is Dataset {
  return typeof data === 'object' && data !== null && 'fingerprint' in data;
}
