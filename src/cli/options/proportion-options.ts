/** The options that choose the proportion, shared by commands. */

import { trainSettings } from '../../config/index.js';
import { settingOptions } from './setting-options.js';

export const proportionOptions = settingOptions(trainSettings.fields.ratio.fields);
