/** One trial: an ordinary training in a process of its own. */

import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';

import { logFile, runFolder, settingsFile } from './folder.js';
import type { Trial } from './plan.js';
import { hasBegun, isDone, readSummary, runHolder, type TrainSummary } from '../run/index.js';
import { onDisk } from '../system/errno.js';

/** How to start `rectio`: a program and its first arguments. */
export interface RectioCommand {
  readonly file: string;
  readonly args: readonly string[];
}

export interface TrialOptions {
  readonly study: string;
  readonly trial: Trial;
  readonly rectio: RectioCommand;
  readonly engine: string;
  readonly threads: number;
  /** Asks the training to write a checkpoint and stop. */
  readonly signal: AbortSignal;
}

export type TrialEnd =
  | { readonly type: 'done'; readonly summary: TrainSummary }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly reason: string };

/** The state of a trial, from its run folder. */
export type TrialState = 'done' | 'running' | 'begun' | 'open';

export async function trialState(study: string, trial: Trial): Promise<TrialState> {
  const run = runFolder(study, trial);
  if (await isDone(run)) return 'done';
  if ((await runHolder(run)) !== undefined) return 'running';
  return (await hasBegun(run)) ? 'begun' : 'open';
}

/** Starts the training, or goes on with it, and waits for its end. */
export async function runTrial(options: TrialOptions): Promise<TrialEnd> {
  const { study, trial, rectio, signal } = options;
  const run = runFolder(study, trial);
  // What a killed beginning left in the folder is removed by the training itself, once it holds the run's lock.
  const begun = (await trialState(study, trial)) === 'begun';
  const how = begun
    ? ['--resume', run]
    : ['--config', settingsFile(study, trial), '--seed', String(trial.trainingSeed), '--run', run];
  const args = ['train', ...how, '--engine', options.engine, '--threads', String(options.threads)];
  const path = logFile(study, trial);
  const log = await onDisk(path, () => open(path, 'w'));
  try {
    // In a process group of its own: Ctrl-C reaches only this process, which then asks each training once.
    const child = spawn(rectio.file, [...rectio.args, ...args], {
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    const stop = () => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      await new Promise<void>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', () => resolve());
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  } finally {
    await log.close();
  }
  const summary = await readSummary(run);
  if (summary !== undefined) return { type: 'done', summary };
  if (signal.aborted) return { type: 'stopped' };
  return { type: 'failed', reason: await reasonIn(path) };
}

/** The last output of the training, usually its error. */
async function reasonIn(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  const error = lines.findLastIndex((line) => line.startsWith('rectio: '));
  const words = (error === -1 ? lines.slice(-3) : lines.slice(error))
    .join(' ')
    .replace(/^rectio: /, '')
    .trim();
  return words === '' ? `It ended without a word; see ${path}.` : words;
}
