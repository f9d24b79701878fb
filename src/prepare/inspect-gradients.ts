/** Measures a network's gradients before any training, at a ratio beside 1:1. */

import { wholeNumber } from '../base/check.js';
import { defined } from '../base/defined.js';
import { hashText, randomStream } from '../base/random.js';
import { createLoader, openDataset, type Dataset, type OpenOptions } from '../data/index.js';
import type { Engine, RunInputs } from '../engines/engine.js';
import { openEngine } from '../engines/registry.js';
import { elements, initializeWeights, type Graph } from '../graph/index.js';
import {
  gradientArm,
  gradientDefaults,
  gradientMeaning,
  type GradientNorms,
  type GradientReport,
} from '../inspect/index.js';
import { madeFor, type NetworkOptions } from '../network-file/index.js';
import { trainingPlan } from '../plan/index.js';
import { applyRatio, type ProportionOptions } from '../proportion/index.js';
import { checkDataFit } from './data-fit.js';
import { openNetwork } from './network.js';
import { checkNormSizes } from './norm-sizes.js';

export interface InspectGradientsSettings {
  /** The ratio to set beside 1:1, or all settings of the proportion. Default: 1:1 alone. */
  readonly ratio?: string | ProportionOptions | undefined;
  /**
   * Where the batch is from: a Dataset, or the name of one with its options. A network by name or file is then built for it.
   * Default: the built-in dataset if the network is for such images, else normally distributed noise.
   */
  readonly data?: string | ({ readonly name: string } & OpenOptions) | Dataset | undefined;
  /** Images in the batch, 1 or more; default 64. Theory wants many: each batch norm averages over the batch. */
  readonly batch?: number | undefined;
  /** How many initial weights to average over, with seeds from 0 on; default 3. */
  readonly seeds?: number | undefined;
  /** `auto` (the default) takes the fastest engine that works here. */
  readonly engine?: string | undefined;
  /** Threads of the engine. Default: one for each core. */
  readonly threads?: number | undefined;
}

/**
 * Measures how gradients grow or shrink from the last convolution back to the first, on one batch at initial weights. Each
 * seed gives both ratios the same weights. The same settings give the same report, on one engine.
 *
 *     const { arms, meaning } = await inspectGradients('plain56', { ratio: '2:1' });
 *     console.log(arms[1]?.decades?.mean, meaning);
 *
 * @param network its name in the zoo, the path of a file that holds one, or a Graph
 * @throws RectioError if settings do not fit, or if a gradient is not finite
 */
export async function inspectGradients(
  network: string | Graph,
  settings: InspectGradientsSettings = {},
): Promise<GradientReport> {
  const { ratio } = settings;
  const batch = wholeNumber({ from: 1, to: 65_536 })(settings.batch ?? gradientDefaults.batch, 'batch');
  const count = wholeNumber({ from: 1, to: 1000 })(settings.seeds ?? gradientDefaults.seeds, 'seeds');
  const given = await openGiven(settings.data);
  const graph = typeof network === 'string' ? await named(network, given) : network;
  const needed = madeFor(graph.name, graph);
  if (given !== undefined) checkDataFit(graph, given);
  checkNormSizes(graph, batch);
  const asked = applyRatio(graph, typeof ratio === 'string' ? { ratio } : ratio);
  const baseline = applyRatio(graph);
  const rewritten = asked.report.label === baseline.report.label ? [baseline] : [baseline, asked];

  const engine = await openEngine(settings.engine ?? 'auto', defined({ threads: settings.threads }));
  const dataset = given ?? (await builtIn(needed, batch));
  const inputs = dataset === undefined ? noise(needed, batch) : await firstBatch(dataset, batch);
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const arms = [];
  for (const { graph: arm, report } of rewritten) {
    arms.push(gradientArm(report.label, arm, await normsOf(arm, engine, batch, inputs, seeds)));
  }
  return {
    model: graph.name,
    batch,
    data: dataset?.name ?? 'noise',
    engine: engine.name,
    seeds,
    arms,
    meaning: gradientMeaning(arms),
  };
}

async function normsOf(
  graph: Graph,
  engine: Engine,
  batch: number,
  inputs: RunInputs,
  seeds: readonly number[],
): Promise<GradientNorms[]> {
  const program = await engine.compile(trainingPlan(graph, { batch, gradientNorms: true }));
  try {
    const norms: GradientNorms[] = [];
    for (const seed of seeds) {
      for (const [name, data] of initializeWeights(graph, seed)) await program.write(name, data);
      const outputs = await program.run(inputs, { step: 0 });
      norms.push(
        Object.fromEntries(
          Object.entries(outputs).flatMap(([name, [value]]) =>
            name.startsWith('norm:') && value !== undefined ? [[name, value]] : [],
          ),
        ),
      );
    }
    return norms;
  } finally {
    await program.dispose();
  }
}

async function openGiven(data: InspectGradientsSettings['data']): Promise<Dataset | undefined> {
  if (data === undefined) return undefined;
  if (typeof data === 'string') return openDataset(data);
  if ('fingerprint' in data) return data;
  const { name, ...options } = data;
  return openDataset(name, options);
}

async function named(name: string, dataset: Dataset | undefined): Promise<Graph> {
  const source = await openNetwork({ name, shortcut: null });
  try {
    return await source.network(dataset === undefined ? {} : optionsOf(dataset));
  } finally {
    await source.close();
  }
}

const optionsOf = ({ classes, shape }: Dataset): NetworkOptions => ({ classes: classes.length, inputShape: shape });

/** The built-in dataset, no larger than the batch, if the network takes its images and has its classes. */
async function builtIn({ classes, inputShape }: NetworkOptions, batch: number): Promise<Dataset | undefined> {
  const dataset = await openDataset('synthetic', { limit: batch });
  const fits = dataset.shape.join() === inputShape.join() && dataset.classes.length === classes;
  return fits && dataset.train.count === batch ? dataset : undefined;
}

/** The first batch of a training with seed 0, without transforms. */
async function firstBatch(dataset: Dataset, batch: number): Promise<RunInputs> {
  const loader = createLoader({ dataset, split: 'train', batch, workers: 0 });
  try {
    for await (const { images, targets } of loader.epoch(0)) {
      return { images: images.slice(), targets: targets.slice() };
    }
    throw new Error(`The loader of ${dataset.name} gave no batch.`);
  } finally {
    await loader.close();
  }
}

/** Normally distributed images, and every class equally often. */
function noise({ classes, inputShape }: NetworkOptions, batch: number): RunInputs {
  const stream = randomStream(0, hashText('gradients.noise'));
  const images = Float32Array.from({ length: batch * elements(inputShape) }, stream.normal);
  const targets = new Float32Array(batch * classes);
  for (let row = 0; row < batch; row++) targets[row * classes + (row % classes)] = 1;
  return { images, targets };
}
