/** Settings of a training: one schema, from which types, checks, defaults, flags and help come, and the recipes. */

export {
  layerSettings,
  parseSettings,
  proportionOptions,
  recordedConfig,
  resolveConfig,
  withoutAddedDefaults,
} from './config.js';
export { fitToData, type FittedConfig } from './fit-to-data.js';
export { recipeNames, type RecipeName } from './recipe-names.js';
export { resolveRecipe, type Recipe } from './recipes.js';
export {
  listSettings,
  standardOf,
  type AnySetting,
  type Fields,
  type Group,
  type Schema,
  type Setting,
  type SettingRow,
  type Variants,
} from './schema.js';
export {
  trainSettings,
  type ModelConfig,
  type OptimizerConfig,
  type RatioConfig,
  type Schedule,
  type TrainConfig,
  type TrainConfigInput,
} from './settings.js';
