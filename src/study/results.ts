/** The results of a study so far, read from the runs on disk. */

import { median } from '../base/median.js';
import { inspectGraph } from '../inspect/index.js';
import { readFailure, runFolder, type Addition, type Failure, type Study } from './folder.js';
import type { Arm, Trial } from './plan.js';
import { sameTrainingError, type CurvePoint, type SameTrainingError } from './same-training-error.js';
import {
  compareAll,
  detectableDifference,
  meanError,
  summarize,
  type Difference,
  type Interval,
  type Outcome,
  type VarianceComponents,
} from './statistics/index.js';
import { trialState, type TrialState } from './trial.js';
import {
  readEpochScores,
  readPredictions,
  readRunRecord,
  readSummary,
  type Answers,
  type EpochScores,
  type RunRecord,
  type Score,
  type TrainSummary,
} from '../run/index.js';

export interface StudyResult {
  readonly study: string;
  readonly hash: string;
  readonly created: string;
  readonly versions: { readonly [name: string]: string };
  /** The devices of finished trials, such as `cpu, AVX-512, 2 threads`. */
  readonly devices: readonly string[];
  readonly dataset: RunRecord['dataset'] | null;
  readonly epochs: readonly number[];
  readonly additions: readonly Addition[];
  readonly trials: readonly TrialResult[];
  readonly groups: readonly GroupResult[];
}

export interface TrialResult {
  readonly trial: Trial;
  readonly state: TrialState | 'failed';
  readonly failure: Failure | null;
}

/** Arms that are compared with one baseline. */
export interface GroupResult {
  readonly name: string;
  /** Its baseline first. */
  readonly arms: readonly ArmResult[];
  /** The smallest true difference in points that this many seeds detect with 80 % power; null before two are done. */
  readonly detectable: number | null;
}

export interface ArmResult {
  readonly arm: Arm;
  readonly pattern: string | null;
  /** The number of finished seeds. */
  readonly seeds: readonly number[];
  /** Test error in percent; null before the first seed is done. */
  readonly error: ErrorResult | null;
  /**
   * Mean over seeds of the result's cross entropy and error on unaugmented training images, in inference mode; null if a run
   * did not record them.
   */
  readonly fit: Score | null;
  /** Mean of test error minus error on training images as they are, in points. */
  readonly gap: number | null;
  /** Against the baseline; null for the baseline itself and before a seed is done in both. */
  readonly difference: Difference | null;
  /** Against the baseline; null for the baseline itself and before a seed is done in both. */
  readonly sameTrainingError: SameTrainingError | null;
  readonly cost: Cost | null;
  /** What was trained; null before the first seed is done. */
  readonly network: Pick<RunRecord, 'graph' | 'proportion'> | null;
  readonly runs: readonly RunResult[];
}

export interface ErrorResult {
  readonly n: number;
  readonly mean: number;
  /** Between seeds; null for one. */
  readonly sd: number | null;
  /** 95 %, over other seeds and other test images. */
  readonly ci: Interval | null;
}

export interface Cost {
  readonly parameters: number;
  readonly macs: number;
  /** Values that pass through an activation for one image. */
  readonly activationElements: number;
  /** Medians over the runs; images/s, and bytes. */
  readonly trainingSpeed: number;
  /** Null if runs of the first version did not record it. */
  readonly inferenceSpeed: number | null;
  readonly peakMemory: number | null;
}

export interface RunResult {
  readonly seed: number;
  readonly run: string;
  readonly summary: TrainSummary;
  readonly curve: readonly CurvePoint[];
}

/** A finished trial, with everything that is read from it. */
interface Done {
  readonly trial: Trial;
  readonly record: RunRecord;
  readonly result: RunResult;
  readonly outcome: Outcome;
}

/** Enough to keep the disk busy. All of 500 trials at once would take hundreds of megabytes. */
const readAtOnce = 16;

/** @throws RectioError `checkpoint` if a finished run is damaged */
export async function studyResult(study: Study): Promise<StudyResult> {
  return resultOf(study, await readTrials(study));
}

/** The trials of a study, and what the finished ones hold. */
export interface ReadTrials {
  readonly states: readonly TrialResult[];
  readonly done: readonly Done[];
}

/** @throws RectioError `checkpoint` if a finished run is damaged */
export async function readTrials({ folder, trials }: Study): Promise<ReadTrials> {
  const states = await Promise.all(trials.map((trial) => stateOf(folder, trial)));
  const done: Done[] = [];
  const finished = states.filter(({ state }) => state === 'done').map(({ trial }) => trial);
  while (done.length < finished.length) {
    const next = finished.slice(done.length, done.length + readAtOnce);
    done.push(...(await Promise.all(next.map((trial) => readTrial(folder, trial)))));
  }
  return { states, done };
}

export function resultOf({ record, additions }: Study, { states, done }: ReadTrials): StudyResult {
  const groups = [...new Set(record.plan.arms.map(({ group }) => group))];
  return {
    study: record.plan.name,
    hash: record.hash,
    created: record.created,
    versions: record.versions,
    devices: distinct(done.map((trial) => trial.record.engine.device)),
    dataset: done[0]?.record.dataset ?? null,
    epochs: distinct(record.plan.arms.map(({ config }) => config.epochs)),
    additions,
    trials: states,
    groups: groups.map((name) => {
      const arms = record.plan.arms.filter(({ group }) => group === name);
      return groupResult(name, arms, done, record.plan.worthwhile);
    }),
  };
}

async function stateOf(folder: string, trial: Trial): Promise<TrialResult> {
  const state = await trialState(folder, trial);
  const failure = state === 'done' ? undefined : await readFailure(folder, trial);
  // A failed trial that is being repeated counts by its present state.
  const failed = failure !== undefined && state !== 'running';
  return { trial, state: failed ? 'failed' : state, failure: failed ? failure : null };
}

async function readTrial(folder: string, trial: Trial): Promise<Done> {
  const run = runFolder(folder, trial);
  const [record, summary, epochs, predictions] = await Promise.all([
    readRunRecord(run),
    readSummary(run),
    readEpochScores(run),
    readPredictions(run),
  ]);
  return {
    trial,
    record,
    result: { seed: trial.seed, run, summary: summary!, curve: epochs.map(curvePoint) },
    outcome: { seed: trial.seed, wrong: wrongOf(predictions) },
  };
}

function wrongOf({ labels, predicted }: Answers): Int8Array {
  const wrong = new Int8Array(labels.length);
  for (let i = 0; i < wrong.length; i++) wrong[i] = labels[i] === predicted[i] ? 0 : 1;
  return wrong;
}

function curvePoint({ epoch, train, test, validation }: EpochScores): CurvePoint {
  const evaluatedError = (validation ?? test)?.error ?? null;
  return { epoch: epoch + 1, trainLoss: train.loss, trainError: train.error, evaluatedError };
}

function groupResult(name: string, arms: readonly Arm[], done: readonly Done[], worthwhile: number): GroupResult {
  const ofArm = (arm: Arm): Done[] => done.filter(({ trial }) => trial.arm.id === arm.id);
  const outcomes = (arm: Arm): Outcome[] => ofArm(arm).map(({ outcome }) => outcome);
  const runs = (arm: Arm): RunResult[] => ofArm(arm).map(({ result }) => result);
  const [baseline, ...variants] = arms;
  const differences = compareAll(outcomes(baseline!), variants.map(outcomes), { worthwhile });
  return {
    name,
    arms: arms.map((arm, index) =>
      armResult(arm, ofArm(arm), index === 0 ? null : differences[index - 1]!, runs(baseline!)),
    ),
    detectable: detectableNow(differences, ofArm(baseline!)),
  };
}

function armResult(
  arm: Arm,
  done: readonly Done[],
  difference: Difference | null,
  baseline: readonly RunResult[],
): ArmResult {
  const runs = done.map(({ result }) => result);
  const summaries = runs.map(({ summary }) => summary);
  const graph = done[0]?.record.graph;
  const totals = graph === undefined ? undefined : inspectGraph(graph).totals;
  return {
    arm,
    pattern: done[0]?.record.proportion.pattern ?? null,
    seeds: done.map(({ trial }) => trial.seed),
    error: done.length === 0 ? null : errorResult(done.map(({ outcome }) => outcome)),
    fit: fitOf(summaries),
    gap: gapOf(summaries),
    difference,
    sameTrainingError: difference === null ? null : sameTrainingError(baseline, runs),
    cost:
      totals === undefined
        ? null
        : {
            parameters: totals.parameters,
            macs: totals.macs,
            activationElements: totals.activationElements,
            trainingSpeed: median(summaries.map(({ imagesPerSecond }) => imagesPerSecond)),
            inferenceSpeed: medianOfKnown(summaries.map(({ evaluationImagesPerSecond }) => evaluationImagesPerSecond)),
            peakMemory: medianOfKnown(summaries.map(({ peakMemory }) => peakMemory)),
          },
    network: done[0]?.record ?? null,
    runs,
  };
}

function errorResult(outcomes: readonly Outcome[]): ErrorResult {
  const { estimate, ci } = meanError(outcomes);
  return { n: estimate.seeds, mean: estimate.mean, sd: summarize(estimate.seedMeans).deviation, ci };
}

/** From the mean variances of the comparisons. */
function detectableNow(differences: readonly (Difference | null)[], baseline: readonly Done[]): number | null {
  const known = differences.flatMap((difference) => (difference?.variances ? [difference.variances] : []));
  const [first] = baseline;
  if (known.length === 0 || first === undefined) return null;
  const component = (name: keyof VarianceComponents): number => mean(known.map((variances) => variances[name]));
  return detectableDifference({
    seeds: baseline.length,
    examples: first.outcome.wrong.length,
    variances: { seed: component('seed'), example: component('example'), residual: component('residual') },
    comparisons: differences.length,
  });
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Null if no run is done, or if one did not record its fit. */
function fitOf(summaries: readonly TrainSummary[]): Score | null {
  const fits = summaries.flatMap(({ fit }) => fit ?? []);
  if (fits.length === 0 || fits.length < summaries.length) return null;
  return { loss: mean(fits.map(({ loss }) => loss)), error: mean(fits.map(({ error }) => error)) };
}

/** Null if no run is done, or if one did not record its fit. */
function gapOf(summaries: readonly TrainSummary[]): number | null {
  const fit = fitOf(summaries);
  return fit === null ? null : mean(summaries.map(({ test }) => test.error)) - fit.error;
}

function medianOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}
