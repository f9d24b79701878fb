/** The log of a run as JSON lines: every epoch, and a step from time to time, with the time of day (Unix seconds). */

import type { FileHandle } from 'node:fs/promises';

import { RectioError } from '../base/error.js';
import { aCount, aNumber, aRecord, fields, oneOf, orElse, orNull } from '../base/parse.js';
import type { TrainState } from './checkpoint.js';
import { parseScore, type Score } from './score.js';
import { onDisk, whereGone } from '../system/errno.js';
import { replaceFile, writeAll } from '../system/durable.js';
import { eachLine, firstLine, openPlainFile } from '../system/plain-file.js';
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

/** The log of a run, to be read; undefined if there is none. @throws RectioError `checkpoint` if it is no file */
export function openLog(run: string): Promise<FileHandle | undefined> {
  return openPlainFile(inRun(run, 'metrics'), 'read', notALog).catch(whereGone);
}

/** Calls `look` with each line of a run's log, if there is one. */
async function readLog(run: string, look: (line: string) => void): Promise<void> {
  const file = await openLog(run);
  if (file === undefined) return;
  try {
    const { rest } = await eachLine(file, firstLine, look);
    look(rest);
  } finally {
    await file.close();
  }
}

/** So much of the end of a log holds its last lines. */
const tailBytes = 16_384;

/** The last lines of a run's log, however long it is: those in its last 16 KB. None if there is no log. */
export async function readLastMetrics(run: string): Promise<MetricsLine[]> {
  const file = await openLog(run);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return parseLines(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

function parseLines(text: string): MetricsLine[] {
  return text.split('\n').flatMap((line) => parseMetricsLine(line) ?? []);
}

/** Undefined for a line torn by a crash, or one that no version writes. */
export function parseMetricsLine(line: string): MetricsLine | undefined {
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
