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
  const lengths: number[] = [];
  let ended = 0;
  const { draw, clear, print } = statusLine(screen);

  const name = ({ id, arm, seed }: Trial) =>
    `[${numbers.get(id)}/${trials.length}] ${arm.group} ${arm.label}, seed ${seed}`;
  const end = ({ id }: Trial) => {
    running.delete(id);
    ended++;
    lengths.push((now() - (began.get(id) ?? now())) / 1000);
  };
  const bar = () => {
    if (!screen.terminal || running.size === 0) return;
    const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
    const left = lengths.length === 0 ? [] : [`about ${formatDuration((trials.length - ended) * mean)} left`];
    draw(cut([...running.values(), ...left].join('  '), screen));
  };

  /** How each event is shown; total over the types. */
  const rules: { readonly [K in StudyEvent['type']]: (event: Extract<StudyEvent, { type: K }>) => void } = {
    begin: ({ trial, resumed }) => {
      began.set(trial.id, now());
      running.set(trial.id, name(trial));
      print(`${name(trial)}: ${resumed ? 'resuming' : 'training'}`);
    },
    progress: ({ trial, last }) => {
      const error = `error ${last.train.error.toFixed(1)} %`;
      running.set(trial.id, `${name(trial)}: epoch ${last.epoch + 1}, ${error}`);
    },
    done: ({ trial, summary }) => {
      end(trial);
      print(`${name(trial)}: test error ${summary.test.error.toFixed(2)} % in ${formatDuration(summary.seconds)}`);
    },
    failed: ({ trial, reason }) => {
      end(trial);
      print(`${name(trial)}: FAILED: ${reason}`);
    },
    stopped: ({ trial }) => {
      running.delete(trial.id);
      print(`${name(trial)}: stopped, with a checkpoint`);
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
