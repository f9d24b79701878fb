/**
 * The files of a run:
 *
 *     config.json              what it is: settings, network, data, engine, versions (`RunRecord`)
 *     lock                     the process that trains it now
 *     metrics.jsonl            what happened, one event per line
 *     events.out.tfevents…     the same for TensorBoard
 *     checkpoints/             the last two states that it can go on from
 *     chosen.safetensors       if images are held out: the weights that did best on them so far
 *     epochs.csv               the epochs as a table, once it is done
 *     model.safetensors        the final weights, once it is done
 *     predictions.safetensors  what they answer to each test image, once it is done
 *     wrong.png                its surest wrong answers, one picture below the other, once it is done
 *     summary.json             the final numbers, once it is done
 *     ensemble.json            if asked for: how much of a leaky network the mean over masks explains
 *     ensemble.svg             the same as a figure
 *
 * Nothing outside this folder knows these names.
 */

import { join } from 'node:path';

const names = {
  record: 'config.json',
  lock: 'lock',
  metrics: 'metrics.jsonl',
  // TensorBoard takes any name with `tfevents` in it and reads the files of a folder in the order of their names.
  tensorboard: 'events.out.tfevents.0.rectio',
  checkpoints: 'checkpoints',
  chosen: 'chosen.safetensors',
  epochs: 'epochs.csv',
  model: 'model.safetensors',
  predictions: 'predictions.safetensors',
  wrongPictures: 'wrong.png',
  summary: 'summary.json',
  ensemble: 'ensemble.json',
  ensembleFigure: 'ensemble.svg',
} as const;

export type RunFile = keyof typeof names;

/** Where a run's file or folder is. */
export function inRun(run: string, file: RunFile): string {
  return join(run, names[file]);
}

/** Whether a folder with these entries is a run. */
export function holdsRun(entries: ReadonlySet<string>): boolean {
  return entries.has(names.record);
}

/** Whether an entry of a run's folder is its lock, or what is beside it while one process takes it over from another. */
export function ofLock(entry: string): boolean {
  return entry === names.lock || entry.startsWith(`${names.lock}.`);
}

/** Whether a folder with these entries has the file of a run. */
export function holds(entries: ReadonlySet<string>, file: RunFile): boolean {
  return entries.has(names[file]);
}

/** What readers of foreign folders open. None of these may be a link, which could show a file from anywhere. */
export const filesToRead: readonly RunFile[] = [
  'record',
  'metrics',
  'epochs',
  'summary',
  'predictions',
  'wrongPictures',
  'lock',
];
