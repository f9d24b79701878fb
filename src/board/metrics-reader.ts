/**
 * The log of a run in columns, read on from where the last reading ended: a log of 100,000 steps is parsed once, not every
 * second.
 */

import { logStart, readMetricsOn, type LogPlace, type MetricsLine } from '../run/index.js';

/** Numbers that grow. */
interface Column {
  values: Float64Array;
}

export const stepColumns = ['step', 'loss', 'error', 'learningRate', 'imagesPerSecond'] as const;
export const epochColumns = ['step', 'epoch', 'loss', 'error', 'evaluatedLoss', 'evaluatedError'] as const;

/** The columns of lines of one kind; NaN if a line lacks the number. */
export type Table<Name extends string> = { readonly [K in Name]: Float64Array } & { readonly length: number };

export interface Metrics {
  readonly steps: Table<(typeof stepColumns)[number]>;
  readonly epochs: Table<(typeof epochColumns)[number]>;
}

interface Reading {
  readonly steps: Grower;
  readonly epochs: Grower;
  /** Behind the lines that are read. */
  place: LogPlace;
}

/** How many logs are kept in memory: 5 numbers of 8 bytes per step each. */
const kept = 64;

export interface MetricsReader {
  read(run: string): Promise<Metrics>;
}

export function metricsReader(): MetricsReader {
  const readings = new Map<string, Reading>();
  /** One reading of a log at a time. */
  const underWay = new Map<string, Promise<Metrics>>();
  const read = async (run: string): Promise<Metrics> => {
    const reading = await readOn(run, readings.get(run) ?? newReading());
    readings.delete(run);
    readings.set(run, reading);
    for (const oldest of [...readings.keys()].slice(0, -kept)) readings.delete(oldest);
    return { steps: reading.steps.table(stepColumns), epochs: reading.epochs.table(epochColumns) };
  };
  return {
    read(run) {
      const before = underWay.get(run);
      if (before !== undefined) return before;
      const now = read(run).finally(() => underWay.delete(run));
      underWay.set(run, now);
      return now;
    },
  };
}

async function readOn(run: string, before: Reading): Promise<Reading> {
  let reading = before;
  const place = await readMetricsOn(run, before.place, (same) => {
    if (!same) reading = newReading();
    return (line) => add(reading, line);
  });
  reading.place = place;
  return reading;
}

function newReading(): Reading {
  return { steps: grower(stepColumns.length), epochs: grower(epochColumns.length), place: logStart };
}

function add({ steps, epochs }: Reading, line: MetricsLine): void {
  if (line.type === 'step') {
    const { step, train, learningRate, imagesPerSecond } = line;
    steps.add([step, train.loss, train.error, learningRate, imagesPerSecond]);
  } else {
    const { step, epoch, train, test, validation } = line;
    const evaluated = validation ?? test;
    epochs.add([step, epoch, train.loss, train.error, evaluated?.loss ?? Number.NaN, evaluated?.error ?? Number.NaN]);
  }
}

interface Grower {
  add(row: readonly number[]): void;
  /** What is there now; later rows do not change it. */
  table<Name extends string>(names: readonly Name[]): Table<Name>;
}

function grower(width: number): Grower {
  const columns: Column[] = Array.from({ length: width }, () => ({ values: new Float64Array(64) }));
  let length = 0;
  return {
    add(row) {
      columns.forEach((column, index) => {
        if (length === column.values.length) {
          const larger = new Float64Array(2 * length);
          larger.set(column.values);
          column.values = larger;
        }
        column.values[length] = row[index] ?? Number.NaN;
      });
      length += 1;
    },
    table<Name extends string>(names: readonly Name[]) {
      const views = names.map((name, index) => [name, columns[index]!.values.subarray(0, length)] as const);
      return { ...Object.fromEntries(views), length } as unknown as Table<Name>;
    },
  };
}
