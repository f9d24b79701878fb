/** Datasets by name. */

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
 * @throws RectioError `usage` for an unknown name or option value, `data` where files are missing or broken.
 */
export async function openDataset(name: string, options: OpenOptions = {}): Promise<Dataset> {
  const open = Object.hasOwn(openers, name) ? openers[name] : undefined;
  if (open === undefined) {
    throw new RectioError('usage', `There is no dataset named ${name}.`, didYouMean(name, datasetNames));
  }
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new RectioError('usage', `The limit of images cannot be ${limit}.`, 'Give a whole number from 1 on.');
  }
  return open(options);
}
