/** The epochs of a run as a table for spreadsheets and plotting programs. */

import { replaceFile } from '../system/durable.js';
import { readEpochs, type EpochLine } from './metrics.js';
import { inRun } from './layout.js';

/** In the order of the file; null leaves a cell empty. */
const columns: { readonly [title: string]: (line: EpochLine) => number | null } = {
  epoch: ({ epoch }) => epoch + 1,
  step: ({ step }) => step + 1,
  train_loss: ({ train }) => train.loss,
  train_error: ({ train }) => train.error,
  validation_loss: ({ validation }) => validation?.loss ?? null,
  validation_error: ({ validation }) => validation?.error ?? null,
  test_loss: ({ test }) => test?.loss ?? null,
  test_error: ({ test }) => test?.error ?? null,
  learning_rate: ({ learningRate }) => learningRate,
  images_per_second: ({ imagesPerSecond }) => imagesPerSecond,
  seconds: ({ seconds }) => seconds,
};

/** Writes epochs.csv: a line for each epoch, counted from 1, with the steps done by then. @throws RectioError `disk` */
export async function writeEpochsCsv(run: string): Promise<void> {
  const rows = (await readEpochs(run)).map((line) => Object.values(columns).map((cell) => cell(line) ?? ''));
  const text = [Object.keys(columns), ...rows].map((cells) => `${cells.join(',')}\n`).join('');
  await replaceFile(inRun(run, 'epochs'), (file) => file.writeFile(text));
}
