/** Is a leaky network an ensemble of ratios? Compares it with the mean over masked networks. */

import { defined } from '../../base/defined.js';
import { RectioError } from '../../base/error.js';
import { createLoader, evenlyOf, type Dataset, type Loader } from '../../data/index.js';
import { readRunWeights } from '../../deploy/index.js';
import type { Engine } from '../../engines/engine.js';
import type { Graph } from '../../graph/index.js';
import { openTraining, type ResumeSettings } from '../../prepare/index.js';
import type { Training } from '../../train/index.js';
import { logitsOf, withMeasuredStatistics, type NetworkWeights } from './forward.js';
import { drawMask, leakySites, maskedGraph, siteParts, type LeakySite, type SitePart } from './masks.js';
import { scoreLogits, type LogitScore } from './scores.js';

export interface EnsembleOptions extends Pick<ResumeSettings, 'engine' | 'threads' | 'data' | 'onProgress' | 'signal'> {
  /** Masks to draw for each part, 1 or more; default 16. */
  readonly masks?: number | undefined;
  /**
   * Training images on which batch norm's running statistics are measured for each mask, prepared as in the run's training;
   * default 2048. An incomplete last batch is left out. 0 keeps the run's own statistics.
   */
  readonly images?: number | undefined;
  /** At most this many test images, taken at equal distances. Default: all. */
  readonly testImages?: number | undefined;
  /** Seed of the masks and of the order of the training images; default 0. */
  readonly seed?: number | undefined;
  /** Told after each network. */
  readonly onNetwork?: ((done: number, total: number) => void) | undefined;
}

/** A score's mean and range over the masks. */
export interface ScoreRange {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The masks of one part of the network. */
export interface PartResult {
  /** `all`, or the only stage (or third) whose sites are masked. */
  readonly part: string;
  /** Masked sites. */
  readonly sites: number;
  /** The single masks; a key is null where the score is. */
  readonly single: { readonly [K in keyof LogitScore]: ScoreRange | null };
  /** The mean of the logits over the first `masks` masks. */
  readonly ensemble: readonly (LogitScore & { readonly masks: number })[];
}

export interface EnsembleResult {
  readonly format: 1;
  readonly run: string;
  readonly model: string;
  /** The run's proportion, such as `1:1 without * leaking 0.24`. */
  readonly ratio: string;
  readonly seed: number;
  readonly masks: number;
  /** Training images used for batch norm's statistics; 0 if the run's own were kept. */
  readonly images: number;
  readonly testImages: number;
  readonly sites: readonly Pick<LeakySite, 'name' | 'slope'>[];
  /** The leaky network as the run left it. */
  readonly leaky: { readonly error: number };
  /**
   * The leaky network with statistics measured as for the masks: how much is lost to measuring alone. Null if they
   * were kept.
   */
  readonly remeasured: LogitScore | null;
  /** All sites first, then each stage alone, in forward order. */
  readonly parts: readonly PartResult[];
}

/**
 * Draws masks of a finished run's leaky ReLUs and compares the mean of their logits with the leaky network's.
 *
 *     const { parts } = await measureEnsemble('runs/resnet20-leaky', { masks: 32 });
 *     for (const { part, ensemble } of parts) console.log(part, ensemble.at(-1));
 *
 * The same seed gives the same masks; the same engine then gives the same bits.
 * @throws RectioError `usage` if the network has no leaky sites or an option is out of range, `checkpoint` if `run` is no
 * finished run or had other data, `interrupted` after `signal`
 */
export async function measureEnsemble(run: string, options: EnsembleOptions = {}): Promise<EnsembleResult> {
  const { masks = 16, seed = 0 } = options;
  checkWhole('masks', masks, 1);
  checkWhole('seed', seed, 0);
  const { record, tensors } = await readRunWeights(run);
  const { graph, proportion } = record;
  const sites = leakySites(graph);
  const { engine, threads, data, onProgress, signal } = options;
  const training = await openTraining({ resume: run, ...defined({ engine, threads, data, onProgress, signal }) });
  checkData(run, record.dataset.fingerprint, training.dataset);
  const loaders = openLoaders(training, options, seed);
  try {
    const parts = siteParts(sites);
    const total = parts.length * masks + (loaders.statistics === undefined ? 1 : 2);
    const work = workbench(training, loaders, { signal, total, onNetwork: options.onNetwork });
    const weights = new Map([...tensors].map(([name, tensor]) => [name, tensor.data]));
    const target = await work.logits(graph, weights);
    const judge = (logits: Float32Array | Float64Array) => scoreLogits(logits, target, loaders.labels);
    const remeasured =
      loaders.statistics === undefined ? null : judge(await work.logits(graph, await work.measured(graph, weights)));
    const results: PartResult[] = [];
    for (const part of parts) {
      const drawn = { masks, mask: (index: number) => maskedGraph(graph, drawMask(sites, seed, index), part) };
      results.push(await measurePart(part, drawn, { weights, work, judge }));
    }
    return {
      format: 1,
      run,
      model: graph.name,
      ratio: proportion.label,
      seed,
      masks,
      images: loaders.images,
      testImages: loaders.labels.length,
      sites: sites.map(({ name, slope }) => ({ name, slope })),
      leaky: { error: judge(target).error },
      remeasured,
      parts: results,
    };
  } finally {
    await loaders.close();
  }
}

async function measurePart(
  { name, sites }: SitePart,
  { masks, mask }: { readonly masks: number; readonly mask: (index: number) => Graph },
  {
    weights,
    work,
    judge,
  }: {
    readonly weights: NetworkWeights;
    readonly work: Workbench;
    readonly judge: (logits: Float32Array | Float64Array) => LogitScore;
  },
): Promise<PartResult> {
  const single: LogitScore[] = [];
  const ensemble: (LogitScore & { readonly masks: number })[] = [];
  let sum: Float64Array | undefined;
  for (let index = 0; index < masks; index++) {
    const graph = mask(index);
    const logits = await work.logits(graph, await work.measured(graph, weights));
    single.push(judge(logits));
    const sums = (sum ??= new Float64Array(logits.length));
    for (let i = 0; i < sums.length; i++) sums[i]! += logits[i]!;
    const count = index + 1;
    if (Number.isInteger(Math.log2(count)) || count === masks) {
      ensemble.push({ masks: count, ...judge(sums.map((value) => value / count)) });
    }
  }
  const over = (key: keyof LogitScore) => rangeOf(single.map((score) => score[key]));
  return {
    part: name,
    sites: sites.length,
    single: { r2: over('r2'), r2Fitted: over('r2Fitted'), agreement: over('agreement'), error: over('error') },
    ensemble,
  };
}

/** Null if a value is. */
function rangeOf(values: readonly (number | null)[]): ScoreRange | null {
  const known = values.filter((value) => value !== null);
  if (known.length < values.length) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return { mean, low: Math.min(...known), high: Math.max(...known) };
}

/** What each network is put through. */
interface Workbench {
  /** The weights with statistics of this network's own, or as they are if the run's are kept. */
  measured(graph: Graph, weights: NetworkWeights): Promise<NetworkWeights>;
  /** The logits of the test images; counts as one network done. */
  logits(graph: Graph, weights: NetworkWeights): Promise<Float32Array>;
}

function workbench(
  { engine }: { readonly engine: Engine },
  { statistics, test }: Loaders,
  { signal, total, onNetwork }: Pick<EnsembleOptions, 'signal' | 'onNetwork'> & { readonly total: number },
): Workbench {
  let done = 0;
  return {
    measured: async (graph, weights) =>
      statistics === undefined ? weights : withMeasuredStatistics(engine, graph, weights, statistics),
    async logits(graph, weights) {
      if (signal?.aborted) {
        throw new RectioError('interrupted', 'The ensemble was stopped before its end.', 'Start it again.');
      }
      const logits = await logitsOf(engine, graph, weights, test);
      onNetwork?.(++done, total);
      return logits;
    },
  };
}

interface Loaders {
  /** Undefined if the run's own statistics are kept. */
  readonly statistics: Loader | undefined;
  readonly images: number;
  readonly test: Loader;
  /** Of the test images, in order. */
  readonly labels: Uint16Array;
  close(): Promise<void>;
}

function openLoaders({ dataset, config }: Training, options: EnsembleOptions, seed: number): Loaders {
  const { images = 2048, testImages = dataset.test.count } = options;
  // The variance of one image's values can be 0.
  if (images !== 0) checkWhole('images', images, 2);
  checkWhole('testImages', testImages, 1);
  const { workers } = config.data;
  const tested: Dataset = { ...dataset, test: evenlyOf(dataset.test, testImages) };
  const test = createLoader({ dataset: tested, split: 'test', batch: config.evaluation.batch, workers });
  const seen: Dataset = { ...dataset, train: evenlyOf(dataset.train, images) };
  const batch = Math.min(config.batch, seen.train.count);
  const statistics =
    images === 0
      ? undefined
      : createLoader({ dataset: seen, split: 'train', batch, seed, transforms: config.transforms, workers });
  return {
    statistics,
    images: statistics === undefined ? 0 : batch * statistics.stepsPerEpoch,
    test,
    labels: tested.test.labels,
    close: async () => {
      await Promise.all([test.close(), statistics?.close()]);
    },
  };
}

function checkWhole(name: keyof EnsembleOptions, value: number, from: number): void {
  if (Number.isInteger(value) && value >= from) return;
  throw new RectioError('usage', `${name} cannot be ${value}`, `Give a whole number of at least ${from}.`);
}

/** @throws RectioError `checkpoint` */
function checkData(run: string, fingerprint: string, dataset: Dataset): void {
  if (dataset.fingerprint === fingerprint) return;
  throw new RectioError(
    'checkpoint',
    `The run ${run} was trained on other data: ${dataset.name} now has fingerprint ${dataset.fingerprint}, not ${fingerprint}.`,
    'Give the data that it was trained on with `data.dir`.',
  );
}
