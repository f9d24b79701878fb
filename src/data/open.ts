/** Opens datasets by name. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { cifar100Form, cifar10Form, openCifar } from './cifar.js';
import type { Dataset } from './dataset.js';
import { openFolder } from './folder.js';
import { fashionMnistForm, mnistForm, openIdx } from './idx.js';
import { defaultDataDir, type OpenOptions } from './options.js';
import { openSynthetic } from './synthetic.js';

const openers: { readonly [name: string]: (options: OpenOptions) => Promise<Dataset> } = {
  synthetic: openSynthetic,
  cifar10: (options) => openCifar(cifar10Form, options.dir ?? defaultDataDir('cifar10'), options),
  cifar100: (options) => openCifar(cifar100Form, options.dir ?? defaultDataDir('cifar100'), options),
  mnist: (options) => openIdx(mnistForm, options.dir ?? defaultDataDir('mnist'), options),
  'fashion-mnist': (options) => openIdx(fashionMnistForm, options.dir ?? defaultDataDir('fashion-mnist'), options),
  folder: (options) => openFolder(options.dir, options),
};

export const datasetNames: readonly string[] = Object.keys(openers);

/**
 * Opens a dataset by name.
 *
 * @throws RectioError `usage` for an unknown name or a bad option, `data` if files are missing or broken.
 */
export async function openDataset(name: string, options: OpenOptions = {}): Promise<Dataset> {
  const open = Object.hasOwn(openers, name) ? openers[name] : undefined;
  if (open === undefined) {
    throw new RectioError('usage', `There is no dataset named ${name}.`, didYouMean(name, datasetNames));
  }
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new RectioError('usage', `The limit on images cannot be ${limit}.`, 'Give a whole number, 1 or more.');
  }
  refuseUnused(name, options);
  return open(options);
}

/** Rejects options that the dataset ignores: the user probably meant another dataset. */
function refuseUnused(name: string, { dir, size, cropPercent, interpolation }: OpenOptions): void {
  if (name === 'synthetic' && dir !== undefined) {
    throw new RectioError(
      'usage',
      `The dataset synthetic is generated, so it cannot read the folder ${dir}.`,
      `Name the dataset that lies there with \`data.name\`: ${datasetNames.filter((each) => each !== name).join(', ')}.`,
    );
  }
  if (name !== 'folder' && size !== undefined) {
    throw new RectioError(
      'usage',
      `The images of ${name} have a fixed size; they cannot be resized to ${size} pixels.`,
      'Leave `data.size` out; it is for `data.name: folder`.',
    );
  }
  for (const [setting, value] of Object.entries({ cropPercent, interpolation })) {
    if (name === 'folder' || value === undefined) continue;
    throw new RectioError(
      'usage',
      `The images of ${name} have a fixed size, so they cannot have \`data.${setting}\` ${value}.`,
      `Leave \`data.${setting}\` out; it is for \`data.name: folder\`.`,
    );
  }
}
