/**
 * How settings are declared: once each, with type, check, bounds, default, unit, help and flag. Types, checks, command-line
 * options and the documentation's tables all come from these declarations.
 */

import * as checks from '../base/check.js';
import { isRecord, joinPath, refuse, refuseMissing, refuseUnknown, type Check, type Range } from '../base/check.js';
import { didYouMean } from '../base/suggest.js';
import { sameMeaning } from '../base/synonyms.js';

/** How a setting is given on a command line. */
export interface Flag<Name extends string> {
  /** In camel case; the command line spells it its own way. */
  readonly name: Name;
  /** Stands for the value in the help, such as `DIR`; null for a switch, which takes no value. */
  readonly placeholder: string | null;
}

/** What values of a setting look like, for whoever reads them from text or describes them. */
export type Form =
  | { readonly kind: 'number'; readonly range: Range; readonly whole: boolean }
  | { readonly kind: 'choice'; readonly words: readonly string[] }
  | { readonly kind: 'list'; readonly items: string }
  | { readonly kind: 'boolean' | 'text' };

/** One setting. */
export interface Setting<T, Name extends string = string> {
  readonly type: 'setting';
  readonly form: Form;
  readonly nullable: boolean;
  readonly check: Check<T>;
  /** One line without a closing full stop. */
  readonly help: string;
  readonly unit?: string;
  /** Undefined: the recipe's, or it must be given. */
  readonly default?: T;
  /** Whether it must be given: no recipe has a value for it. */
  readonly required?: true;
  /** The default in words, if its value does not speak for itself. */
  readonly standard?: string;
  /** See `About`. */
  readonly added?: true;
  readonly flag?: Flag<Name>;
}

export type AnySetting = Setting<unknown>;
export type Fields = { readonly [key: string]: Schema };

/** Settings that belong together: a record. */
export interface Group<F extends Fields = Fields, Short extends string = string> {
  readonly type: 'group';
  readonly fields: F;
  /** The setting that is meant if a text stands in place of the record. */
  readonly shorthand?: Short;
}

export type Kinds = { readonly [kind: string]: { readonly [key: string]: AnySetting } };

/** Records of several kinds, told apart by their `kind`. */
export interface Variants<K extends Kinds = Kinds, Name extends string = string> {
  readonly type: 'variants';
  /** Of `kind` itself. */
  readonly kind: AnySetting & { readonly flag?: Flag<Name> };
  readonly kinds: K;
}

export type Schema = AnySetting | Group | Variants;

/** What a schema's settings are once they are complete. */
export type Infer<S> =
  S extends Setting<infer T>
    ? T
    : S extends Group<infer F>
      ? { readonly [K in keyof F]: Infer<F[K]> }
      : S extends Variants<infer K>
        ? {
            [Kind in keyof K]: { readonly kind: Kind } & { readonly [Key in keyof K[Kind]]: Infer<K[Kind][Key]> };
          }[keyof K]
        : never;

/** What may be given for a schema: any part of it, with shorthands. */
export type InferInput<S> =
  S extends Setting<infer T>
    ? T
    : S extends Group<infer F, infer Short>
      ? | { readonly [K in keyof F]?: InferInput<F[K]> | undefined }
        | (Short extends keyof F ? NonNullable<InferInput<F[Short]>> : never)
      : S extends Variants<infer K>
        ? {
            [Kind in keyof K]: { readonly kind?: Kind | undefined } & {
              readonly [Key in keyof K[Kind]]?: Infer<K[Kind][Key]> | undefined;
            };
          }[keyof K]
        : never;

interface About<T, Name extends string> {
  readonly help: string;
  readonly unit?: string;
  readonly default?: NoInfer<T>;
  readonly required?: true;
  readonly standard?: string;
  /**
   * The setting is younger than studies that people have. At its default it stays out of the hashes of plans, so that plans
   * from before keep theirs.
   */
  readonly added?: true;
  /** Name and placeholder of the flag. */
  readonly flag?: readonly [name: Name, placeholder: string | null];
}

/** The same for a setting whose flag needs no placeholder of its own. */
interface AboutNamed<T, Name extends string> extends Omit<About<T, Name>, 'flag'> {
  readonly flag?: Name;
}

function named<Name extends string>(
  name: Name | undefined,
  placeholder: string | null,
): Pick<About<unknown, Name>, 'flag'> {
  return name === undefined ? {} : { flag: [name, placeholder] };
}

function declare<T, Name extends string>(
  form: Form,
  check: Check<T>,
  { flag, ...about }: About<T, Name>,
): Setting<T, Name> {
  const given = flag === undefined ? {} : { flag: { name: flag[0], placeholder: flag[1] } };
  return { type: 'setting', form, nullable: false, check, ...about, ...given };
}

export function number<const Name extends string = never>(range: Range, about: About<number, Name>) {
  return declare({ kind: 'number', range, whole: false }, checks.number(range), about);
}

export function whole<const Name extends string = never>(range: Range, about: About<number, Name>) {
  return declare({ kind: 'number', range, whole: true }, checks.wholeNumber(range), about);
}

/** A setting that is on or off; its flag is a switch, which takes no value. */
export function boolean<const Name extends string = never>({ flag, ...about }: AboutNamed<boolean, Name>) {
  return declare({ kind: 'boolean' }, checks.boolean, { ...about, ...named(flag, null) });
}

export function text<const Name extends string = never>(about: About<string, Name>) {
  return declare({ kind: 'text' }, checks.text, about);
}

/** @param items what the list is of, in the plural, for whoever reads of it */
export function list<T, const Name extends string = never>(
  items: string,
  item: Check<T>,
  about: About<readonly T[], Name>,
) {
  return declare({ kind: 'list', items }, checks.list(item), about);
}

/** One of a few words; they stand as the flag's placeholder in the help. */
export function choice<const Word extends string, const Name extends string = never>(
  words: readonly Word[],
  { flag, ...about }: AboutNamed<Word, Name>,
) {
  return declare({ kind: 'choice', words }, checks.oneOf(...words), { ...about, ...named(flag, words.join('|')) });
}

/** A setting that may be null, which is its default; `meaning` says in words what null means. */
export function orNull<T, Name extends string>(meaning: string, inner: Setting<T, Name>): Setting<T | null, Name> {
  return { ...inner, nullable: true, check: checks.orNull(inner.check), default: null, standard: meaning };
}

export function group<const F extends Fields>(fields: F): Group<F, never>;
export function group<const F extends Fields, const Short extends keyof F & string>(
  fields: F,
  shorthand: Short,
): Group<F, Short>;
export function group(fields: Fields, shorthand?: string): Group {
  return { type: 'group', fields, ...(shorthand === undefined ? {} : { shorthand }) };
}

/**
 * Records of several kinds. Settings that have the same name in two kinds have the same check.
 * @param about help, and the flag by which the kind is chosen
 */
export function variants<const K extends Kinds, const Name extends string = never>(
  about: { readonly help: string; readonly flag?: Name },
  kinds: K,
): Variants<K, Name> {
  return { type: 'variants', kind: choice(Object.keys(kinds), about), kinds };
}

/** Whether all settings have to be there, or any may be left out. */
type Extent = 'complete' | 'partial';

/** All of a schema's settings. @throws RectioError `usage` naming the setting, what was given and what is valid */
export function checkComplete<S extends Schema>(schema: S, value: unknown): Infer<S> {
  return checkSchema(schema, value, '', 'complete') as Infer<S>;
}

/**
 * Some of a schema's settings; shorthands are written out.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function checkPartial<S extends Schema>(schema: S, value: unknown): InferInput<S> {
  return checkSchema(schema, value, '', 'partial') as InferInput<S>;
}

function checkSchema(schema: Schema, value: unknown, path: string, extent: Extent): unknown {
  switch (schema.type) {
    case 'setting':
      return schema.check(value, path);
    case 'group':
      return checkGroup(schema, value, path, extent);
    case 'variants':
      return checkVariants(schema, value, path, extent);
  }
}

function checkGroup(schema: Group, value: unknown, path: string, extent: Extent): unknown {
  const { fields, shorthand } = schema;
  if (isRecord(value)) return checkFields(fields, value, path, extent, schema);
  if (shorthand !== undefined && typeof value === 'string') {
    return checkFields(fields, { [shorthand]: value }, path, extent, schema);
  }
  return refuse(path, value, `Give a record of ${Object.keys(fields).join(', ')}.`);
}

function checkVariants({ kind, kinds }: Variants, value: unknown, path: string, extent: Extent): unknown {
  const names = Object.keys(kinds).join(', ');
  if (!isRecord(value)) return refuse(path, value, `Give a record with kind ${names}.`);
  if (value['kind'] === undefined && extent === 'partial') {
    const any: Fields = Object.assign({}, ...Object.values(kinds));
    return checkFields(any, value, path, extent);
  }
  const chosen = kind.check(value['kind'], joinPath(path, 'kind'));
  const fields = Object.entries(kinds).find(([name]) => name === chosen)?.[1] ?? {};
  return checkFields({ kind, ...fields }, value, path, extent);
}

function checkFields(
  fields: Fields,
  value: { readonly [key: string]: unknown },
  path: string,
  extent: Extent,
  owner: Group = { type: 'group', fields },
): unknown {
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key)) refuseUnknown(path, key, suggestion(owner, key, path));
  }
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, inner]) => {
      const place = joinPath(path, key);
      const given = Object.hasOwn(value, key) ? value[key] : undefined;
      if (given !== undefined) return [[key, checkSchema(inner, given, place, extent)]];
      return extent === 'partial' ? [] : refuseMissing(place);
    }),
  );
}

/**
 * What may have been meant: a setting further in of that name or flag, a name here that means the same, a setting further
 * in that means the same, or else the nearest name here.
 */
function suggestion(owner: Group, key: string, path: string): string {
  const further = (fits: (name: string) => boolean): string[] => [
    ...new Set(
      listSettings(owner)
        .filter(({ path: place, setting }) => fits(place.split('.').at(-1)!) || fits(setting.flag?.name ?? ''))
        .map((row) => `\`${joinPath(path, row.path)}\``),
    ),
  ];
  const own = Object.keys(owner.fields);
  const exact = further((name) => name === key);
  const alike = own.some((name) => sameMeaning(name, key)) ? [] : further((name) => sameMeaning(name, key));
  const found = exact.length > 0 ? exact : alike;
  return found.length > 0 ? `Did you mean ${found.join(' or ')}?` : didYouMean(key, own);
}

/** A setting with its place. */
export interface SettingRow {
  /** `schedule.learningRate` */
  readonly path: string;
  /** The kind that has it, if not every kind does: `cosine`. */
  readonly kind?: string;
  readonly setting: AnySetting;
}

/** All settings of a schema in order; one that several kinds have comes once for each kind. */
export function listSettings(schema: Schema, path = ''): readonly SettingRow[] {
  switch (schema.type) {
    case 'setting':
      return [{ path, setting: schema }];
    case 'group':
      return Object.entries(schema.fields).flatMap(([key, inner]) => listSettings(inner, joinPath(path, key)));
    case 'variants':
      return [
        { path: joinPath(path, 'kind'), setting: schema.kind },
        ...Object.entries(schema.kinds).flatMap(([kind, fields]) =>
          Object.entries(fields).map(([key, setting]) => ({ path: joinPath(path, key), kind, setting })),
        ),
      ];
  }
}

/** What holds if a setting is not given, in words; undefined if it must be given. */
export function standardOf({ setting, kind }: SettingRow): string | undefined {
  if (setting.required) return undefined;
  if (setting.standard !== undefined) return setting.standard;
  return kind === undefined && setting.default !== undefined ? String(setting.default) : "the recipe's";
}

/** The defaults of all settings that have one; those of kinds are {@link kindDefaults}. */
export function defaultsOf(schema: Group): { readonly [key: string]: unknown } {
  return Object.fromEntries(
    Object.entries(schema.fields).flatMap(([key, inner]): [string, unknown][] => {
      if (inner.type === 'group') return [[key, defaultsOf(inner)]];
      return inner.type === 'setting' && inner.default !== undefined ? [[key, inner.default]] : [];
    }),
  );
}

/** The settings that a kind begins with, the kind included; undefined if there is no such kind. */
export function kindDefaults({ kinds }: Variants, kind: string): { readonly [key: string]: unknown } | undefined {
  const fields = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return fields === undefined ? undefined : { kind, ...defaultsOf(group(fields)) };
}
