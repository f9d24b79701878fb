/** From settings as they are given to the complete settings of a training. */

import { RectioError } from '../base/error.js';
import { isRecord, refuse } from '../base/check.js';
import type { ProportionOptions } from '../proportion/index.js';
import { folderCrops } from './folder-crops.js';
import type { RecipeName } from './recipe-names.js';
import { resolveRecipe, type RecipeSettings } from './recipes.js';
import { checkComplete, checkPartial, defaultsOf, kindDefaults, listSettings, type Schema } from './schema.js';
import { trainSettings, type RatioConfig, type TrainConfig, type TrainConfigInput } from './settings.js';

/**
 * Settings that come from a file or a user, checked one by one; shorthands are written out.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function parseSettings(given: unknown): TrainConfigInput {
  return checkPartial(trainSettings, given);
}

/**
 * The complete settings from layers. A later layer overrides an earlier one, any layer overrides the recipe, and the
 * recipe overrides the defaults.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function resolveConfig(...layers: readonly TrainConfigInput[]): TrainConfig {
  return completed(forFolder(layerSettings(...layers)));
}

/**
 * The complete settings of a run or study that was begun before, maybe by an earlier version. Settings that are younger
 * than the record mean what that version did.
 * @throws RectioError `usage` naming the setting, what the record says and what is valid
 */
export function recordedConfig(record: unknown): TrainConfig {
  return completed(parseSettings(record));
}

/** A folder's images are cropped as suits their size. Whoever pads and crops keeps to that. */
function forFolder(given: TrainConfigInput): TrainConfigInput {
  const { data = {}, transforms = {} } = given;
  if (typeof data === 'string' ? data !== 'folder' : data.name !== 'folder') return given;
  const standard = folderCrops(given);
  const { cropPercent = standard.cropPercent, ...rest } = typeof data === 'string' ? { name: data } : data;
  const { padCrop, cropScale = padCrop === undefined ? standard.cropScale : null } = transforms;
  return {
    ...given,
    data: { ...rest, cropPercent },
    transforms: { ...transforms, cropScale, padCrop: padCrop ?? (cropScale === null ? undefined : 0) },
  };
}

function completed(layered: TrainConfigInput): TrainConfig {
  const recipe = resolveRecipe(layered.recipe ?? standardRecipe(layered));
  const base = merge(trainSettings, defaultsOf(trainSettings), { recipe: recipe.name, ...recipe.settings });
  const config = checkComplete(trainSettings, merge(trainSettings, base, layered));
  checkTogether(config, recipe.settings, layered);
  return layered.schedule?.learningRate === undefined ? withScaledRate(config, recipe.settings) : config;
}

/**
 * What layers give together, without recipe and defaults; a later layer overrides an earlier one.
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function layerSettings(...layers: readonly TrainConfigInput[]): TrainConfigInput {
  return parseSettings(
    layers.map(parseSettings).reduce<unknown>((under, over) => merge(trainSettings, under, over), {}),
  );
}

/** Weights that are good already would be spoiled by the rate of a training from scratch. */
function standardRecipe({ weights }: TrainConfigInput): RecipeName {
  const file = typeof weights === 'object' ? weights.file : weights;
  return file === undefined || file === null ? 'fast' : 'finetune';
}

/** The recipe's rate is for the recipe's batch; another batch scales it in proportion (Goyal et al. 2017). */
function withScaledRate(config: TrainConfig, { batch, schedule }: RecipeSettings): TrainConfig {
  if (config.batch === batch) return config;
  const learningRate = (schedule.learningRate * config.batch) / batch;
  return { ...config, schedule: { ...config.schedule, learningRate } };
}

/**
 * Settings without those that are younger than a study may be, where they have their defaults: what a plan's hash sees.
 * @param config settings as a file has them, complete or from an earlier version
 */
export function withoutAddedDefaults(config: object): object {
  return listSettings(trainSettings)
    .filter(({ setting }) => setting.added === true)
    .reduce((rest, { path, setting }) => without(rest, path.split('.'), setting.default), config);
}

/** The record without the value at a path, if it is the given one. */
function without(value: object, [key = '', ...further]: readonly string[], standard: unknown): object {
  const inner = isRecord(value) ? value[key] : undefined;
  if (further.length === 0) {
    if (inner !== standard) return value;
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  return isRecord(inner) ? { ...value, [key]: without(inner, further, standard) } : value;
}

/** The settings as the rewrite takes them. */
export function proportionOptions({ ratio, pattern, leak, ...rest }: RatioConfig): ProportionOptions {
  const given = <K extends string, T>(key: K, value: T | null) => (value === null ? {} : { [key]: value });
  return { ...rest, ...given('ratio', ratio), ...given('pattern', pattern), ...given('leak', leak) };
}

/** What single settings cannot know. */
function checkTogether(config: TrainConfig, recipe: RecipeSettings, given: TrainConfigInput): void {
  const { optimizer, schedule, weights } = config;
  if (weights.partial && weights.file === null) refuse('weights.partial', true, 'Give `weights.file` as well.');
  if (weights.frozenEpochs > 0 && weights.file === null) {
    refuse('weights.frozenEpochs', weights.frozenEpochs, 'Give `weights.file` as well.');
  }
  if (weights.frozenEpochs > 0 && weights.partial) {
    refuse(
      'weights.frozenEpochs',
      weights.frozenEpochs,
      'Leave out `weights.partial`: what the file lacks would stay random.',
    );
  }
  if (weights.frozenEpochs >= config.epochs && weights.frozenEpochs > 0) {
    refuse(
      'weights.frozenEpochs',
      weights.frozenEpochs,
      `Give fewer than the ${config.epochs} epochs of the training.`,
    );
  }
  if (optimizer.kind !== recipe.optimizer.kind && given.schedule?.learningRate === undefined) {
    throw new RectioError(
      'usage',
      `The learning rate of recipe ${config.recipe} is for ${recipe.optimizer.kind}, not for ${optimizer.kind}.`,
      'Give `schedule.learningRate` as well; for adamw 0.001 is usual, for sgd 0.1.',
    );
  }
  if (optimizer.kind === 'sgd' && optimizer.nesterov && optimizer.momentum === 0) {
    refuse('optimizer.momentum', 0, 'Nesterov needs a momentum above 0; 0.9 is usual.');
  }
  if (schedule.kind === 'oneCycle' && schedule.peakAt === 0 && schedule.startFactor !== 1) {
    refuse('schedule.peakAt', 0, 'Give a fraction of the training above 0, or `schedule.startFactor` 1.');
  }
  if ('warmupEpochs' in schedule && schedule.warmupEpochs > config.epochs) {
    refuse('schedule.warmupEpochs', schedule.warmupEpochs, `Give at most the ${config.epochs} epochs of the training.`);
  }
}

/** `over` laid on `base`; records are merged key by key, unless `over` chooses another `kind`. */
function merge(schema: Schema | undefined, base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isRecord(base) || !isRecord(over)) return over;
  const start = startOf(schema, base, over);
  const fields = schema?.type === 'group' ? schema.fields : {};
  const keys = new Set([...Object.keys(start), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(fields[key], start[key], over[key])]));
}

/** What `over` is laid on: `base`, or the defaults of the kind that `over` chooses, with the learning rate of `base`. */
function startOf(
  schema: Schema | undefined,
  base: { readonly [key: string]: unknown },
  over: { readonly [key: string]: unknown },
): { readonly [key: string]: unknown } {
  const kind = over['kind'];
  if (schema?.type !== 'variants' || typeof kind !== 'string') return base;
  if (base['kind'] === undefined || kind === base['kind']) return base;
  const carried = base['learningRate'] === undefined ? {} : { learningRate: base['learningRate'] };
  return { ...carried, ...kindDefaults(schema, kind) };
}
