/** The final numbers of a run: `summary.json`. */

import { rm } from 'node:fs/promises';

import { aCount, aNumber, aText, fields, listOf, orElse, orNull } from '../base/parse.js';
import { exists, onDisk } from '../system/errno.js';
import { replaceJson } from '../system/durable.js';
import { readJsonIfThere } from '../system/json-file.js';
import { parseScore, type Score } from './score.js';
import { parseWeightsReport, type WeightsReport } from './weights-report.js';
import { inRun } from './layout.js';
import {
  parseClassScore,
  parseWarning,
  parseWrongAnswer,
  type ClassScore,
  type Warning,
  type WrongAnswer,
} from './verdict.js';

/** The result of a training, as the command line prints it in JSON. */
export interface TrainSummary {
  /** The run's folder; null for a training that wrote none. */
  readonly run: string | null;
  readonly model: string;
  /** All that was asked of the proportion, such as `3:2` or `2:1@10`. */
  readonly ratio: string;
  readonly epochs: number;
  readonly seed: number;
  /** Of the last epoch, over its training batches as they were trained on. */
  readonly train: Score;
  /** Of the result, over at most 10,000 unaugmented training images, taken at equal distances. Null in runs of the first version. */
  readonly fit: Score | null;
  /** Of the result, on the images held out; null if none were. */
  readonly validation: Score | null;
  /** Of the result. */
  readonly test: Score;
  /** `test` by class, in the order of the classes; null in runs of the first version. */
  readonly classes: readonly ClassScore[] | null;
  /** The surest wrong answers about test images that have files, at most 24; null if the images lie in no files of their own. */
  readonly wrong: readonly WrongAnswer[] | null;
  /** What must not be overlooked, such as a training that diverged. */
  readonly warnings: readonly Warning[];
  /** From 0, the epoch whose weights are the result. */
  readonly epoch: number;
  readonly imagesPerSecond: number;
  /** Of the last evaluation; null in runs of the first version. */
  readonly evaluationImagesPerSecond: number | null;
  /** The peak memory of the process that finished the run, in bytes; null in runs of the first version. */
  readonly peakMemory: number | null;
  readonly seconds: number;
  readonly parameters: number;
  /** What the training began with of a file of weights; null if all weights were drawn. */
  readonly weights: WeightsReport | null;
}

/** Runs of the first version lack some keys; their result is always that of the last epoch. */
const parseFields = fields<Omit<TrainSummary, 'epoch'> & { readonly epoch: number | null }>({
  run: orNull(aText),
  model: aText,
  ratio: aText,
  epochs: aCount,
  seed: aCount,
  train: parseScore,
  fit: orElse(orNull(parseScore), null),
  validation: orElse(orNull(parseScore), null),
  test: parseScore,
  classes: orElse(orNull(listOf(parseClassScore)), null),
  wrong: orElse(orNull(listOf(parseWrongAnswer)), null),
  warnings: orElse(listOf(parseWarning), []),
  epoch: orElse(aCount, null),
  imagesPerSecond: aNumber,
  evaluationImagesPerSecond: orElse(orNull(aNumber), null),
  peakMemory: orElse(orNull(aNumber), null),
  seconds: aNumber,
  parameters: aCount,
  weights: orElse(orNull(parseWeightsReport), null),
});

function parseSummary(value: unknown, place: string): TrainSummary {
  const { epoch, ...rest } = parseFields(value, place);
  return { ...rest, epoch: epoch ?? rest.epochs - 1 };
}

/**
 * The final numbers of a run; undefined if it is not done.
 * @throws RectioError `checkpoint` naming the file if it is damaged
 */
export function readSummary(run: string): Promise<TrainSummary | undefined> {
  return readJsonIfThere(inRun(run, 'summary'), parseSummary, {
    code: 'checkpoint',
    hint: 'Delete this file and resume the run: it evaluates its weights again and writes it anew.',
  });
}

/** Whether a run is done. */
export function isDone(run: string): Promise<boolean> {
  return exists(inRun(run, 'summary'));
}

/** Makes a done run one that goes on. @throws RectioError `disk` */
export async function removeSummary(run: string): Promise<void> {
  await onDisk(run, () => rm(inRun(run, 'summary'), { force: true }));
}

/** @throws RectioError `disk` */
export async function writeSummary(run: string, summary: TrainSummary): Promise<void> {
  await replaceJson(inRun(run, 'summary'), summary);
}
