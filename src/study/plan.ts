/** The plan of a study: every setting resolved and hashed before the first trial. */

import { createHash } from 'node:crypto';
import { parse } from 'node:path';

import { defined } from '../base/defined.js';
import { RectioError } from '../base/error.js';
import { isNetworkFile } from '../network-file/index.js';
import { checkInput, type Control, type StudyInput } from './input.js';
import {
  parseSettings,
  resolveConfig,
  withoutAddedDefaults,
  type TrainConfig,
  type TrainConfigInput,
} from '../config/index.js';

/** One way to train: a cell of the grid without its seed. */
export interface Arm {
  /** Unique, and fit for a file's name. */
  readonly id: string;
  /** Its name within its group: `2:1@10`. */
  readonly label: string;
  /** The network, and the settings that vary besides the ratio; shared with its baseline. */
  readonly group: string;
  readonly role: 'baseline' | 'variant' | 'control';
  /** `seed` is the one of the study's seed 0. */
  readonly config: TrainConfig;
}

export interface StudyPlan {
  readonly format: 1;
  readonly name: string;
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  /** A difference in points that would matter. */
  readonly worthwhile: number;
}

/** A plan as a file has it, its arms not looked at yet. */
export interface WrittenPlan extends Pick<StudyPlan, 'format' | 'seeds' | 'worthwhile'> {
  readonly arms: readonly object[];
}

/** One training of the study. */
export interface Trial {
  /** Unique, and fit for a folder's name. */
  readonly id: string;
  readonly arm: Arm;
  readonly seed: number;
  /** The training's seed; differs from `seed` for a control with other seeds. */
  readonly trainingSeed: number;
}

/** The control that differs from the baseline only by chance uses seeds that no other arm has. */
const otherSeeds = 1_000_000;

/** The slope of a leaky control: halfway between the ReLU and the identity. */
const leak = 0.5;

export interface PlanOptions {
  /** Whether a study of baselines alone is allowed: a campaign may compare them with another study. Default false. */
  readonly mayCompareNothing?: boolean;
}

/**
 * Resolves a plan from a file's or the options' settings.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function resolvePlan(given: unknown, { mayCompareNothing = false }: PlanOptions = {}): StudyPlan {
  const input = checkInput(given);
  if (!mayCompareNothing && comparesNothing(input)) {
    throw new RectioError(
      'usage',
      `The study compares nothing: its only ratio is the baseline ${input.baseline}.`,
      'Give at least one other ratio, such as 2:1.',
    );
  }
  refuseTooLarge(input);
  const arms = input.networks.flatMap((network) =>
    combinations(input.vary).flatMap((varied) => armsOf(input, network, varied)),
  );
  const ids = new Set<string>();
  const twice = arms.find(({ id }) => ids.size === ids.add(id).size);
  if (twice !== undefined) {
    throw new RectioError('usage', `The study has ${twice.group} ${twice.label} twice.`, 'Leave one of them out.');
  }
  const name = input.name ?? fileName(input.networks.map(shortName).join('-')).slice(0, 120);
  return { format: 1, name, arms, seeds: input.seeds, worthwhile: input.worthwhile };
}

/** Trainings of a study. A year of one training a minute is half a million; reports hold all in memory. */
export const mostTrials = 20_000;

/** Counts before anything is made: a few values for a few settings can be billions of arms. */
function refuseTooLarge({ networks, vary, ratios, scopes, arms, seeds }: StudyInput): void {
  const varied = Object.values(vary).reduce((product, values) => product * values.length, 1);
  const trials = networks.length * varied * (ratios.length * scopes.length + Object.keys(arms).length) * seeds.length;
  if (trials <= mostTrials) return;
  throw new RectioError(
    'usage',
    `The study would have ${trials.toLocaleString('en-US')} trainings, and one can have ${mostTrials.toLocaleString('en-US')}.`,
    'Give fewer values of `vary`, fewer networks, ratios or seeds, or make several studies.',
  );
}

function comparesNothing({ controls, ratios, arms, baseline }: StudyInput): boolean {
  return controls.length === 0 && Object.keys(arms).length === 0 && ratios.every((ratio) => ratio === baseline);
}

interface Varied {
  readonly path: string;
  readonly value: unknown;
}

/** Every choice of one value for each setting; a single empty one where none varies. */
function combinations(vary: StudyInput['vary']): readonly (readonly Varied[])[] {
  return Object.entries(vary).reduce<Varied[][]>(
    (before, [path, values]) => before.flatMap((chosen) => values.map((value) => [...chosen, { path, value }])),
    [[]],
  );
}

function armsOf(input: StudyInput, network: string, varied: readonly Varied[]): Arm[] {
  const group = [network, ...varied.map(({ path, value }) => `${path} ${print(value)}`)].join(', ');
  const [firstScope] = input.scopes;
  const same: TrainConfigInput = { ratio: { ratio: input.baseline, ...defined({ scope: firstScope }) } };
  const arm = (label: string, role: Arm['role'], settings: TrainConfigInput, seed = 0): Arm => ({
    id: fileName(`${group} ${label}`),
    label,
    group,
    role,
    config: resolveConfig(
      ...input.settings,
      ...varied.map(({ path, value }) => nest(path, value)),
      { model: { name: network }, seed },
      same,
      settings,
    ),
  });
  const variants = input.scopes.flatMap((scope) =>
    input.ratios
      .filter((ratio) => ratio !== input.baseline)
      .map((ratio) => {
        const label = input.scopes.length === 1 ? ratio : `${ratio} per ${scope}`;
        return arm(label, 'variant', { ratio: { ratio, scope } });
      }),
  );
  const controlRules: { readonly [C in Control]: () => Arm[] } = {
    otherSeeds: () => [arm(`${input.baseline} with other seeds`, 'control', same, otherSeeds)],
    leaky: () =>
      variants.map(({ label, config: { ratio } }) => arm(`${label} leaky`, 'control', { ratio: { ...ratio, leak } })),
  };
  const controls = input.controls.flatMap((control) => controlRules[control]());
  const others = Object.entries(input.arms).map(([label, settings]) => arm(label, 'variant', settings));
  return [arm(input.baseline, 'baseline', same), ...variants, ...others, ...controls];
}

/** `schedule.learningRate` and 0.1 as `{ schedule: { learningRate: 0.1 } }`. */
function nest(path: string, value: unknown): TrainConfigInput {
  return parseSettings(path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value));
}

function print(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A network's name; that of a file is the file's, without its folder and ending: `net` of `./mine/net.ts`. */
function shortName(network: string): string {
  return isNetworkFile(network) ? parse(network).name : network;
}

/** A text as a part of a file name. */
export function fileName(text: string): string {
  // A leading dot would hide the file, as that of ./net.ts would.
  return text
    .replaceAll(/[:]/g, 'to')
    .replaceAll(/[^\w.-]+/g, '-')
    .replace(/^[.-]+/, '');
}

/**
 * A hash of the plan in 16 hexadecimal digits, which depends on arms and seeds but not on the study's name. It exists before
 * the first trial, so publishing it shows that nothing was changed afterwards.
 */
export function planHash({ arms, seeds, worthwhile, format }: StudyPlan | WrittenPlan): string {
  return hashOf({ format, arms: arms.map(deciding), seeds, worthwhile });
}

/** A hash of a value in 16 hexadecimal digits, whatever the order of its records' keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 16);
}

/** An arm without the settings that do not affect results: the data's folder and the loader's threads. */
export function deciding(arm: object): object {
  const place = { dir: null, workers: null };
  const record = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
  const config = 'config' in arm ? withoutAddedDefaults(record(arm.config)) : {};
  return { ...arm, config: { ...config, data: { ...record('data' in config ? config.data : {}), ...place } } };
}

/** The value with the keys of all records in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** All trainings, seed by seed, so that complete pairs finish as early as possible. */
export function trialsOf({ arms }: StudyPlan, seeds: readonly number[]): Trial[] {
  return seeds.flatMap((seed) =>
    arms.map((arm) => ({ id: `${arm.id}-seed${seed}`, arm, seed, trainingSeed: seed + arm.config.seed })),
  );
}
