/** A study as people write it: a grid of networks, ratios and seeds, checked once. */

import { scopes, type Scope } from '../proportion/index.js';
import { fileNameText, isRecord, list, number, oneOf, record, refuse, text, wholeNumber } from '../base/check.js';
import { parseSettings, type TrainConfigInput } from '../config/index.js';

/** `otherSeeds` repeats the baseline with seeds of its own; `leaky` repeats each ratio with leaky ReLUs for dropped ones. */
export const controls = ['otherSeeds', 'leaky'] as const;

export type Control = (typeof controls)[number];

export interface StudyInput {
  readonly name: string | undefined;
  readonly networks: readonly string[];
  /** N:M, or N:M@PATTERN, or by stages. */
  readonly ratios: readonly string[];
  readonly scopes: readonly Scope[];
  readonly seeds: readonly number[];
  /** What all trials have in common; later layers before earlier ones. */
  readonly settings: readonly TrainConfigInput[];
  /** By the name of a setting, such as `schedule.learningRate`, the values to try. */
  readonly vary: { readonly [path: string]: readonly unknown[] };
  /** More arms: by label, the settings in which each differs from the baseline's settings. */
  readonly arms: { readonly [label: string]: TrainConfigInput };
  /** The ratio that the others are compared with. */
  readonly baseline: string;
  readonly controls: readonly Control[];
  /** In points. */
  readonly worthwhile: number;
}

const seedNumber = wholeNumber({ from: 0, to: 999_999 });

/** Defaults. */
const defaults = {
  scopes: ['network'],
  settings: {},
  vary: {},
  arms: {},
  baseline: '1:1',
  controls: [],
  worthwhile: 0.3,
};

/** @throws RectioError `usage` naming the setting, what was given and what is valid */
export function checkInput(given: unknown): StudyInput {
  if (!isRecord(given)) return refuse('', given, 'Give a record with networks, ratios and seeds.');
  const { name, ...rest } = { ...defaults, ...given } as { readonly [key: string]: unknown };
  const input = record<Omit<StudyInput, 'name'>>({
    networks: filled(text),
    ratios: filled(text),
    scopes: filled(oneOf(...scopes)),
    seeds: checkSeeds,
    settings: (value) => (Array.isArray(value) ? value : [value]).map(parseSettings),
    vary: (value, path) =>
      isRecord(value)
        ? Object.fromEntries(
            Object.entries(value).map(([key, values]) => [
              key,
              filled<unknown>((item) => item)(values, `${path}.${key}`),
            ]),
          )
        : refuse(path, value, 'Give a record from names of settings to lists of values.'),
    arms: (value, path) =>
      isRecord(value)
        ? Object.fromEntries(Object.entries(value).map(([label, settings]) => [label, parseSettings(settings)]))
        : refuse(path, value, 'Give a record from labels to settings.'),
    baseline: text,
    controls: list(oneOf(...controls)),
    worthwhile: number({ above: 0, to: 100 }),
  })(rest, '');
  return { ...input, name: name === undefined ? undefined : fileNameText(name, 'name') };
}

/** A number of seeds, or a list of them. */
function checkSeeds(value: unknown, path: string): readonly number[] {
  if (typeof value === 'number') {
    return Array.from({ length: wholeNumber({ from: 1, to: 100_000 })(value, path) }, (_, index) => index);
  }
  const seeds = filled(seedNumber)(value, path);
  const seen = new Set<number>();
  const twice = seeds.find((seed) => seen.size === seen.add(seed).size);
  return twice === undefined ? seeds : refuse(path, twice, 'Give every seed once.');
}

function filled<T>(check: (value: unknown, path: string) => T): (value: unknown, path: string) => readonly T[] {
  return (value, path) => {
    const items = list(check)(value, path);
    return items.length > 0 ? items : refuse(path, value, 'Give at least one.');
  };
}
