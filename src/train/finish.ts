/** The end of a training: the weights that are its result, their answers, and the final numbers. */

import { scoreClasses, scoreOf, warningsOn, wrongByFile, type Score, type TrainSummary } from '../run/index.js';
import { evaluate, type Evaluation } from './evaluate.js';
import { readJudgedWeights, writeInferenceWeights } from './programs.js';
import type { Ending, Weights } from './recorder.js';
import type { Session } from './session.js';

/**
 * Evaluates the result and records it, unless the run was done before. If images are held out, only this looks at the
 * test split.
 * @returns `stopped` if the session's signal asked for it
 * @throws RectioError `disk`
 */
export async function finishTraining(session: Session): Promise<Ending | 'stopped'> {
  const { recorder, programs, graph, loaders, dataset } = session;
  const before = await recorder.ended();
  if (before !== undefined) return before;
  const weights = await resultWeights(session);
  await writeInferenceWeights(programs, graph, weights);
  // The last epoch's evaluation is that of the result, unless another epoch was chosen or another process made it.
  const evaluated = session.evaluated ?? (await evaluateOn(session, loaders.test));
  const fit = await evaluateOn(session, loaders.fit);
  if (evaluated === undefined || fit === undefined) return 'stopped';
  const ending = { summary: summarize(session, evaluated, scoreOf(fit.tally)), weights };
  await recorder.end(ending, { answers: evaluated.answers, dataset });
  return ending;
}

/** The kept weights if images are held out, else those of the last epoch. */
async function resultWeights({ recorder, programs, state }: Session): Promise<Weights> {
  return state.chosen === null ? readJudgedWeights(programs) : recorder.kept();
}

function evaluateOn(session: Session, loader: Session['loaders']['test']): Promise<Evaluation | undefined> {
  const { programs, dataset, signal } = session;
  return evaluate(programs.inference, loader.epoch(0), dataset.classes.length, signal);
}

function summarize(session: Session, { tally, answers, imagesPerSecond }: Evaluation, fit: Score): TrainSummary {
  const { recorder, config, graph, proportion, dataset, loaders, state, parameters, weights } = session;
  if (state.scores === null) throw new Error('A training that is not done has no summary.');
  const { train } = state.scores;
  const test = scoreOf(tally);
  const classes = scoreClasses(answers, dataset.classes);
  return {
    run: recorder.run,
    model: graph.name,
    ratio: proportion.label,
    epochs: config.epochs,
    seed: config.seed,
    train,
    fit,
    validation: state.chosen?.validation ?? null,
    test,
    classes,
    wrong: dataset.testFiles === undefined ? null : wrongByFile(answers, dataset.classes, dataset.testFiles),
    warnings: warningsOn({ test, train, classes, steps: state.step, stepsPerEpoch: loaders.train.stepsPerEpoch }),
    epoch: state.chosen?.epoch ?? state.epoch - 1,
    imagesPerSecond: (state.step * config.batch) / state.seconds.training,
    evaluationImagesPerSecond: imagesPerSecond,
    peakMemory: process.resourceUsage().maxRSS * 1024,
    seconds: state.seconds.total,
    parameters,
    weights,
  };
}
