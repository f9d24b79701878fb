/** Checks for settings that people write: each takes what was given and returns it typed, or says what is wrong. */

import { RectioError } from './error.js';
import { didYouMean } from './suggest.js';

/** @throws RectioError `usage` naming `path` (`schedule.learningRate`), what was given and what is valid */
export type Check<T> = (value: unknown, path: string) => T;

/** One check for every key of a record: total, so that a new setting cannot be forgotten. */
export type Checks<T> = { readonly [K in keyof T]-?: Check<T[K]> };

interface Range {
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
      : refuse(path, value, `Give a number${printRange(range)}.`);
}

export function wholeNumber(range: Range = {}): Check<number> {
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && within(value, range)
      ? value
      : refuse(path, value, `Give a whole number${printRange(range)}.`);
}

export function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : refuse(path, value, 'Give true or false.');
}

export function text(value: unknown, path: string): string {
  return typeof value === 'string' && value.length > 0 ? value : refuse(path, value, 'Give a text.');
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
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(checks, key)) {
        throw new RectioError('usage', `There is no setting ${join(path, key)}.`, didYouMean(key, keys));
      }
    }
    return Object.fromEntries(
      keys.map((key) => {
        if (value[key] === undefined) {
          throw new RectioError('usage', `The setting ${join(path, key)} is missing.`, 'Give it a value.');
        }
        return [key, checks[key](value[key], join(path, key))];
      }),
    ) as T;
  };
}

/** A record whose `kind` says which of several it is. */
export function variant<T extends { readonly kind: string }>(variants: {
  readonly [K in T['kind']]: Check<Extract<T, { kind: K }>>;
}): Check<T> {
  const kinds = Object.keys(variants) as T['kind'][];
  return (value, path) => {
    if (!isRecord(value)) return refuse(path, value, `Give a record with kind ${kinds.join(', ')}.`);
    const kind = oneOf(...kinds)(value['kind'], join(path, 'kind'));
    return variants[kind](value, path);
  };
}

/** The check of a variant's `kind` once it is known. */
export function exactly<const T extends string>(name: T): Check<T> {
  return () => name;
}

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says that a setting cannot be what was given. */
export function refuse(path: string, value: unknown, hint: string): never {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  throw new RectioError('usage', `The setting ${path || 'config'} cannot be ${shown}.`, hint);
}

function join(path: string, key: string): string {
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

function printRange({ from, to, above, below }: Range): string {
  const parts = [
    from === undefined ? '' : `from ${from}`,
    above === undefined ? '' : `above ${above}`,
    to === undefined ? '' : `to ${to}`,
    below === undefined ? '' : `below ${below}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`;
}
