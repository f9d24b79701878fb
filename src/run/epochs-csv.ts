/** The epochs of a run as a table for spreadsheets and plotting programs. */

import { readFile } from 'node:fs/promises';

import { replaceFile } from '../system/durable.js';
import { whereGone } from '../system/errno.js';
import { readEpochs, type EpochLine } from './metrics.js';
import { inRun } from './layout.js';
import type { Score } from './score.js';

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

export type EpochScores = Pick<EpochLine, 'epoch' | 'train' | 'test' | 'validation'>;

/** The scores of a run's epochs: from its log, or from epochs.csv if the run was published without the log. */
export async function readEpochScores(run: string): Promise<EpochScores[]> {
  const logged = await readEpochs(run);
  if (logged.length > 0) return logged;
  const text = (await readFile(inRun(run, 'epochs'), 'utf8').catch(whereGone)) ?? '';
  const [head = '', ...rows] = text.trim().split('\n');
  const titles = head.trim().split(',');
  return rows.flatMap((row) => parseRow(titles, row.trim().split(',')) ?? []);
}

/** Undefined for a row without an epoch or its training scores. */
function parseRow(titles: readonly string[], cells: readonly string[]): EpochScores | undefined {
  const cell = (title: string): number => {
    const text = cells[titles.indexOf(title)] ?? '';
    return text === '' ? NaN : Number(text);
  };
  const score = (name: string): Score | null => {
    const [loss, error] = [cell(`${name}_loss`), cell(`${name}_error`)];
    return Number.isFinite(loss) && Number.isFinite(error) ? { loss, error } : null;
  };
  const [epoch, train] = [cell('epoch'), score('train')];
  if (!Number.isInteger(epoch) || epoch < 1 || train === null) return undefined;
  return { epoch: epoch - 1, train, test: score('test'), validation: score('validation') };
}
