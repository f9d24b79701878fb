/** What a run leaves behind when it is done: the final weights and the final numbers. */

import { join } from 'node:path';

import type { TrainSummary } from './events.js';
import { replaceJson } from './files.js';
import { readJudgedWeights } from './programs.js';
import { writeSafetensors } from './safetensors.js';
import type { Session } from './session.js';

/** Writes model.safetensors (the weights that were evaluated last) and summary.json. @throws RectioError `disk` */
export async function finishRun(session: Session): Promise<TrainSummary> {
  const { run, graph, programs } = session;
  const summary = summarize(session);
  await writeSafetensors(join(run, 'model.safetensors'), await readJudgedWeights(programs), {
    format: 'pt',
    model: graph.name,
    ratio: summary.ratio,
  });
  await replaceJson(join(run, 'summary.json'), summary);
  return summary;
}

function summarize({ run, config, graph, proportion, state, parameters, weights }: Session): TrainSummary {
  const { train, test } = state.scores ?? {};
  if (!train || !test) throw new Error('A run that is not done has no summary.');
  return {
    run,
    model: graph.name,
    ratio: proportion.label,
    epochs: config.epochs,
    seed: config.seed,
    train,
    test,
    imagesPerSecond: (state.step * config.batch) / state.seconds.training,
    seconds: state.seconds.total,
    parameters,
    weights,
  };
}
