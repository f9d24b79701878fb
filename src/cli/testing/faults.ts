/** Runs of the real command with one fault at a chosen file operation, and what such runs must come to. */

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

import type { RandomStream } from '../../base/random.js';
import type { StudyDocument } from '../../study/index.js';
import { rectio, tinyNetwork, writeTinyMnist, type Ended } from './rectio.js';

const preload = fileURLToPath(new URL('../../../bench/fault.js', import.meta.url));

/** The faults of `bench/fault.js`. */
const kills = ['kill-before', 'kill-within', 'kill-after'] as const;
const refusals = ['EIO', 'ENOSPC', 'full', 'short'] as const;
type Kind = (typeof kills)[number] | (typeof refusals)[number];

/** What the rounds came to, over all of them. */
export interface Tally {
  kills: number;
  refusals: number;
  readonly at: Map<string, number>;
}

interface Fault {
  readonly kind: Kind;
  readonly operation: number;
  /** The command of the processes that count; all of them if absent. */
  readonly command?: string;
}

/** The network, data and settings that all rounds share, in `folder`. */
export function writeFaultInputs(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeTinyMnist(join(folder, 'mnist'), { train: 48, test: 20 });
  writeFileSync(join(folder, 'tiny.json'), tinyNetwork());
  const settings = {
    model: { name: './tiny.json' },
    data: { name: 'mnist', dir: 'mnist' },
    epochs: 2,
    batch: 16,
    schedule: { learningRate: 0.05 },
    checkpoint: { everySteps: 2 },
    log: { everySteps: 1 },
  };
  writeFileSync(join(folder, 'plain.json'), JSON.stringify(settings));
  const held = { ...settings, averageDecay: 0.9, evaluation: { validation: 0.25 } };
  writeFileSync(join(folder, 'held-out.json'), JSON.stringify(held));
}

/** Ways to train. Each has another sequence of file operations. */
const trainings = {
  plain: ['--config', 'plain.json'],
  // Images held out, averaged weights, and weights that the run begins with.
  'held-out': ['--config', 'held-out.json', '--weights', join('weights', 'model.safetensors')],
} as const;
export type TrainingName = keyof typeof trainings;
export const trainingNames: readonly TrainingName[] = ['plain', 'held-out'];

const train = (name: TrainingName, run: string): string[] => [
  ...['train', ...trainings[name], '--engine', 'reference', '--threads', '1', '--run', run],
];

/** A study of two trainings. */
const compare = (folder: string): string[] => [
  ...['compare', './tiny.json', '--ratios', '2:1', '--seeds', '1', '--epochs', '2', '--batch', '16', '--lr', '0.05'],
  ...['--data', 'mnist', '--data-dir', 'mnist', '--engine', 'reference', '--threads', '1', '--study', folder, '--json'],
];

/** Runs one command with a fault. @returns how it ended, and where the fault struck; undefined if the command was through before */
async function struck(args: readonly string[], folder: string, { kind, operation, command }: Fault) {
  const mark = join(folder, 'mark');
  rmSync(mark, { force: true });
  const ended = await rectio(args, folder, {
    NODE_OPTIONS: `--import ${preload}`,
    RECTIO_FAULT: `${kind}:${operation}`,
    RECTIO_FAULT_MARK: mark,
    ...(command === undefined ? {} : { RECTIO_FAULT_COMMAND: command }),
  });
  return { ended, at: existsSync(mark) ? readFileSync(mark, 'utf8').trim() : undefined };
}

/** The operations of an undisturbed command. */
async function operationsOf(args: readonly string[], folder: string, command: string): Promise<number> {
  const mark = join(folder, 'operations');
  const { code, stderr } = await rectio(args, folder, {
    NODE_OPTIONS: `--import ${preload}`,
    RECTIO_FAULT: 'list:0',
    RECTIO_FAULT_MARK: mark,
    RECTIO_FAULT_COMMAND: command,
  });
  if (code !== 0) throw new Error(stderr);
  return readFileSync(mark, 'utf8').trim().split('\n').length;
}

/** An undisturbed run or study, and how many operations it takes. */
export interface Undisturbed<T> {
  readonly result: T;
  readonly operations: number;
}

export async function trainUndisturbed(name: TrainingName, folder: string): Promise<Undisturbed<RunResult>> {
  const operations = await operationsOf(train(name, 'whole'), folder, 'train');
  const result = resultOf(join(folder, 'whole'));
  rmSync(join(folder, 'whole'), { recursive: true });
  return { result, operations };
}

/** Trains what the other trainings begin from. */
export async function trainWeights(folder: string): Promise<void> {
  const { code, stderr } = await rectio([...train('plain', 'weights'), '--seed', '7'], folder);
  if (code !== 0) throw new Error(stderr);
}

/** Draws a fault, one in `refuse` a refusal. */
function drawFault(stream: RandomStream, operations: number, refuse: number): Fault {
  const kinds: readonly Kind[] = stream.below(refuse) > 0 ? kills : refusals;
  return { kind: kinds[stream.below(kinds.length)]!, operation: 1 + stream.below(operations) };
}

function count(tally: Tally, { kind }: Fault, at: string): void {
  if (kind.startsWith('kill')) tally.kills++;
  else tally.refusals++;
  const [, name = ''] = at.split(' ');
  tally.at.set(name, (tally.at.get(name) ?? 0) + 1);
}

/** A training that is struck up to five times and goes on each time, as a user would let it. */
export async function trainingRound(
  name: TrainingName,
  folder: string,
  { whole, stream, tally }: { whole: Undisturbed<RunResult>; stream: RandomStream; tally: Tally },
): Promise<void> {
  const run = join(folder, 'struck');
  rmSync(run, { recursive: true, force: true });
  const history: string[] = [];
  const next = (): string[] =>
    existsSync(join(run, 'config.json'))
      ? ['train', '--resume', 'struck', '--engine', 'reference', '--threads', '1']
      : train(name, 'struck');
  for (let strike = 0; strike < 5; strike++) {
    const fault = drawFault(stream, Math.ceil(whole.operations / 2), 3);
    const { ended, at } = await struck(next(), folder, fault);
    history.push(`${at ?? 'not struck'}; ended with ${ended.code}: ${ended.stderr.slice(-400)}`);
    verifyEnd(ended, at === undefined ? undefined : fault, history);
    if (at !== undefined) count(tally, fault, at);
    if (ended.code === 0) break;
  }
  const last = await rectio(next(), folder);
  verify('it ends', last.code === 0, `${last.code}: ${last.stderr}`, history);
  verifySame(resultOf(run), whole.result, history);
}

/** A training whose last operation, giving its lock back, is refused. @returns what it says */
export async function refusedAtTheEnd(folder: string, operations: number): Promise<Ended> {
  return (await struck(train('plain', 'unlocked'), folder, { kind: 'EIO', operation: operations })).ended;
}

/** @throws Error with all that happened, since the operations that were struck are what a reader needs */
function verify(what: string, holds: boolean, found: unknown, history: readonly string[]): void {
  if (holds) return;
  throw new Error([`Expected: ${what}, but: ${String(found)}`, ...history].join('\n'));
}

/** Compares two results entry by entry. */
function verifySame<T extends object>(found: T, expected: T, history: readonly string[]): void {
  const other = new Map(Object.entries(expected));
  for (const [key, value] of Object.entries(found)) {
    const wanted: unknown = other.get(key);
    const words = `${JSON.stringify(value)}\n  where an undisturbed one has\n  ${JSON.stringify(wanted)}`;
    verify(`the same ${key}`, isDeepStrictEqual(value, wanted), words, history);
  }
}

/** A process is killed, or is done, or says in words which file it could not write. */
function verifyEnd({ code, stderr }: Ended, fault: Fault | undefined, history: readonly string[]): void {
  if (fault?.kind.startsWith('kill') === true) {
    return verify('it was killed', code === null, code, history);
  }
  const fails = fault !== undefined && fault.kind !== 'short';
  verify('it ends well or refuses', code === 0 || (fails && code === 1), code, history);
  if (code === 1) verify('it names a file', /rectio: Cannot (write|read) \S+: /.test(stderr), stderr, history);
}

/** What two runs of the same settings must have in common. Times are left out. */
export interface RunResult {
  readonly files: readonly string[];
  readonly weights: string;
  readonly predictions: string;
  readonly metrics: readonly unknown[];
  readonly summary: unknown;
}

export function resultOf(run: string): RunResult {
  const bytes = (file: string) => readFileSync(join(run, file)).toString('base64');
  const last = readdirSync(join(run, 'checkpoints')).toSorted().at(-1) ?? '';
  return {
    files: readdirSync(run, { recursive: true, encoding: 'utf8' }).toSorted(),
    weights: ['model', join('checkpoints', last, 'model'), join('checkpoints', last, 'optimizer')]
      .map((file) => bytes(`${file}.safetensors`))
      .join(' '),
    predictions: bytes('predictions.safetensors'),
    metrics: readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n').map(untimed),
    summary: untimed(readFileSync(join(run, 'summary.json'), 'utf8')),
  };
}

/** What differs from one undisturbed run to the next. */
const timed: ReadonlySet<string> = new Set([
  'time',
  'seconds',
  'imagesPerSecond',
  'evaluationImagesPerSecond',
  'peakMemory',
  'run',
]);

function untimed(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) => (timed.has(key) ? undefined : value));
}

/** All numbers of a study; its cost has times. */
const numbersOf = ({ ratios, trials }: StudyDocument) => ({
  trials,
  ratios: ratios.map(({ cost: _, ...rest }) => rest),
});
export type StudyNumbers = ReturnType<typeof numbersOf>;

const parseNumbers = (stdout: string): StudyNumbers => numbersOf(JSON.parse(stdout) as StudyDocument);

export async function compareUndisturbed(folder: string): Promise<Undisturbed<StudyNumbers>> {
  const operations = await operationsOf(compare('whole-study'), folder, 'compare');
  const { stdout } = await rectio(compare('whole-study'), folder);
  return { result: parseNumbers(stdout), operations };
}

/** Two processes work on one study, and a process of one of them is struck; the other goes on. */
export async function studyRound(
  folder: string,
  { whole, stream, tally }: { whole: Undisturbed<StudyNumbers>; stream: RandomStream; tally: Tally },
): Promise<void> {
  rmSync(join(folder, 'study'), { recursive: true, force: true });
  const fault = { ...drawFault(stream, whole.operations, 6), command: stream.below(2) === 0 ? 'compare' : 'train' };
  const [first, second] = await Promise.all([
    struck(compare('study'), folder, fault),
    rectio(compare('study'), folder),
  ]);
  const { at, ended } = first;
  if (at !== undefined) count(tally, fault, at);
  const history = [
    `${fault.command}: ${at ?? 'not struck'}; ended with ${ended.code}: ${ended.stderr.slice(-1500)}`,
    `the other ended with ${second.code}: ${second.stderr.slice(-1500)}`,
  ];
  const killed = fault.kind.startsWith('kill');
  if (fault.command === 'compare') verifyEnd(ended, at === undefined ? undefined : fault, history);
  if (killed || at === undefined) {
    // Nothing was the other's fault: it has done all there was to do.
    verify('the other is done', second.code === 0, second.code, history);
    verifySame(parseNumbers(second.stdout), whole.result, history);
  }
  // A training that the disk refused is a failure on record, which the user lets repeat.
  const last = await rectio(killed ? compare('study') : [...compare('study'), '--retry-failed'], folder);
  verify('it ends', last.code === 0, `${last.code}: ${last.stderr}`, history);
  verifySame(parseNumbers(last.stdout), whole.result, history);
  // Temporary files and claims of dead processes may lie about: nobody reads them. A failure would stay in the report.
  const failed = killed ? readdirSync(join(folder, 'study', 'failures')) : [];
  verify('no failure stays', failed.length === 0, failed, history);
}
