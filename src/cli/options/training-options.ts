/** The options that say how to train, shared by the commands that do: all but network, ratio and seed. */

import { trainSettings, type Fields } from '../../config/index.js';
import { settingOptions } from './setting-options.js';

const { ratio: _ratio, seed: _seed, model, recipe, weights, data, ...how } = trainSettings.fields;

/** The settings that the options are for. */
export const trainingFields = {
  data,
  model: { type: 'group', fields: { shortcut: model.fields.shortcut } },
  weights,
  recipe,
  ...how,
} as const satisfies Fields;

export const trainingOptions = settingOptions(trainingFields);
