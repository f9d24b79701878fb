/** The log of a run as JSON lines: every epoch, and a step from time to time, with the time of day (Unix seconds). */

import type { FileHandle } from 'node:fs/promises';

import { RectioError } from '../base/error.js';
import { aCount, aNumber, aRecord, fields, oneOf, orElse, orNull } from '../base/parse.js';
import type { TrainState } from './checkpoint.js';
import { parseScore, type Score } from './score.js';
import { onDisk, whereGone } from '../system/errno.js';
import { replaceFile, writeAll } from '../system/durable.js';
import { eachLine, firstLine, openPlainFile, readEnd } from '../system/plain-file.js';
import { inRun } from './layout.js';

/** What is worth a line. */
export type MetricsEvent =
  | {
      readonly type: 'step';
      /** From 0, over the whole training. */
      readonly step: number;
      /** From 0. */
      readonly epoch: number;
      /** Of this step's batch. */
      readonly train: Score;
      readonly learningRate: number;
      /** Since the epoch's start, waiting for data included. */
      readonly imagesPerSecond: number;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      /** The epoch's last step. */
      readonly step: number;
      /** Mean over the epoch's training batches, as they were trained on (augmented). */
      readonly train: Score;
      /** Null if this epoch was not evaluated, or if images are held out. */
      readonly test: Score | null;
      /** On the images held out; null if there are none, or the evaluation interval passes this epoch over. */
      readonly validation: Score | null;
      readonly learningRate: number;
      /** Training alone, evaluation left out. */
      readonly imagesPerSecond: number;
      /** The whole epoch, evaluation included. */
      readonly seconds: number;
    };

export type MetricsLine = { readonly time: number } & MetricsEvent;

/** An onlooker that writes down what happens. */
export interface EventLog {
  write(line: MetricsLine): Promise<void>;
  /** Returns once everything written would survive a crash of the machine. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What a run's log holds; a line torn by a crash does not count. */
export async function readMetrics(run: string): Promise<MetricsLine[]> {
  const lines: MetricsLine[] = [];
  await readLog(run, (text) => {
    const line = parseMetricsLine(text);
    if (line !== undefined) lines.push(line);
  });
  return lines;
}

export type EpochLine = Extract<MetricsLine, { type: 'epoch' }>;
type StepLine = Extract<MetricsLine, { type: 'step' }>;

/** The epochs in a run's log. Its steps, many times as many, are not parsed. */
export async function readEpochs(run: string): Promise<EpochLine[]> {
  const epochs: EpochLine[] = [];
  await readLog(run, (text) => {
    if (!text.includes('"type":"epoch"')) return;
    const line = parseMetricsLine(text);
    if (line?.type === 'epoch') epochs.push(line);
  });
  return epochs;
}

/** What a log that is no file is told with. */
const notALog = { code: 'checkpoint', hint: 'Remove it; the run goes on without the log that it had.' } as const;

/** Does something with the log of a run; undefined if there is none. @throws RectioError `checkpoint` if it is no file */
async function withLog<T>(run: string, work: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  const file = await openPlainFile(inRun(run, 'metrics'), 'read', notALog).catch(whereGone);
  if (file === undefined) return undefined;
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Calls `look` with each line of a run's log, if there is one. */
async function readLog(run: string, look: (line: string) => void): Promise<void> {
  await withLog(run, async (file) => {
    const { rest } = await eachLine(file, firstLine, look);
    look(rest);
  });
}

/** Where a reading of a log ended. */
export interface LogPlace {
  /** In bytes: behind the last whole line. */
  readonly offset: number;
  /** Whether a line that is too long is under way, and is passed over up to its end. */
  readonly passing: boolean;
  /** The first bytes of the log: another log under the same name begins otherwise. */
  readonly head: string;
}

/** Before the first line of any log. */
export const logStart: LogPlace = { ...firstLine, head: '' };

const headBytes = 64;

/**
 * Reads a log on from where the last reading ended, up to its last whole line.
 * @param begin is told whether the log still holds what was read before (a resumed training drops lines), and returns what
 *   takes each line; if it does not, the lines are those from the beginning
 */
export async function readMetricsOn(
  run: string,
  from: LogPlace,
  begin: (same: boolean) => (line: MetricsLine) => void,
): Promise<LogPlace> {
  const read = await withLog(run, async (file) => {
    const buffer = Buffer.allocUnsafe(headBytes);
    const first = await file.read(buffer, 0, headBytes, 0);
    const head = buffer.toString('latin1', 0, first.bytesRead);
    const { size } = await file.stat();
    const same = size >= from.offset && head.startsWith(from.head);
    const take = begin(same);
    const { offset, passing } = await eachLine(file, same ? from : firstLine, (text) => {
      const line = parseMetricsLine(text);
      if (line !== undefined) take(line);
    });
    return { offset, passing, head };
  });
  if (read === undefined) begin(false);
  return read ?? logStart;
}

/** So much of the end of a log holds its last lines. */
const tailBytes = 16_384;

/** The last lines of a run's log, however long it is: those in its last 16 KB. None if there is no log. */
export async function readLastMetrics(run: string): Promise<MetricsLine[]> {
  const lines = await withLog(run, async (file) => parseLines((await readEnd(file, tailBytes)).toString('latin1')));
  return lines ?? [];
}

function parseLines(text: string): MetricsLine[] {
  return text.split('\n').flatMap((line) => parseMetricsLine(line) ?? []);
}

/** Undefined for a line torn by a crash, or one that no version writes. */
function parseMetricsLine(line: string): MetricsLine | undefined {
  try {
    return parseLine(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RectioError) return undefined;
    throw error;
  }
}

const common = { time: aNumber, step: aCount, epoch: aCount, train: parseScore, learningRate: aNumber };
const parseStep = fields<StepLine>({ type: oneOf('step'), ...common, imagesPerSecond: aNumber });
const parseEpoch = fields<EpochLine>({
  type: oneOf('epoch'),
  ...common,
  test: orNull(parseScore),
  // Logs of the first version have no such key.
  validation: orElse(orNull(parseScore), null),
  imagesPerSecond: aNumber,
  seconds: aNumber,
});

function parseLine(value: unknown): MetricsLine {
  return aRecord(value, '')['type'] === 'step' ? parseStep(value, '') : parseEpoch(value, '');
}

/**
 * Opens the log of a run at `state`. Drops the lines of steps and epochs that will be repeated, so each appears once.
 * @returns the lines kept, and the log to go on with
 * @throws RectioError `disk`
 */
export async function openMetrics(
  run: string,
  state: Pick<TrainState, 'step' | 'epoch'>,
): Promise<{ readonly lines: readonly MetricsLine[]; readonly log: EventLog }> {
  const path = inRun(run, 'metrics');
  const done = (line: MetricsLine) => (line.type === 'epoch' ? line.epoch < state.epoch : line.step < state.step);
  const lines = (await readMetrics(run)).filter(done);
  await replaceFile(path, (file) => file.writeFile(lines.map(printLine).join('')));
  return { lines, log: await appendTo(path, (line) => new TextEncoder().encode(printLine(line))) };
}

function printLine(line: MetricsLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** A log that appends each line to a file. If a write fails, it leaves no partial line. */
export async function appendTo(path: string, encode: (line: MetricsLine) => Uint8Array): Promise<EventLog> {
  const file = await onDisk(path, () => openPlainFile(path, 'append', notALog));
  let { size } = await file.stat();
  return {
    write: (line) =>
      onDisk(path, async () => {
        const bytes = encode(line);
        try {
          await writeAll(file, bytes);
          size += bytes.length;
        } catch (error) {
          // The first error is the one to tell.
          await file.truncate(size).catch(() => undefined);
          throw error;
        }
      }),
    sync: () => onDisk(path, () => file.sync()),
    close: () => file.close(),
  };
}
