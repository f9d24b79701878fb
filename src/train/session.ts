/** A running training: its state, and everything that it holds open. */

import { createLoader, evenlyOf, type Loader, type LoaderOptions } from '../data/index.js';
import { elements, graphParameters, type Graph } from '../graph/index.js';
import { begin } from './begin.js';
import type { Evaluation } from './evaluate.js';
import { closing, type Closing, type Opened } from './opened.js';
import { folderRecorder, memoryRecorder, type Recorder } from './recorder.js';
import { goOn } from './resume.js';
import { learningRates } from './schedule.js';
import type { TrainingParts } from './training.js';

export interface Session
  extends
    Pick<TrainingParts, 'config' | 'graph' | 'proportion' | 'dataset'>,
    Omit<Opened, 'run' | 'lock' | 'programs' | 'state' | 'checkpoint'> {
  readonly signal: AbortSignal | undefined;
  readonly recorder: Recorder;
  readonly loaders: {
    readonly train: Loader;
    readonly test: Loader;
    /** Of the held-out images, if there are any. */
    readonly validation: Loader | undefined;
    /** Training images without augmentation. */
    readonly fit: Loader;
  };
  readonly learningRate: (step: number) => number;
  /** The number of learned values, for people. */
  readonly parameters: number;
  /** Replaced as the training moves on. */
  programs: Opened['programs'];
  state: Opened['state'];
  checkpoint: Opened['checkpoint'];
  /** The last evaluation on the test split by this process. */
  evaluated: Evaluation | undefined;
  close(): Promise<void>;
}

/**
 * Opens a new run or one to go on with. Everything is checked before anything is written.
 * @throws RectioError `checkpoint` if the run to resume does not fit or is in use, `disk` if it cannot be written, and
 * any error of the plans, the engine or the loaders
 */
export async function openSession(parts: TrainingParts): Promise<Session> {
  const closings = closing();
  try {
    const loaders = openLoaders(parts, closings);
    const opened = parts.resume === true ? await goOn(parts, closings) : await begin(parts, closings);
    const { run, lock, ...rest } = opened;
    const recorder =
      run === null || lock === undefined ? memoryRecorder() : await folderRecorder(run, lock, opened.state);
    closings.add(() => recorder.close());
    const { config, graph, proportion, dataset, signal } = parts;
    const { stepsPerEpoch } = loaders.train;
    return {
      ...rest,
      recorder,
      config,
      graph,
      proportion,
      dataset,
      signal,
      loaders,
      learningRate: learningRates(config.schedule, { stepsPerEpoch, totalSteps: stepsPerEpoch * config.epochs }),
      parameters: countParameters(graph),
      evaluated: undefined,
      close: () => closings.all(),
    };
  } catch (error) {
    // The first error is the one to tell; closing often fails for the same cause.
    await closings.all().catch(() => undefined);
    throw error;
  }
}

function openLoaders({ dataset, config }: TrainingParts, closings: Closing): Session['loaders'] {
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
    fit: open({ ...judging, dataset: { ...dataset, test: evenlyOf(dataset.train, fitImages) }, split: 'test' }),
  };
}

/** How many training images measure the fit: enough for half a point. They are spread evenly, since data may be sorted. */
const fitImages = 10_000;

function countParameters(graph: Graph): number {
  return graphParameters(graph)
    .filter(({ trainable }) => trainable)
    .reduce((sum, { shape }) => sum + elements(shape), 0);
}
