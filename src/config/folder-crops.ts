/** Which crops suit the images of a folder: by the size that the network takes. */

import { modelDefaults, modelNames } from '../zoo/index.js';
import { largeCrops, mostSmall, smallCrops } from './folder-defaults.js';
import type { TrainConfigInput } from './settings.js';

/** Of a network whose input is not known here, a file's, only `data.size` tells; without it, images count as small. */
export function folderCrops({ data, model }: TrainConfigInput): typeof largeCrops | typeof smallCrops {
  const given = typeof data === 'object' ? data.size : undefined;
  const name = typeof model === 'object' ? model.name : model;
  const own = name !== undefined && modelNames.includes(name) ? modelDefaults(name).inputShape[1] : undefined;
  return (given ?? own ?? 0) > mostSmall ? largeCrops : smallCrops;
}
