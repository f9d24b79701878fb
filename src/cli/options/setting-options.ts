/** Options made from the declarations of settings: the same checks, bounds, defaults and words. */

import {
  listSettings,
  parseSettings,
  standardOf,
  type AnySetting,
  type Fields,
  type Group,
  type Schema,
  type Setting,
  type TrainConfigInput,
  type Variants,
} from '../../config/index.js';
import { choice, decimal, flag, integer, list, text, type Option } from './options.js';

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

type RowsOf<S> =
  S extends Setting<infer T, infer Name>
    ? { readonly [N in Name]: Option<NonNullable<T> | undefined> }
    : S extends Group<infer F>
      ? Intersection<{ [K in keyof F]: RowsOf<F[K]> }[keyof F]>
      : S extends Variants<infer K, infer Name>
        ? Intersection<{ [Kind in keyof K]: RowsOf<Group<K[Kind]>> }[keyof K]> & {
            readonly [N in Name]: Option<(keyof K & string) | undefined>;
          }
        : never;

/** One option for every setting with a flag. */
export type SettingOptions<F extends Fields> = { [K in keyof RowsOf<Group<F>>]: RowsOf<Group<F>>[K] };

/** The options of a part of the settings. A setting without a flag has none: it stands in files only. */
export function settingOptions<F extends Fields>(fields: F): SettingOptions<F> {
  const rows: Record<string, Option<unknown>> = {};
  for (const row of listSettings({ type: 'group', fields })) {
    const { setting } = row;
    if (setting.flag !== undefined) rows[setting.flag.name] ??= settingOption(setting, standardOf(row));
  }
  return rows as SettingOptions<F>;
}

function settingOption({ form, flag: own, help, unit }: AnySetting, standard: string | undefined): Option<unknown> {
  const placeholder = own?.placeholder ?? '';
  const described = standard === undefined ? { help } : { help, standard };
  switch (form.kind) {
    case 'number': {
      const withUnit = unit === undefined ? described : { ...described, unit };
      return (form.whole ? integer : decimal)(placeholder, form.range, withUnit);
    }
    case 'choice':
      return choice(form.words, described);
    case 'text':
      return text(placeholder, described);
    case 'list':
      return list(placeholder, described);
    case 'boolean':
      return { ...flag(help), fallback: undefined };
  }
}

/** The settings that options gave, each in its place; what was not given is left out. */
export function givenSettings(fields: Fields, values: { readonly [option: string]: unknown }): TrainConfigInput {
  return parseSettings(settingsIn({ type: 'group', fields }, values) ?? {});
}

/** Undefined if none of the schema's settings was given. */
function settingsIn(schema: Schema, values: { readonly [option: string]: unknown }): unknown {
  if (schema.type === 'setting') return schema.flag === undefined ? undefined : values[schema.flag.name];
  const fields =
    schema.type === 'group'
      ? schema.fields
      : { kind: schema.kind, ...Object.assign({}, ...Object.values(schema.kinds)) };
  const given = Object.entries<Schema>(fields).flatMap(([key, inner]) => {
    const value = settingsIn(inner, values);
    return value === undefined ? [] : [[key, value] as const];
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
