/**
 * A training that is ready to begin. Only `openTraining` makes one (through `sealTraining`), from one checked record:
 * so what a run records is what it trains.
 */

import { RectioError } from '../base/error.js';
import type { TrainConfig } from '../config/index.js';
import type { Dataset } from '../data/index.js';
import type { Engine } from '../engines/engine.js';
import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import type { InitialWeights } from '../run/index.js';

/** Everything that `train` needs. */
export interface TrainingParts {
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** The network, already rewritten to its ratio. */
  readonly graph: Graph;
  /** What the rewrite kept and dropped. */
  readonly proportion: ProportionReport;
  readonly config: TrainConfig;
  /** What a new run begins with. Parameters that it does not name are drawn from the seed. */
  readonly initial?: InitialWeights;
  /** What the user should know of the settings before a new training begins, in sentences. */
  readonly notes?: readonly string[];
  /** Versions for the run's record, by name. */
  readonly versions?: { readonly [name: string]: string };
  /** The run's folder; true: a new, numbered one below `runs/`; null: nothing is written. */
  readonly run: string | true | null;
  /** Go on with the run in `run`. */
  readonly resume?: boolean;
  /** Asks to finish the step, write a checkpoint and stop. */
  readonly signal?: AbortSignal;
}

/** The mark that no other code can put on an object. */
const sealed = Symbol('training');

/** What `train` takes: opened by `openTraining`, to be looked at, not to be put together by hand. */
export interface Training {
  readonly [sealed]: true;
  readonly config: TrainConfig;
  /** The network, rewritten to its ratio. */
  readonly graph: Graph;
  readonly proportion: ProportionReport;
  readonly dataset: Dataset;
  readonly engine: Engine;
}

const parts = new WeakMap<Training, TrainingParts>();

/** Only what opens a training from its settings may call this, and tests. */
export function sealTraining(given: TrainingParts): Training {
  const { config, graph, proportion, dataset, engine } = given;
  const training = Object.freeze({ [sealed]: true as const, config, graph, proportion, dataset, engine });
  parts.set(training, Object.freeze({ ...given }));
  return training;
}

/** @throws RectioError `usage` for anything that `openTraining` did not make */
export function partsOf(training: Training): TrainingParts {
  const found = parts.get(training);
  if (found !== undefined) return found;
  throw new RectioError(
    'usage',
    'This is no training that openTraining made.',
    'Give train what openTraining returns: for await (const event of train(await openTraining({ … }))).',
  );
}
