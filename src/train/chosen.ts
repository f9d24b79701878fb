/** Where images are held out: the weights of the epoch with the least error on them, which are the run's result. */

import { join } from 'node:path';
import type { TrainState, Score } from '../run/index.js';
import { readJudgedWeights } from './programs.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../formats/index.js';
import type { Session } from './session.js';

const pathOf = (run: string): string => join(run, 'chosen.safetensors');

/**
 * Keeps the weights as they are now where their error is the least so far; of equal ones the first. What was kept goes
 * into the next checkpoint's state. A run that a crash throws back comes to the same weights again.
 * @throws RectioError `disk`
 */
export async function keepChosen(session: Session, validation: Score | null): Promise<TrainState['chosen']> {
  const { run, programs, state } = session;
  if (validation === null) return state.chosen;
  if (state.chosen !== null && state.chosen.validation.error <= validation.error) return state.chosen;
  await writeSafetensors(pathOf(run), await readJudgedWeights(programs));
  return { epoch: state.epoch, validation };
}

/** The weights that are the run's result: the kept ones, or those of the last epoch where nothing is held out. */
export async function chosenWeights({ run, programs, state }: Session): Promise<ReadonlyMap<string, StoredTensor>> {
  return state.chosen === null ? readJudgedWeights(programs) : (await readSafetensors(pathOf(run))).tensors;
}
