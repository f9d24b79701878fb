/**
 * The options of a command as one table: parsing, validation, did-you-mean and the help text all come from it.
 * A key `clipNorm` in the table is `--clip-norm` on the command line.
 */

import { parseArgs } from 'node:util';

import { RectioError } from '../../base/error.js';
import { describeNumber, number as numberCheck, printRange, wholeNumber, type Range } from '../../base/check.js';
import { didYouMean } from '../../base/suggest.js';

/** One option: its help, and how its text becomes a value. */
export interface Option<T> {
  /** Stands for the value in the help, such as `DIR`; null for a flag, which takes no value. */
  readonly placeholder: string | null;
  /** One or two lines without a closing full stop; units included. */
  readonly help: string;
  /** The default, as the help shows it. */
  readonly standard?: string;
  /** Which numbers it takes, as the help shows it: `1 to 4096 pixels`. */
  readonly bounds?: string;
  /** @throws RectioError `usage` */
  readonly parse: (text: string, option: string) => T;
  /** The value if the option is not given. */
  readonly fallback: T;
  /** Whether the option may be repeated. Its values are lists, which are joined. */
  readonly repeats?: true;
}

export type OptionTable = { readonly [key: string]: Option<unknown> };
export type Values<Table extends OptionTable> = {
  readonly [K in keyof Table]: Table[K] extends Option<infer T> ? T : never;
};

/** A positional argument. */
export interface Positional {
  readonly placeholder: string;
  readonly help: string;
  readonly required: boolean;
}

interface Described {
  readonly help: string;
  /** The default that the help shows, if it is not the option's own fallback. */
  readonly standard?: string;
}

interface DescribedNumber extends Described {
  /** What the number counts, in the plural. */
  readonly unit?: string;
}

/** A switch that is off unless given. */
export function flag(help: string): Option<boolean> {
  return { placeholder: null, help, parse: () => true, fallback: false };
}

/** Any text: a name, a folder. */
export function text(placeholder: string, described: Described): Option<string | undefined>;
export function text(placeholder: string, described: Described, fallback: string): Option<string>;
export function text(placeholder: string, described: Described, fallback?: string): Option<string | undefined> {
  const parse = (value: string, option: string) => {
    if (value === '') throw new RectioError('usage', `${option} is empty`, `Give it as ${option} ${placeholder}.`);
    return value;
  };
  return { placeholder, parse, fallback, ...(fallback === undefined ? {} : { standard: fallback }), ...described };
}

/** Texts that may be given with commas between them, or one by one. */
export function list(placeholder: string, described: Described): Option<readonly string[] | undefined> {
  const parse = (value: string, option: string) => {
    const items = value.split(',').map((item) => item.trim());
    if (items.includes('')) {
      throw new RectioError('usage', `${option} cannot be '${value}'`, `Give it as ${option} ${placeholder}.`);
    }
    return items;
  };
  return { placeholder, parse, fallback: undefined, repeats: true, ...described };
}

function numberOption<T>(
  placeholder: string,
  range: Range,
  whole: boolean,
  { unit, ...described }: DescribedNumber,
  fallback: T,
): Option<number | T> {
  const check = (whole ? wholeNumber : numberCheck)(range);
  const parse = (value: string, option: string) => {
    try {
      return check(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : value, option);
    } catch (error) {
      const hint = `Give ${describeNumber(range, whole)}.`;
      throw new RectioError('usage', `${option} cannot be '${value}'`, hint, { cause: error });
    }
  };
  const bounds = [printRange(range), unit].filter(Boolean).join(' ');
  const standard = fallback === undefined ? {} : { standard: String(fallback) };
  return { placeholder, parse, fallback, ...standard, ...(bounds === '' ? {} : { bounds }), ...described };
}

/** A whole number. */
export function integer(placeholder: string, range: Range, described: DescribedNumber): Option<number | undefined>;
export function integer(
  placeholder: string,
  range: Range,
  described: DescribedNumber,
  fallback: number,
): Option<number>;
export function integer(
  placeholder: string,
  range: Range,
  described: DescribedNumber,
  fallback?: number,
): Option<number | undefined> {
  return numberOption(placeholder, range, true, described, fallback);
}

/** A number, with or without a fraction. */
export function decimal(placeholder: string, range: Range, described: DescribedNumber): Option<number | undefined>;
export function decimal(
  placeholder: string,
  range: Range,
  described: DescribedNumber,
  fallback: number,
): Option<number>;
export function decimal(
  placeholder: string,
  range: Range,
  described: DescribedNumber,
  fallback?: number,
): Option<number | undefined> {
  return numberOption(placeholder, range, false, described, fallback);
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  described: Described,
): Option<Word | undefined>;
export function choice<const Word extends string>(
  words: readonly Word[],
  described: Described,
  fallback: NoInfer<Word>,
): Option<Word>;
export function choice<const Word extends string>(
  words: readonly Word[],
  described: Described,
  fallback?: NoInfer<Word>,
): Option<Word | undefined> {
  const parse = (value: string, option: string) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) {
      throw new RectioError('usage', `${option} cannot be '${value}'`, didYouMean(value, words));
    }
    return word;
  };
  const standard = fallback === undefined ? {} : { standard: fallback };
  return { placeholder: words.join('|'), parse, fallback, ...standard, ...described };
}

/** `clipNorm` as it is typed: `--clip-norm`. */
export function optionName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export interface ParsedArguments<Table extends OptionTable> {
  readonly values: Values<Table>;
  /** The keys that were given, as against those that have their fallback. */
  readonly given: ReadonlySet<keyof Table>;
  readonly positionals: readonly string[];
}

/**
 * Reads a command's arguments. `--help` is not among them: whoever calls this has looked for it.
 * @throws RectioError `usage` for unknown options, missing or invalid values, too many or too few positionals
 */
export function parseArguments<Table extends OptionTable>(
  args: readonly string[],
  table: Table,
  expected: readonly Positional[],
): ParsedArguments<Table> {
  const keys = new Map(Object.keys(table).map((key) => [optionName(key), key] as const));
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      [...keys].map(([name, key]) => [
        name.slice(2),
        { type: table[key]!.placeholder === null ? 'boolean' : 'string' },
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(table).map(([key, option]) => [key, option.fallback]),
  );
  const given = new Set<string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const key = keys.get(token.rawName);
    if (key === undefined) throw unknownOption(token.rawName, [...keys.keys()]);
    const value = optionValue(table[key]!, token);
    values[key] =
      table[key]!.repeats && given.has(key) ? [...(values[key] as unknown[]), ...(value as unknown[])] : value;
    given.add(key);
  }
  checkPositionals(positionals, expected);
  return { values: values as Values<Table>, given, positionals };
}

function unknownOption(name: string, known: readonly string[]): RectioError {
  const hint = didYouMean(name, [...known, '--help']);
  return new RectioError('usage', `There is no option ${name} here`, hint);
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionValue(option: Option<unknown>, { rawName, value, inlineValue }: OptionToken): unknown {
  if (option.placeholder === null) {
    if (value !== undefined) throw new RectioError('usage', `${rawName} takes no value`, `Give it as ${rawName}.`);
    return option.parse('', rawName);
  }
  // `--data --json`: the next option is not this one's value.
  if (value === undefined || (!inlineValue && value.startsWith('--'))) {
    throw new RectioError('usage', `${rawName} needs a value`, `Give it as ${rawName} ${option.placeholder}.`);
  }
  return option.parse(value, rawName);
}

function checkPositionals(positionals: readonly string[], expected: readonly Positional[]): void {
  const missing = expected.slice(positionals.length).find(({ required }) => required);
  if (missing) {
    throw new RectioError('usage', `${missing.placeholder} is missing`, `Give ${missing.help}.`);
  }
  if (positionals.length > expected.length) {
    const extra = positionals[expected.length]!;
    throw new RectioError(
      'usage',
      `'${extra}' is one argument too many`,
      extra.includes(':') ? `A ratio is given as --ratio ${extra}.` : 'Options start with --; see --help.',
    );
  }
}
