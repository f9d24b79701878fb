/**
 * Values from files, given a type by checking them. Keys that a reader does not know are passed over: a newer version may
 * have written them. For what people write, where an unknown key is a slip, see `check.ts`.
 */

import { RectioError } from './error.js';
import { isFileName } from './file-name.js';

/**
 * @param place what the value is within its file, such as `train.loss`; empty for the whole file
 * @throws RectioError `data` naming the place and what was expected there
 */
export type Parser<T> = (value: unknown, place: string) => T;

export type Parsed<P> = P extends Parser<infer T> ? T : never;

function expected(what: string, value: unknown, place: string): never {
  const shown = value === undefined ? 'missing' : `not ${what}`;
  throw new RectioError('data', `${place === '' ? 'it' : place} is ${shown}`, `Expected: ${what}.`);
}

/** Finite, as every number in JSON is. */
export const aNumber: Parser<number> = (value, place) =>
  typeof value === 'number' ? value : expected('a number', value, place);

export const aCount: Parser<number> = (value, place) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : expected('a whole number from 0', value, place);

export const aText: Parser<string> = (value, place) =>
  typeof value === 'string' ? value : expected('a text', value, place);

/** The name of one file or folder: what comes from a file must not lead elsewhere. */
export const aFileName: Parser<string> = (value, place) =>
  typeof value === 'string' && isFileName(value) ? value : expected('a name without slashes', value, place);

export const aBoolean: Parser<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : expected('true or false', value, place);

/** One of a few texts or numbers. */
export function oneOf<const T extends string | number>(...choices: readonly T[]): Parser<T> {
  return (value, place) => choices.find((choice) => choice === value) ?? expected(choices.join(' or '), value, place);
}

export function orNull<T>(parse: Parser<T>): Parser<T | null> {
  return (value, place) => (value === null ? null : parse(value, place));
}

/** What a file of an older version may lack. */
export function orElse<T, D>(parse: Parser<T>, otherwise: D): Parser<T | D> {
  return (value, place) => (value === undefined ? otherwise : parse(value, place));
}

export function listOf<T>(parse: Parser<T>): Parser<readonly T[]> {
  return (value, place) =>
    Array.isArray(value)
      ? value.map((item, index) => parse(item, `${place}[${index}]`))
      : expected('a list', value, place);
}

export function mapOf<T>(parse: Parser<T>): Parser<{ readonly [key: string]: T }> {
  return (value, place) =>
    Object.fromEntries(
      Object.entries(aRecord(value, place)).map(([key, item]) => [key, parse(item, within(place, key))]),
    );
}

/** A record that has these keys; of what else it has nothing is kept. */
export function fields<T extends object>(parsers: { readonly [K in keyof T]-?: Parser<T[K]> }): Parser<T> {
  const entries = Object.entries<Parser<T[keyof T]>>(parsers);
  return (value, place) => {
    const record = aRecord(value, place);
    const parsed: Partial<Record<string, T[keyof T]>> = {};
    for (const [key, parse] of entries) {
      const result = parse(Object.hasOwn(record, key) ? record[key] : undefined, within(place, key));
      if (result !== undefined) parsed[key] = result;
    }
    // Every key of T has its parser above, and each gave a value of its type.
    return parsed as T;
  };
}

export function aRecord(value: unknown, place: string): { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : expected('a record', value, place);
}

function within(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}
