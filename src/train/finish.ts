/** What a run leaves behind when it is done: the final weights, its answers and the final numbers. */

import { join } from 'node:path';

import { chosenWeights } from './chosen.js';
import {
  writeEpochsCsv,
  scoreOf,
  type Score,
  type TrainSummary,
  readSummary,
  summaryPath,
  writePredictions,
  writeWrongPictures,
} from '../run/index.js';
import { evaluate, type Evaluation } from './evaluate.js';
import { replaceJson } from '../system/files.js';
import { writeInferenceWeights } from './programs.js';
import { writeSafetensors } from '../formats/index.js';
import type { Session } from './session.js';

/**
 * Writes model.safetensors (the weights that are the result), predictions.safetensors (their answers to the test
 * images), wrong.png, epochs.csv and summary.json, unless the run was done before. Only here the test split is looked at where images were held out.
 * @returns `stopped` where the session's signal asked for it
 * @throws RectioError `disk`
 */
export async function finishRun(session: Session): Promise<TrainSummary | 'stopped'> {
  const { run, programs, graph, loaders, proportion } = session;
  const before = await readSummary(run);
  if (before !== undefined) return { ...before, run };
  const weights = await chosenWeights(session);
  await writeInferenceWeights(programs, graph, weights);
  // The last epoch's evaluation is the result's, unless another epoch was chosen or another process made it.
  const evaluated = session.evaluated ?? (await evaluateOn(session, loaders.test));
  const fit = await evaluateOn(session, loaders.fit);
  if (evaluated === undefined || fit === undefined) return 'stopped';
  await writePredictions(run, evaluated.answers);
  await writeWrongPictures(run, evaluated.answers, session.dataset);
  await writeEpochsCsv(run);
  await writeSafetensors(join(run, 'model.safetensors'), weights, {
    format: 'pt',
    model: graph.name,
    ratio: proportion.label,
  });
  const summary = summarize(session, evaluated, scoreOf(fit.tally));
  await replaceJson(summaryPath(run), summary);
  return summary;
}

function evaluateOn(session: Session, loader: Session['loaders']['test']): Promise<Evaluation | undefined> {
  const { programs, dataset, signal } = session;
  return evaluate(programs.inference, loader.epoch(0), dataset.classes.length, signal);
}

function summarize(session: Session, { tally, imagesPerSecond }: Evaluation, fit: Score): TrainSummary {
  const { run, config, graph, proportion, state, parameters, weights } = session;
  if (state.scores === null) throw new Error('A run that is not done has no summary.');
  return {
    run,
    model: graph.name,
    ratio: proportion.label,
    epochs: config.epochs,
    seed: config.seed,
    train: state.scores.train,
    fit,
    validation: state.chosen?.validation ?? null,
    test: scoreOf(tally),
    epoch: state.chosen?.epoch ?? state.epoch - 1,
    imagesPerSecond: (state.step * config.batch) / state.seconds.training,
    evaluationImagesPerSecond: imagesPerSecond,
    peakMemory: process.resourceUsage().maxRSS * 1024,
    seconds: state.seconds.total,
    parameters,
    weights,
  };
}
