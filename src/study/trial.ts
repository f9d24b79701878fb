/** One trial: an ordinary training in a process of its own. */

import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { constants as system } from 'node:os';

import { logFile, runFolder, settingsFile } from './folder.js';
import { deciding, hashOf, type Trial } from './plan.js';
import { hasBegun, inRun, isDone, readRunRecord, readSummary, runHolder, type TrainSummary } from '../run/index.js';
import { RectioError } from '../base/error.js';
import { recordedConfig, type TrainConfig } from '../config/index.js';
import { replaceJson } from '../system/durable.js';
import { onDisk, whereGone } from '../system/errno.js';
import { readJsonIfThere } from '../system/json-file.js';
import { readEnd } from '../system/plain-file.js';

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
  /** By somebody else, or by the system for want of memory. It can go on. */
  | { readonly type: 'killed'; readonly signal: NodeJS.Signals }
  | { readonly type: 'failed'; readonly reason: string };

/** The state of a trial, from its run folder. */
export type TrialState = 'done' | 'running' | 'begun' | 'open';

export async function trialState(study: string, trial: Trial): Promise<TrialState> {
  const run = runFolder(study, trial);
  if (await isDone(run)) return 'done';
  if ((await runHolder(run)) !== undefined) return 'running';
  return (await hasBegun(run)) ? 'begun' : 'open';
}

/** A log begins anew; what has its name in somebody else's study may be a pipe, or a link to a file of the user's. */
const newLog =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_TRUNC |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0);

/** @throws RectioError `usage` if a trial's folder is a link, which could lead out of the study */
async function refuseLink(run: string): Promise<void> {
  if ((await lstat(run).catch(whereGone))?.isSymbolicLink() !== true) return;
  throw new RectioError('usage', `${run} is a link.`, 'Put the run itself there.');
}

/** Signals by which people and systems end a process, with the exit code of a training that they stop. A crash has other ones. */
const fromOutside: ReadonlyMap<NodeJS.Signals, number> = new Map(
  (['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const).map((signal) => [
    signal,
    128 + system.signals[signal],
  ]),
);

/** How a process ended. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The signal from outside that ended a training, if one did. */
function fromOutsideBy({ code, signal }: Exit): NodeJS.Signals | undefined {
  if (signal !== null) return fromOutside.has(signal) ? signal : undefined;
  return [...fromOutside].find(([, answer]) => answer === code)?.[0];
}

/** Starts the training, or goes on with it, and waits for its end. */
export async function runTrial(options: TrialOptions): Promise<TrialEnd> {
  const { study, trial, rectio, signal } = options;
  const run = runFolder(study, trial);
  // What a killed beginning left in the folder is removed by the training itself, once it holds the run's lock.
  const begun = (await trialState(study, trial)) === 'begun';
  await refuseLink(run);
  if (begun) await verifyRecord(run, trial);
  else await verifySettings(study, trial);
  const how = begun
    ? ['--resume', run]
    : ['--config', settingsFile(study, trial), '--seed', String(trial.trainingSeed), '--run', run];
  const args = ['train', ...how, '--engine', options.engine, '--threads', String(options.threads)];
  const path = logFile(study, trial);
  const end = await spawned(rectio, args, { path, signal });
  const summary = await readSummary(run);
  if (summary !== undefined) return { type: 'done', summary };
  if (signal.aborted) return { type: 'stopped' };
  const killer = fromOutsideBy(end);
  if (killer !== undefined) return { type: 'killed', signal: killer };
  return { type: 'failed', reason: await reasonIn(path, end) };
}

/** Runs a program to its end, with all that it says in the file `path`. */
async function spawned(
  { file, args: first }: RectioCommand,
  args: readonly string[],
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Exit> {
  const log = await onDisk(path, () => open(path, newLog));
  try {
    // In a process group of its own: Ctrl-C reaches only this process, which then asks each training once.
    const child = spawn(file, [...first, ...args], { stdio: ['ignore', log.fd, log.fd], detached: true });
    const stop = () => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      return await new Promise<Exit>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code, by) => resolve({ code, signal: by }));
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  } finally {
    await log.close();
  }
}

/** What is trained is what the plan's hash covers. @throws RectioError `usage` if the settings of a trial's arm were changed */
async function verifySettings(study: string, { arm, ...trial }: Trial): Promise<void> {
  const path = settingsFile(study, { arm, ...trial });
  const hint = 'Undo what was changed in it, or delete it: it is then written anew.';
  const config = await readJsonIfThere(path, recordedConfig, { code: 'usage', hint });
  if (config !== undefined && !sameResult(config, arm.config)) throw otherThanPlanned(path, hint);
  // Written anew even if it is there: one of an earlier version lacks settings, whose defaults have changed since.
  await replaceJson(path, arm.config);
}

/** @throws RectioError `usage` if a trial's run was begun with other settings than the plan has */
async function verifyRecord(run: string, { arm, trainingSeed }: Trial): Promise<void> {
  const { config } = await readRunRecord(run);
  if (sameResult(config, { ...arm.config, seed: trainingSeed })) return;
  throw otherThanPlanned(
    inRun(run, 'record'),
    `Undo what was changed in it, or move ${run} away: it is then trained anew.`,
  );
}

function otherThanPlanned(path: string, hint: string): RectioError {
  return new RectioError('usage', `${path} has other settings than the plan of the study.`, hint);
}

/** Whether two settings train the same: where the data lie does not count. */
function sameResult(a: TrainConfig, b: TrainConfig): boolean {
  return hashOf(deciding({ config: a })) === hashOf(deciding({ config: b }));
}

/** So much of the end of a log holds the reason. */
const reasonBytes = 16_384;

/** The error that a training ended with; without one, how it ended and its last words. */
async function reasonIn(path: string, { code, signal }: Exit): Promise<string> {
  const lines = (await endOf(path, reasonBytes)).trim().split('\n');
  const error = lines.findLastIndex((line) => line.startsWith('rectio: '));
  if (error !== -1) return lines.slice(error).join(' ').replace('rectio: ', '').trim();
  const last = lines.slice(-3).join(' ').trim();
  return `It ended with ${signal ?? `exit code ${code}`} and gave no reason; see ${path}${last === '' ? '.' : `: ${last}`}`;
}

/** The end of a text file; empty if somebody removed it. */
async function endOf(path: string, bytes: number): Promise<string> {
  const file = await open(path).catch(whereGone);
  if (file === undefined) return '';
  try {
    return (await readEnd(file, bytes)).toString();
  } finally {
    await file.close();
  }
}
