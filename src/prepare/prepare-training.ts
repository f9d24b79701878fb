/** Brings together what a training needs: dataset, network at its ratio, engine. */

import type { Dataset } from '../data/index.js';
import type { Engine } from '../engines/engine.js';
import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import type { RunRecord } from '../run/index.js';
import type { TrainConfig } from '../config/index.js';
import { openNetwork } from './network.js';
import { defined } from '../base/defined.js';

export interface Prepared {
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** The network before its ratio: what files of weights know. Where a run goes on, only `graph` is left of it. */
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

/** A network at its ratio, as a run's record holds it. */
export type StoredNetwork = Pick<RunRecord, 'graph' | 'proportion'>;

/**
 * Opens everything. Names and ratio are looked at before the dataset is read, which can take seconds.
 * @param stored the network of a run that goes on; what the config calls its network is not looked at then
 * @throws RectioError for whatever does not exist or does not fit
 */
export async function prepareTraining(
  config: TrainConfig,
  { engine: name, threads }: EngineChoice,
  opening: Opening,
  stored?: StoredNetwork,
): Promise<Prepared> {
  const [{ holdOut, openDataset }, { openEngine }] = await Promise.all([
    import('../data/index.js'),
    import('../engines/registry.js'),
  ]);
  const network = stored === undefined ? await openAtRatio(config, opening.signal) : alreadyMade(stored);
  try {
    const engine = await openEngine(name, defined({ threads }));
    const { dir, seed, limit, size } = config.data;
    const opened = await openDataset(config.data.name, {
      ...opening,
      seed,
      ...defined({ dir: dir ?? undefined, limit: limit ?? undefined, size: size ?? undefined }),
    });
    const { validation } = config.evaluation;
    const dataset = validation === null ? opened : holdOut(opened, validation, seed);
    return { engine, dataset, config, ...(await network.for(dataset)) };
  } finally {
    await network.close();
  }
}

/** A network at its ratio that waits for its data. */
interface Awaiting {
  for(dataset: Dataset): Promise<Pick<Prepared, 'network' | 'graph' | 'proportion'>>;
  close(): Promise<void>;
}

const alreadyMade = ({ graph, proportion }: StoredNetwork): Awaiting => ({
  for: async () => ({ network: graph, graph, proportion }),
  close: async () => undefined,
});

async function openAtRatio({ model, ratio }: TrainConfig, signal: AbortSignal): Promise<Awaiting> {
  const [{ applyRatio }, { proportionOptions }] = await Promise.all([
    import('../proportion/index.js'),
    import('../config/index.js'),
  ]);
  const proportion = proportionOptions(ratio);
  const network = await openNetwork(model, signal);
  // Whether it can have the ratio is said before the dataset is read, where the network is known already.
  const known = network.known();
  if (known !== undefined) applyRatio(known, proportion);
  return {
    for: async ({ classes, shape }) => {
      const plain = await network.network({ classes: classes.length, inputShape: shape });
      const { graph, report } = applyRatio(plain, proportion);
      return { network: plain, graph, proportion: report };
    },
    close: network.close,
  };
}
