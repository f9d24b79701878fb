/** A training in one call. */

import type { Graph } from '../graph/index.js';
import type { TrainSummary } from '../run/index.js';
import { train, type TrainEvent, type Weights } from '../train/index.js';
import { openTraining, type TrainingSettings } from './open-training.js';

export interface TrainNetworkSettings extends Omit<TrainingSettings, 'model'> {
  /** Called with everything that happens. */
  readonly onEvent?: (event: TrainEvent) => void;
}

/** What a training ends with. */
export interface TrainedNetwork extends Omit<TrainSummary, 'weights'> {
  /** By their state_dict names. */
  readonly weights: Weights;
}

/**
 * Trains a network to the end.
 *
 *     const { test, weights } = await trainNetwork('resnet20', { data: 'cifar10', ratio: '2:1@10', epochs: 3 });
 *
 * @param network its name in the zoo, the path of a file that holds one, or a Graph
 * @throws RectioError if settings do not fit, or if something stops the training
 */
export async function trainNetwork(
  network: string | Graph,
  { onEvent, ...settings }: TrainNetworkSettings = {},
): Promise<TrainedNetwork> {
  for await (const event of train(await openTraining({ ...settings, model: network }))) {
    onEvent?.(event);
    if (event.type === 'done') return { ...event.summary, weights: event.weights };
  }
  throw new Error('A training ended without a summary.');
}
