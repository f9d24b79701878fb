/** Runs the remaining trials of a study, several at once if asked. Other processes may work on the same study. */

import { setTimeout as wait } from 'node:timers/promises';

import { claimFile, makeInnerFolders, readFailure, recordFailure, runFolder, type Study } from './folder.js';
import { refuseForeignCode } from './consent.js';
import { refuseOtherSites } from './same-sites.js';
import type { Trial } from './plan.js';
import { usableCores } from '../system/machine.js';
import { runTrial, trialState, type RectioCommand } from './trial.js';
import { readLastMetrics, runHolder, type MetricsLine, type TrainSummary } from '../run/index.js';
import { tryLock, type Lock } from '../system/lock.js';

export interface RunStudyOptions {
  readonly study: Study;
  readonly rectio: RectioCommand;
  /** Trials at once. Default 1. */
  readonly jobs?: number;
  /** Divided among the jobs. Default: one for each core. */
  readonly threads?: number;
  /** Name of the engine for trials that begin. Default `auto`. */
  readonly engine?: string;
  /** Lets a study that somebody else began run the code of its networks. Default false. */
  readonly trustCode?: boolean;
  /** Repeats trials that failed before. Default false. */
  readonly retryFailed?: boolean;
  /** Called before the first training, unless none is left; what it throws ends the study before anything is trained. */
  readonly onBegin?: () => Promise<void>;
  readonly signal: AbortSignal;
}

export type StudyEvent =
  | { readonly type: 'begin'; readonly trial: Trial; readonly resumed: boolean }
  /** The progress of a trial, read from its log. */
  | { readonly type: 'progress'; readonly trial: Trial; readonly last: MetricsLine }
  | { readonly type: 'done'; readonly trial: Trial; readonly summary: TrainSummary }
  | { readonly type: 'failed'; readonly trial: Trial; readonly reason: string }
  | { readonly type: 'stopped'; readonly trial: Trial }
  /** Ended by a signal that this process did not send: no failure of the training. The next process takes it up. */
  | { readonly type: 'killed'; readonly trial: Trial; readonly signal: NodeJS.Signals }
  /** No trial is left to begin; other processes work on these. `holders` names them, in words. */
  | { readonly type: 'waiting'; readonly trials: readonly Trial[]; readonly holders: readonly string[] };

/** How often to read a trial's log, and to look at a trial that another process runs. */
const lookEveryMs = 1000;

/**
 * Runs every trial that is neither done nor failed, and waits for trials that other processes run. Records a failed trial
 * and goes on.
 * @throws RectioError `disk`; `usage` if the study runs code and was begun elsewhere, if what it would train was changed,
 * or if an earlier version trained an arm with other sites
 */
export async function* runStudy(options: RunStudyOptions): AsyncGenerator<StudyEvent, void, void> {
  const { study, jobs = 1, trustCode = false, signal } = options;
  if (!trustCode) await refuseForeignCode(study.folder, study.record.plan, study.record.hash);
  await makeInnerFolders(study.folder);
  const threads = Math.max(1, Math.floor((options.threads ?? usableCores()) / jobs));
  const left = new Set(await trialsLeft(options));
  await refuseOtherSites(study.folder, study.trials, left);
  if (left.size > 0) await options.onBegin?.();
  const queue = eventQueue<StudyEvent>();
  const running = new Set<Promise<void>>();
  try {
    while (!signal.aborted) {
      const elsewhere: Trial[] = [];
      const holders = new Set<string>();
      for (const trial of left) {
        if (running.size >= jobs || signal.aborted) break;
        const claim = await claimTrial(study, trial);
        if (claim === 'done') left.delete(trial);
        else if ('holder' in claim) {
          elsewhere.push(trial);
          holders.add(claim.holder);
        } else {
          left.delete(trial);
          const work: Promise<void> = workOn(trial, { ...options, threads, tell: queue.push })
            .catch(queue.fail)
            .finally(() => claim.release().catch(queue.fail))
            .finally(() => running.delete(work));
          running.add(work);
        }
      }
      if (running.size === 0 && left.size === 0) break;
      if (running.size === 0) yield { type: 'waiting', trials: elsewhere, holders: [...holders] };
      const pause = new AbortController();
      await Promise.race([...running, wait(lookEveryMs, undefined, pause)]);
      // A pending timer would keep the process alive at the end.
      pause.abort();
      yield* queue.take();
    }
  } finally {
    await Promise.allSettled(running);
  }
  yield* queue.take();
}

async function trialsLeft({ study, retryFailed = false }: RunStudyOptions): Promise<Trial[]> {
  const failures = await Promise.all(study.trials.map((trial) => readFailure(study.folder, trial)));
  return study.trials.filter((_, index) => retryFailed || failures[index] === undefined);
}

/** Takes a trial, unless it is done or another process works on it. */
async function claimTrial({ folder }: Study, trial: Trial): Promise<Lock | 'done' | { readonly holder: string }> {
  if ((await trialState(folder, trial)) === 'done') return 'done';
  const claim = await tryLock(claimFile(folder, trial));
  if (typeof claim === 'string') return { holder: claim };
  // Look again under the claim: a training may outlive the process that began it.
  const state = await trialState(folder, trial);
  if (state !== 'done' && state !== 'running') return claim;
  await claim.release();
  if (state === 'done') return 'done';
  return { holder: (await runHolder(runFolder(folder, trial))) ?? 'another process' };
}

interface WorkOptions extends RunStudyOptions {
  readonly threads: number;
  readonly tell: (event: StudyEvent) => void;
}

async function workOn(trial: Trial, options: WorkOptions): Promise<void> {
  const { study, rectio, engine = 'auto', threads, signal, tell } = options;
  const { folder } = study;
  tell({ type: 'begin', trial, resumed: (await trialState(folder, trial)) === 'begun' });
  const look = async () => {
    // Only for display: a log that cannot be read now is read again in a second.
    const last = (await readLastMetrics(runFolder(folder, trial)).catch(() => [])).at(-1);
    if (last !== undefined) tell({ type: 'progress', trial, last });
  };
  const watching = setInterval(() => void look(), lookEveryMs);
  try {
    const end = await runTrial({ study: folder, trial, rectio, engine, threads, signal });
    if (end.type === 'failed') await recordFailure(folder, trial, end.reason);
    tell({ ...end, trial });
  } finally {
    clearInterval(watching);
  }
}

/** Collects events from several sources, to be read in order. */
function eventQueue<T>() {
  let events: T[] = [];
  let failure: { readonly error: unknown } | undefined;
  return {
    push: (event: T) => void events.push(event),
    fail: (error: unknown) => {
      failure ??= { error };
    },
    *take(): Generator<T, void, void> {
      const taken = events;
      events = [];
      yield* taken;
      if (failure !== undefined) throw failure.error;
    },
  };
}
