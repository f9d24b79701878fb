/** The final numbers of a run: `summary.json`. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceJson, whereGone } from '../system/files.js';
import type { Score } from './score.js';
import type { WeightsReport } from './weights-report.js';

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
  /** Of the result, over (at most the first 10,000) training images as they are. */
  readonly fit: Score;
  /** Of the result, on the images held out; null where none were. */
  readonly validation: Score | null;
  /** Of the result. */
  readonly test: Score;
  /** From 0, the epoch whose weights are the result. */
  readonly epoch: number;
  readonly imagesPerSecond: number;
  /** Of the last evaluation. */
  readonly evaluationImagesPerSecond: number;
  /** The most memory that the process that finished the run held, in bytes. */
  readonly peakMemory: number;
  readonly seconds: number;
  readonly parameters: number;
  /** What the training began with of a file of weights; null where all weights were drawn. */
  readonly weights: WeightsReport | null;
}

const summaryPath = (run: string): string => join(run, 'summary.json');

/** The final numbers of a run; undefined where it is not done. */
export async function readSummary(folder: string): Promise<TrainSummary | undefined> {
  const text = await readFile(summaryPath(folder), 'utf8').catch(whereGone);
  return text === undefined ? undefined : (JSON.parse(text) as TrainSummary);
}

/** @throws RectioError `disk` */
export async function writeSummary(run: string, summary: TrainSummary): Promise<void> {
  await replaceJson(summaryPath(run), summary);
}
