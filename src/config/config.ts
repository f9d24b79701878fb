/** Everything that a training depends on, in one record: grouped by concern, checked once, written into the run. */

import { RectioError } from '../base/error.js';
import type { Transforms } from '../data/index.js';
import {
  boolean,
  exactly,
  isRecord,
  list,
  number,
  oneOf,
  orNull,
  record,
  refuse,
  text,
  variant,
  wholeNumber,
  type Check,
} from '../base/check.js';
import { scopes, type ProportionOptions, type Scope } from '../proportion/index.js';
import { resolveRecipe } from './recipes.js';
import type { Schedule } from './schedule.js';

export interface TrainConfig {
  /** The recipe that the settings not given were taken from. */
  readonly recipe: string;
  readonly model: ModelConfig;
  readonly weights: WeightsConfig;
  readonly ratio: RatioConfig;
  readonly data: DataConfig;
  /** Of initial weights, order of images, transforms and dropout; from 0 to 2³² − 1. */
  readonly seed: number;
  readonly epochs: number;
  /** Images per step. Learning rates of recipes are for a batch of 128 and are not scaled. */
  readonly batch: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** Share of every target that is spread over all classes, from 0 to below 1. */
  readonly labelSmoothing: number;
  /** Largest norm of the whole gradient; null: not clipped. */
  readonly clipNorm: number | null;
  readonly transforms: Transforms;
  /** Decay of a moving average of the weights, which is then what is evaluated; null: none. */
  readonly averageDecay: number | null;
  readonly evaluation: EvaluationConfig;
  readonly checkpoint: CheckpointConfig;
  readonly log: LogConfig;
}

export interface ModelConfig {
  /** The network by its name in the zoo, or the path of a file that holds one. */
  readonly name: string;
  /** Null: the network's own. */
  readonly shortcut: 'A' | 'B' | null;
}

/** Weights of others that the training begins with. */
export interface WeightsConfig {
  /** A safetensors file; null: weights are drawn afresh. */
  readonly file: string | null;
  /** Whether to take what fits where the file is of another network. */
  readonly partial: boolean;
}

/** Which ReLUs stay. */
export interface RatioConfig {
  /** N:M, or N:M@PATTERN, or `stage1=1:1,stage2-4=3:2`; null: what the pattern says, or 1:1. */
  readonly ratio: string | null;
  /** Null: the default pattern of the ratio. */
  readonly pattern: string | null;
  readonly scope: Scope;
  /** Names of ReLUs to drop whatever the ratio; `*` stands for any characters. */
  readonly drop: readonly string[];
  /** Slope of the leaky ReLUs that stand in for dropped ones; null: nothing does. */
  readonly leak: number | null;
  /** Whether the stem's and the head's ReLUs count as sites too. */
  readonly stem: boolean;
  readonly head: boolean;
}

export interface DataConfig {
  readonly name: string;
  /** Folder or archive; null for the built-in dataset. */
  readonly dir: string | null;
  /** What generated images and random splits are drawn from. */
  readonly seed: number;
  /** At most so many images of each split; null: all. */
  readonly limit: number | null;
  /** Side in pixels that images of a folder are brought to; null: the dataset's own. */
  readonly size: number | null;
  /** Threads that prepare batches; 0 prepares in the main thread. Batches are the same with any number. */
  readonly workers: number;
}

export interface SgdConfig {
  readonly kind: 'sgd';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Whether batch norms' and biases' parameters decay as well. */
  readonly decayNormsAndBiases: boolean;
}

export interface AdamWConfig {
  readonly kind: 'adamw';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly decayNormsAndBiases: boolean;
}

export type OptimizerConfig = SgdConfig | AdamWConfig;

export interface EvaluationConfig {
  /** The last epoch is always evaluated. */
  readonly everyEpochs: number;
  readonly batch: number;
  /**
   * Share of the training images to hold out: then they are what is evaluated, the epoch with the least error on them
   * gives the result, and the test split is looked at once, at the end. Null: none, and the last epoch is the result.
   */
  readonly validation: number | null;
}

export interface CheckpointConfig {
  /** The last epoch always ends with a checkpoint. */
  readonly everyEpochs: number;
  /** Within an epoch as well; null: not. */
  readonly everySteps: number | null;
}

export interface LogConfig {
  /** Every so many steps a line goes into metrics.jsonl. */
  readonly everySteps: number;
}

/** Settings of which any may be left out. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/** Settings as people write them. A text stands for a record's main setting: `data: 'cifar10'`, `ratio: '2:1'`. */
export type TrainConfigInput = Omit<DeepPartial<TrainConfig>, keyof typeof mainSettings> & {
  readonly [K in keyof typeof mainSettings]?: DeepPartial<TrainConfig>[K] | string | undefined;
};

/** The settings of records for which a text may stand in their place. */
const mainSettings = { model: 'name', data: 'name', ratio: 'ratio', weights: 'file' } as const;

const share: Check<number> = number({ from: 0, below: 1 });
const counted: Check<number> = wholeNumber({ from: 1 });
const seedNumber: Check<number> = wholeNumber({ from: 0, to: 0xffff_ffff });
const rate: Check<number> = number({ above: 0 });
const warmupEpochs: Check<number> = number({ from: 0 });
const weightDecay: Check<number> = number({ from: 0 });

const checkOptimizer = variant<OptimizerConfig>({
  sgd: record({ kind: exactly('sgd'), momentum: share, nesterov: boolean, weightDecay, decayNormsAndBiases: boolean }),
  adamw: record({
    kind: exactly('adamw'),
    beta1: share,
    beta2: share,
    epsilon: rate,
    weightDecay,
    decayNormsAndBiases: boolean,
  }),
});

const checkSchedule = variant<Schedule>({
  constant: record({ kind: exactly('constant'), learningRate: rate, warmupEpochs }),
  step: record({
    kind: exactly('step'),
    learningRate: rate,
    warmupEpochs,
    milestones: list(number({ from: 0, to: 1 })),
    factor: rate,
  }),
  cosine: record({ kind: exactly('cosine'), learningRate: rate, warmupEpochs, finalLearningRate: number({ from: 0 }) }),
  oneCycle: record({
    kind: exactly('oneCycle'),
    learningRate: rate,
    peakAt: share,
    startFactor: number({ from: 0, to: 1 }),
    finalFactor: number({ from: 0, to: 1 }),
  }),
});

const checkConfig = record<TrainConfig>({
  recipe: text,
  model: record<ModelConfig>({ name: text, shortcut: orNull(oneOf('A', 'B')) }),
  weights: record<WeightsConfig>({ file: orNull(text), partial: boolean }),
  ratio: record<RatioConfig>({
    ratio: orNull(text),
    pattern: orNull(text),
    scope: oneOf(...scopes),
    drop: list(text),
    leak: orNull(number({ from: 0, to: 1 })),
    stem: boolean,
    head: boolean,
  }),
  data: record<DataConfig>({
    name: text,
    dir: orNull(text),
    seed: seedNumber,
    limit: orNull(counted),
    size: orNull(counted),
    workers: wholeNumber({ from: 0, to: 64 }),
  }),
  seed: seedNumber,
  epochs: wholeNumber({ from: 1, to: 100_000 }),
  batch: wholeNumber({ from: 1, to: 65_536 }),
  optimizer: checkOptimizer,
  schedule: checkSchedule,
  labelSmoothing: share,
  clipNorm: orNull(rate),
  transforms: record<Transforms>({
    padCrop: wholeNumber({ from: 0 }),
    flip: boolean,
    cutout: wholeNumber({ from: 0 }),
    mixup: number({ from: 0 }),
  }),
  averageDecay: orNull(share),
  evaluation: record<EvaluationConfig>({
    everyEpochs: counted,
    batch: wholeNumber({ from: 1, to: 65_536 }),
    validation: orNull(number({ above: 0, below: 1 })),
  }),
  checkpoint: record<CheckpointConfig>({ everyEpochs: counted, everySteps: orNull(counted) }),
  log: record<LogConfig>({ everySteps: counted }),
});

/** What no recipe needs to say. */
const defaults = {
  ratio: { ratio: null, pattern: null, scope: 'network', drop: [], leak: null, stem: false, head: false },
  data: { name: 'synthetic', dir: null, seed: 0, limit: null, size: null, workers: 1 },
  model: { shortcut: null },
  weights: { file: null, partial: false },
  seed: 0,
  clipNorm: null,
  averageDecay: null,
  evaluation: { everyEpochs: 1, batch: 128, validation: null },
  checkpoint: { everyEpochs: 1, everySteps: null },
  log: { everySteps: 10 },
} as const satisfies TrainConfigInput;

/** Where a `kind` is chosen that the recipe does not have, its other settings come from here. */
const kindDefaults: { readonly [K in OptimizerConfig['kind'] | Schedule['kind']]: object } = {
  sgd: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 1e-4, decayNormsAndBiases: true },
  adamw: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, decayNormsAndBiases: false },
  constant: { kind: 'constant', warmupEpochs: 0 },
  step: { kind: 'step', warmupEpochs: 0, milestones: [0.5, 0.75], factor: 0.1 },
  cosine: { kind: 'cosine', warmupEpochs: 0, finalLearningRate: 0 },
  oneCycle: { kind: 'oneCycle', peakAt: 0.25, startFactor: 0.1, finalFactor: 0 },
};

/**
 * The full config from layers of settings, later ones before earlier ones, all before the recipe's, the recipe's
 * before the defaults. Layers are taken as they come from JSON; what they hold is checked here, once.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function resolveConfig(...layers: readonly TrainConfigInput[]): TrainConfig {
  const { config, base, given } = completed(layers);
  checkTogether(config, base, given);
  return config;
}

/** The layers over their recipe over the defaults, each setting checked by itself. */
function completed(layers: readonly object[]) {
  for (const layer of layers) if (!isRecord(layer)) refuse('', layer, 'Give a record of settings.');
  const given = layers.map(expand).reduce(mergeRecords, {});
  const recipe = given['recipe'] === undefined ? 'fast' : text(given['recipe'], 'recipe');
  const base = mergeRecords({ ...defaults }, { ...resolveRecipe(recipe).settings });
  const config = checkConfig({ ...mergeRecords(base, given), recipe }, '');
  return { config, base, given };
}

/**
 * Settings that came out of a file, as a layer for `resolveConfig`.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function parseSettings(value: unknown): TrainConfigInput {
  if (!isRecord(value)) return refuse('', value, 'Give a record of settings.');
  // Each setting is checked as a part of a whole; what passes is kept as it was written.
  completed([{ model: 'any' }, value]);
  return value;
}

/** The layer with records in place of the texts that stand for them. */
function expand(layer: object): Settings {
  const entries = Object.entries(layer).map(([key, value]) =>
    typeof value === 'string' && Object.hasOwn(mainSettings, key)
      ? [key, { [mainSettings[key as keyof typeof mainSettings]]: value }]
      : [key, value],
  );
  return Object.fromEntries(entries);
}

/** The settings as the rewrite takes them. */
export function proportionOptions({ ratio, pattern, leak, ...rest }: RatioConfig): ProportionOptions {
  const given = <K extends string, T>(key: K, value: T | null) => (value === null ? {} : { [key]: value });
  return { ...rest, ...given('ratio', ratio), ...given('pattern', pattern), ...given('leak', leak) };
}

/** What single settings cannot know. */
function checkTogether(config: TrainConfig, base: unknown, given: { readonly [key: string]: unknown }): void {
  const { optimizer, schedule, weights } = config;
  if (weights.partial && weights.file === null)
    refuse('weights.partial', true, 'Give weights.file (--weights) as well.');
  const recipeOptimizer = (base as { optimizer: OptimizerConfig }).optimizer.kind;
  const rateGiven = isRecord(given['schedule']) && given['schedule']['learningRate'] !== undefined;
  if (optimizer.kind !== recipeOptimizer && !rateGiven) {
    throw new RectioError(
      'usage',
      `The learning rate of recipe ${config.recipe} is for ${recipeOptimizer}, not for ${optimizer.kind}.`,
      'Give schedule.learningRate (--lr) as well; for adamw 0.001 is usual, for sgd 0.1.',
    );
  }
  if (optimizer.kind === 'sgd' && optimizer.nesterov && optimizer.momentum === 0) {
    refuse('optimizer.momentum', 0, 'Nesterov needs a momentum above 0; 0.9 is usual.');
  }
  if (schedule.kind === 'oneCycle' && schedule.peakAt === 0 && schedule.startFactor !== 1) {
    refuse('schedule.peakAt', 0, 'Give a fraction of the training above 0, or startFactor 1.');
  }
  if ('warmupEpochs' in schedule && schedule.warmupEpochs > config.epochs) {
    refuse('schedule.warmupEpochs', schedule.warmupEpochs, `Give at most the ${config.epochs} epochs of the training.`);
  }
}

/** `over` laid on `base`; records are merged key by key, except where another `kind` is chosen. */
type Settings = { readonly [key: string]: unknown };

function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  return isRecord(base) && isRecord(over) ? mergeRecords(base, over) : over;
}

function mergeRecords(base: Settings, over: Settings): Settings {
  const start = startOf(base, over);
  const keys = new Set([...Object.keys(start), ...Object.keys(over)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, merge(Object.hasOwn(start, key) ? start[key] : undefined, over[key])]),
  );
}

function startOf(base: { readonly [key: string]: unknown }, over: { readonly [key: string]: unknown }) {
  const kind = over['kind'];
  if (typeof kind !== 'string' || base['kind'] === undefined || kind === base['kind']) return base;
  if (!Object.hasOwn(kindDefaults, kind)) return {};
  const carried = base['learningRate'] === undefined ? {} : { learningRate: base['learningRate'] };
  return { ...carried, ...kindDefaults[kind as keyof typeof kindDefaults] };
}
