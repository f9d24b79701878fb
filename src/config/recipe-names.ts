/** The names of the recipes, apart from what they say, so that the setting `recipe` can list them. */

export const recipeNames = ['fast', 'he2016', 'finetune'] as const;

export type RecipeName = (typeof recipeNames)[number];
