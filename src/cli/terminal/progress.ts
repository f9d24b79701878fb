/** Shows a training while it runs: a bar on a terminal, plain lines in a pipe, a file or CI. */

import type { Screen } from './output.js';
import { nameFlags } from './setting-names.js';
import { cut, roomIn, statusLine } from './status-line.js';
import { formatCount, formatDuration, plural } from './table.js';
import type { Score } from '../../run/index.js';
import type { TrainEvent } from '../../train/index.js';

export interface Progress {
  show(event: TrainEvent): void;
  /** Before the training, when the images of a large folder are decoded for the first time. */
  decoding(done: number, total: number): void;
  /** Removes the bar, so that other text can follow. */
  clear(): void;
}

/** How often the bar is redrawn, and how often a plain line is printed within an epoch. */
const barEveryMs = 100;
const lineEveryMs = 30_000;

interface State {
  epochs: number;
  stepsPerEpoch: number;
  /** The step at which this process started, and when it started. */
  firstStep: number;
  startedAt: number;
  drawnAt: number;
  /** Running means over the last steps, so that the figures are readable. */
  loss: number | undefined;
  error: number | undefined;
}

export interface ProgressOptions {
  /** The ratio in words, such as `2:1`. */
  readonly proportion: string;
  /** Whether the run's folder is kept and therefore printed. */
  readonly keepsRun: boolean;
  /** In milliseconds. */
  readonly now?: () => number;
}

// oxlint-disable-next-line max-lines-per-function -- its functions share the state of one status line
export function createProgress(screen: Screen, options: ProgressOptions): Progress {
  const { proportion, keepsRun, now = () => performance.now() } = options;
  const state: State = {
    epochs: 0,
    stepsPerEpoch: 0,
    firstStep: 0,
    startedAt: 0,
    drawnAt: -Infinity,
    loss: undefined,
    error: undefined,
  };
  const { draw, clear, print } = statusLine(screen);

  const start = (event: Extract<TrainEvent, { type: 'start' }>) => {
    Object.assign(state, {
      epochs: event.epochs,
      stepsPerEpoch: event.stepsPerEpoch,
      firstStep: event.step,
      startedAt: now(),
      drawnAt: screen.terminal ? -Infinity : now(),
    });
    const resumed = event.step > 0 ? `, going on from step ${formatCount(event.step)}` : '';
    print(
      `${event.model} ${proportion}: ${formatCount(event.parameters)} parameters, ${plural(event.epochs, 'epoch')} of ` +
        `${plural(event.stepsPerEpoch, 'step')}${resumed}`,
    );
    if (keepsRun) print(`run folder: ${event.run}`);
    for (const note of event.notes) print(nameFlags(note));
  };

  const step = (event: Extract<TrainEvent, { type: 'step' }>) => {
    state.loss = smooth(state.loss, event.train.loss);
    state.error = smooth(state.error, event.train.error);
    if (now() - state.drawnAt < (screen.terminal ? barEveryMs : lineEveryMs)) return;
    state.drawnAt = now();
    if (screen.terminal) {
      draw(drawBar(state, event, screen, now()));
    } else {
      const share = Math.floor(((event.step + 1) / (state.epochs * state.stepsPerEpoch)) * 100);
      print(`${share} %: ${figures(state, event, now()).join(', ')}`);
    }
  };

  const epoch = (event: Extract<TrainEvent, { type: 'epoch' }>) => {
    const number = `${String(event.epoch + 1).padStart(String(state.epochs).length)}/${state.epochs}`;
    const room = screen.terminal ? roomIn(screen) : Infinity;
    const lines = epochLines(event, number);
    print(lines.find((line) => line.length <= room) ?? lines.at(-1)!);
    if (!screen.terminal) state.drawnAt = now();
  };

  const decoding = (done: number, total: number) => {
    const text = `decoding images: ${formatCount(done)} of ${formatCount(total)}`;
    if (now() - state.drawnAt < (screen.terminal ? barEveryMs : lineEveryMs) && done < total) return;
    state.drawnAt = now();
    if (screen.terminal) draw(cut(text, screen));
    else print(text);
  };

  return {
    decoding,
    show(event) {
      if (event.type === 'start') start(event);
      else if (event.type === 'step') step(event);
      else if (event.type === 'epoch') epoch(event);
    },
    clear,
  };
}

type EpochEvent = Extract<TrainEvent, { type: 'epoch' }>;

/** The line of an epoch, ever shorter. */
function epochLines(event: EpochEvent, number: string): string[] {
  const scores = [
    ['train', event.train],
    ['test', event.test],
    ['held out', event.validation],
  ] as const;
  const each = (show: (name: string, score: Score) => string): string[] =>
    scores.flatMap(([name, score]) => (score === null ? [] : [show(name, score)]));
  const both = each((name, { loss, error }) => `${name} loss ${loss.toFixed(3)}, error ${percent(error)}`);
  const errors = each((name, { error }) => `${name} error ${error.toFixed(1)} %`);
  const speed = `${formatCount(event.imagesPerSecond).padStart(6)} images/s`;
  const time = formatDuration(event.seconds);
  const short = each((name, { error }) => `${name} ${error.toFixed(1)} %`).join(', ');
  return [
    [`epoch ${number}`, ...both, speed, time].join('  '),
    [`epoch ${number}`, ...both, time].join('  '),
    [`epoch ${number}`, ...errors, time].join('  '),
    `${number} errors: ${short}`,
  ];
}

function percent(value: number): string {
  return `${value.toFixed(2).padStart(5)} %`;
}

function smooth(before: number | undefined, value: number): number {
  return before === undefined ? value : 0.9 * before + 0.1 * value;
}

type StepEvent = Extract<TrainEvent, { type: 'step' }>;

/** The most important first; a narrow terminal shows only those that fit. */
function figures(state: State, event: StepEvent, time: number): string[] {
  const done = event.step + 1 - state.firstStep;
  const left = state.epochs * state.stepsPerEpoch - event.step - 1;
  const secondsLeft = ((time - state.startedAt) / 1000 / done) * left;
  return [
    `epoch ${event.epoch + 1}/${state.epochs}`,
    `${formatDuration(secondsLeft)} left`,
    `error ${(state.error ?? 0).toFixed(1)} %`,
    `loss ${(state.loss ?? 0).toFixed(3)}`,
    `${formatCount(event.imagesPerSecond)} images/s`,
  ];
}

function drawBar(state: State, event: StepEvent, screen: Screen, time: number): string {
  const room = roomIn(screen);
  const share = (event.step + 1) / (state.epochs * state.stepsPerEpoch);
  const width = Math.max(6, Math.min(30, Math.floor(room / 4)));
  const parts: string[] = [];
  let used = width;
  for (const part of figures(state, event, time)) {
    if (used + 2 + part.length > room) break;
    parts.push(part);
    used += 2 + part.length;
  }
  const full = Math.round(width * share);
  const done = '━'.repeat(full);
  const rest = '─'.repeat(width - full);
  return [screen.colors ? `\u001b[32m${done}\u001b[0m\u001b[2m${rest}\u001b[0m` : done + rest, ...parts].join('  ');
}
