/** Checks for settings that people write: each takes what was given and returns it typed, or says what is wrong. */

import { RectioError } from './error.js';
import { isFileName } from './file-name.js';
import { didYouMean } from './suggest.js';

/** @throws RectioError `usage` naming `path` (`schedule.learningRate`), what was given and what is valid */
export type Check<T> = (value: unknown, path: string) => T;

/** One check for every key of a record: total, so that a new setting cannot be forgotten. */
export type Checks<T> = { readonly [K in keyof T]-?: Check<T[K]> };

/** The numbers that a setting may be. */
export interface Range {
  readonly from?: number;
  readonly to?: number;
  /** Excluded lower end. */
  readonly above?: number;
  /** Excluded upper end. */
  readonly below?: number;
}

export function number(range: Range = {}): Check<number> {
  return (value, path) =>
    typeof value === 'number' && Number.isFinite(value) && within(value, range)
      ? value
      : refuse(path, value, `Give ${describeNumber(range, false)}.`);
}

export function wholeNumber(range: Range = {}): Check<number> {
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && within(value, range)
      ? value
      : refuse(path, value, `Give ${describeNumber(range, true)}.`);
}

export function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : refuse(path, value, 'Give true or false.');
}

export function text(value: unknown, path: string): string {
  return typeof value === 'string' && value.length > 0 ? value : refuse(path, value, 'Give a text.');
}

/** A name that can be that of one file or folder, and is no path that leads elsewhere. */
export function fileNameText(value: unknown, path: string): string {
  const name = text(value, path);
  return isFileName(name)
    ? name
    : refuse(path, value, 'Give a name that a folder can have: without slashes, and of at most 200 characters.');
}

export function oneOf<const T extends string>(...valid: readonly T[]): Check<T> {
  return (value, path) => {
    const found = valid.find((name) => name === value);
    return found ?? refuse(path, value, typeof value === 'string' ? didYouMean(value, valid) : listOf(valid));
  };
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, path) => (value === null ? null : check(value, path));
}

export function list<T>(check: Check<T>): Check<readonly T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((item, index) => check(item, `${path}[${index}]`))
      : refuse(path, value, 'Give a list.');
}

/** A record with exactly the given keys. */
export function record<T extends object>(checks: Checks<T>): Check<T> {
  const keys = Object.keys(checks) as (keyof T & string)[];
  return (value, path) => {
    if (!isRecord(value)) return refuse(path, value, `Give a record of ${keys.join(', ')}.`);
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(checks, key));
    if (unknown !== undefined) refuseUnknown(path, unknown, didYouMean(unknown, keys));
    return Object.fromEntries(
      keys.map((key) => {
        const inner = joinPath(path, key);
        if (value[key] === undefined) refuseMissing(inner);
        return [key, checks[key](value[key], inner)];
      }),
    ) as T;
  };
}

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says that a setting cannot be what was given. */
export function refuse(path: string, value: unknown, hint: string): never {
  const shown = value === undefined ? 'nothing' : shortened(value);
  const what = path === '' ? 'The settings' : `The setting \`${path}\``;
  throw new RectioError('usage', `${what} cannot be ${shown}.`, hint);
}

/** A value as JSON, as far as a message can show it. */
function shortened(value: unknown): string {
  const most = 300;
  try {
    const shown = JSON.stringify(value) ?? typeof value;
    return shown.length > most ? `${shown.slice(0, most)} …` : shown;
  } catch {
    return 'a value that is nested too deeply';
  }
}

/** Says that there is no such setting. */
export function refuseUnknown(path: string, key: string, hint: string): never {
  throw new RectioError('usage', `There is no setting \`${joinPath(path, key)}\`.`, hint);
}

/** Says that a setting has no value and needs one. */
export function refuseMissing(path: string): never {
  throw new RectioError('usage', `The setting \`${path}\` is missing.`, 'Give it a value.');
}

/** `schedule` and `learningRate` as `schedule.learningRate`. */
export function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function listOf(valid: readonly string[]): string {
  return `Valid are: ${valid.join(', ')}.`;
}

function within(
  value: number,
  { from = -Infinity, to = Infinity, above = -Infinity, below = Infinity }: Range,
): boolean {
  return value >= from && value <= to && value > above && value < below;
}

/** What a number has to be, as a hint says it: `a whole number from 1 to 64`. */
export function describeNumber(range: Range, whole: boolean): string {
  const kind = whole ? 'a whole number' : 'a number';
  const bounds = printRange(range);
  if (bounds === '') return kind;
  if (bounds.startsWith('at least')) return `${kind} of ${bounds}`;
  return range.from === undefined ? `${kind} ${bounds}` : `${kind} from ${bounds}`;
}

/** A range in few words: `1 to 64`, `at least 1`, `above 0 and below 1`; empty if any number will do. */
export function printRange({ from, to, above, below }: Range): string {
  const end = to === undefined ? (below === undefined ? undefined : `below ${below}`) : `${to}`;
  if (from !== undefined) return end === undefined ? `at least ${from}` : `${from} to ${end}`;
  if (above === undefined) return end === undefined ? '' : to === undefined ? end : `at most ${end}`;
  if (end === undefined) return `above ${above}`;
  return `above ${above} ${to === undefined ? 'and' : 'to'} ${end}`;
}
