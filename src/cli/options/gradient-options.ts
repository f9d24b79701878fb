/** The options that say how to measure gradients. */

import { RectioError } from '../../base/error.js';
import { trainSettings } from '../../config/index.js';
import { gradientDefaults } from '../../inspect/index.js';
import { engineOptions } from './engine-options.js';
import { integer, optionName } from './options.js';
import { settingOptions } from './setting-options.js';

const { data } = trainSettings.fields;

export const gradientOptions = {
  data: {
    ...settingOptions({ name: data.fields.name }).data,
    standard: 'synthetic if it fits the network, else noise',
  },
  ...settingOptions({ dir: data.fields.dir }),
  batch: integer('IMAGES', { from: 1, to: 65_536 }, { help: 'images in the batch' }, gradientDefaults.batch),
  seeds: integer(
    'COUNT',
    { from: 1, to: 1000 },
    { help: 'initial weights to measure, with seeds from 0 on' },
    gradientDefaults.seeds,
  ),
  ...engineOptions,
};

/**
 * @param gradients whether gradients are measured
 * @param given the options that were given
 * @throws RectioError `usage` for options that need --gradients if it is not given, and for those that do not go together
 */
export function checkGradientOptions(gradients: boolean, given: ReadonlySet<string>): void {
  const stray = Object.keys(gradientOptions).find((key) => given.has(key));
  if (!gradients && stray !== undefined) {
    throw new RectioError('usage', `${optionName(stray)} is for --gradients`, 'Add --gradients, or leave it out.');
  }
  if (given.has('dataDir') && !given.has('data')) {
    throw new RectioError(
      'usage',
      '--data-dir is given without --data',
      'Name the dataset that lies there with --data.',
    );
  }
  if (given.has('data') && given.has('classes')) {
    throw new RectioError(
      'usage',
      '--classes is given, but the dataset in --data says how many there are',
      'Leave it out.',
    );
  }
}
