/** Brings together what a training needs: dataset, network at its ratio, engine. */

import type { Dataset } from '../data/index.js';
import type { Engine } from '../engines/engine.js';
import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import type { TrainConfig } from '../train/index.js';
import { defined } from './proportion-options.js';

export interface Prepared {
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** The network before its ratio: what files of weights know. */
  readonly network: Graph;
  readonly graph: Graph;
  readonly proportion: ProportionReport;
  readonly config: TrainConfig;
}

/** Who is told of a dataset that takes long to open, and who may stop it. */
export interface Opening {
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

export interface EngineChoice {
  readonly engine: string;
  readonly threads: number | undefined;
}

/**
 * Opens everything. Names and ratio are looked at before the dataset is read, which can take seconds.
 * @throws RectioError for whatever does not exist or does not fit
 */
export async function prepareTraining(
  config: TrainConfig,
  { engine: name, threads }: EngineChoice,
  opening: Opening,
): Promise<Prepared> {
  const [{ openDataset }, { openEngine }, { createModel }, { applyRatio }, { proportionOptions }] = await Promise.all([
    import('../data/index.js'),
    import('../engines/registry.js'),
    import('../zoo/index.js'),
    import('../proportion/index.js'),
    import('../train/index.js'),
  ]);
  const { model, ratio, data } = config;
  const proportion = proportionOptions(ratio);
  applyRatio(createModel(model.name), proportion);
  const engine = await openEngine(name, defined({ threads }));
  const { dir, seed, limit, size } = data;
  const dataset = await openDataset(data.name, {
    ...opening,
    seed,
    ...defined({ dir: dir ?? undefined, limit: limit ?? undefined, size: size ?? undefined }),
  });
  const network = createModel(model.name, {
    classes: dataset.classes.length,
    inputShape: dataset.shape,
    ...(model.shortcut === null ? {} : { shortcut: model.shortcut }),
  });
  const { graph, report } = applyRatio(network, proportion);
  return { engine, dataset, network, graph, proportion: report, config };
}
