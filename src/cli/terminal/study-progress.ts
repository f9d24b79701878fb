/** Shows a study while it runs: a line when a training begins or ends, and on a terminal a status line. */

import type { StudyEvent, Trial } from '../../study/index.js';
import type { Screen } from './output.js';
import { cut, statusLine } from './status-line.js';
import { formatDuration } from './table.js';

export interface StudyProgress {
  show(event: StudyEvent): void;
  /** Removes the status line, so that other text can follow. */
  clear(): void;
}

/**
 * @param trials of the whole study
 * @param now in milliseconds
 */
// oxlint-disable-next-line max-lines-per-function -- its functions share the state of one status line
export function createStudyProgress(
  screen: Screen,
  trials: readonly Trial[],
  now: () => number = () => performance.now(),
): StudyProgress {
  const width = String(trials.length).length;
  const numbers = new Map(trials.map(({ id }, index) => [id, String(index + 1).padStart(width)]));
  const running = new Map<string, string>();
  const began = new Map<string, number>();
  /** Seconds of each epoch that this process trained. */
  const lengths: number[] = [];
  /** Trials are begun in order: those before the last that began are done, fail, or run elsewhere. */
  let lastBegun = -1;
  let atOnce = 1;
  const resumedTrials = new Set<string>();
  const { draw, clear, print } = statusLine(screen);

  const name = ({ id, arm, seed }: Trial) =>
    `[${numbers.get(id)}/${trials.length}] ${arm.group} ${arm.label}, seed ${seed}`;
  const end = ({ id }: Trial) => {
    running.delete(id);
    epochs.delete(id);
    began.delete(id);
  };
  const measure = ({ id, arm }: Trial) => lengths.push((now() - (began.get(id) ?? now())) / 1000 / arm.config.epochs);
  /** Epochs that running trials have behind them. */
  const epochs = new Map<string, number>();
  const left = (): string | undefined => {
    const perEpoch = lengths.length > 0 ? lengths : runningLengths();
    if (perEpoch.length === 0) return undefined;
    const waiting = trials.slice(lastBegun + 1).reduce((sum, { arm }) => sum + arm.config.epochs, 0);
    const begun = trials
      .filter(({ id }) => running.has(id))
      .reduce((sum, { id, arm }) => sum + arm.config.epochs - (epochs.get(id) ?? 0), 0);
    const mean = perEpoch.reduce((a, b) => a + b, 0) / perEpoch.length;
    return `about ${formatDuration((mean * (waiting + begun)) / atOnce)} left`;
  };
  /** Before the first trial is done: the time of the epochs that are. */
  const runningLengths = (): number[] =>
    [...epochs].flatMap(([id, done]) => (done === 0 ? [] : [(now() - (began.get(id) ?? now())) / 1000 / done]));
  const bar = () => {
    if (!screen.terminal || running.size === 0) return;
    // The time first: a narrow terminal cuts what stands behind.
    draw(cut([left(), ...running.values()].filter((part) => part !== undefined).join('  '), screen));
  };

  /** How each event is shown; total over the types. */
  const rules: { readonly [K in StudyEvent['type']]: (event: Extract<StudyEvent, { type: K }>) => void } = {
    begin: ({ trial, resumed }) => {
      if (resumed) resumedTrials.add(trial.id);
      began.set(trial.id, now());
      lastBegun = Math.max(lastBegun, trials.indexOf(trial));
      running.set(trial.id, name(trial));
      atOnce = Math.max(atOnce, running.size);
      print(`${name(trial)}: ${resumed ? 'resuming' : 'training'}`);
    },
    progress: ({ trial, last }) => {
      const error = `training error ${last.train.error.toFixed(1)} %`;
      running.set(trial.id, `${name(trial)}: epoch ${last.epoch + 1}/${trial.arm.config.epochs}, ${error}`);
      // A resumed trial has epochs behind it that this process did not train.
      if (!resumedTrials.has(trial.id)) epochs.set(trial.id, last.type === 'epoch' ? last.epoch + 1 : last.epoch);
    },
    done: ({ trial, summary }) => {
      if (!resumedTrials.has(trial.id)) measure(trial);
      end(trial);
      const rest = running.size + trials.length - 1 - lastBegun > 0 ? left() : undefined;
      print(
        `${name(trial)}: test error ${summary.test.error.toFixed(2)} % in ${formatDuration(summary.seconds)}` +
          (rest === undefined ? '' : `; ${rest}`),
      );
    },
    failed: ({ trial, reason }) => {
      end(trial);
      print(`${name(trial)}: FAILED: ${reason}`);
    },
    stopped: ({ trial }) => {
      running.delete(trial.id);
      print(`${name(trial)}: stopped, with a checkpoint`);
    },
    killed: ({ trial, signal }) => {
      end(trial);
      const cause = signal === 'SIGKILL' ? ', as the system does when memory runs out' : '';
      print(`${name(trial)}: ended by ${signal} from outside${cause}; the next compare on this study goes on with it`);
    },
    waiting: ({ trials: others, holders }) =>
      print(`waiting for ${holders.join(', ')}, training ${others.length} of these, such as ${name(others[0]!)}`),
  };
  let saidWaiting = false;
  return {
    clear,
    show(event) {
      if (event.type === 'waiting' && saidWaiting) return;
      saidWaiting = event.type === 'waiting';
      (rules[event.type] as (event: StudyEvent) => void)(event);
      bar();
    },
  };
}
