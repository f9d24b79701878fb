/** Settings of a training: their types, checks, defaults and recipes. */

export * from './config.js';
export { recipeNames, resolveRecipe, type Recipe } from './recipes.js';
export type { Schedule } from './schedule.js';
