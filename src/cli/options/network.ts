/** How commands are told which network is meant, and the network that they are told. */

import { RectioError } from '../../base/error.js';
import type { Dataset } from '../../data/index.js';
import type { Graph } from '../../graph/index.js';
import type { ProportionReport } from '../../proportion/index.js';
import { trainSettings } from '../../config/index.js';
import { integer, type Values } from './options.js';
import { settingOptions } from './setting-options.js';
import type { proportionOptions } from './proportion-options.js';
import { defined } from '../../base/defined.js';

export const modelPositional = {
  placeholder: 'MODEL',
  help: 'the network: a name that rectio models lists, or a file of your own, such as ./mynet.ts',
  required: false,
} as const;

const modelFields = trainSettings.fields.model.fields;

export const modelOptions = settingOptions({ name: modelFields.name });

export const shapeOptions = {
  ...settingOptions({ shortcut: modelFields.shortcut }),
  classes: integer('COUNT', { from: 2 }, { help: 'classes to tell apart', standard: "the network's own" }),
  size: integer('PIXELS', { from: 1 }, { help: 'height and width of the images', standard: "the network's own" }),
};

/** The name or path that was given, as an argument or as an option. @throws RectioError `usage` for both */
export function givenModel(
  [positional]: readonly string[],
  { model }: Values<typeof modelOptions>,
): string | undefined {
  if (positional !== undefined && model !== undefined) {
    throw new RectioError(
      'usage',
      `The network is given twice: ${positional} and --model ${model}`,
      'Leave one of them out.',
    );
  }
  return positional ?? model;
}

/** @throws RectioError `usage`, always: there is no network to work with */
export function missingModel(command: string): never {
  throw new RectioError(
    'usage',
    'MODEL is missing',
    `Give the name of a network or a file with one, as in: npx rectio ${command} resnet20`,
  );
}

/**
 * The network that the options ask for, before and after it is rewritten to its proportion.
 * @param data the dataset that it is for, in place of what the options say about classes and images
 */
export async function chosenNetwork(
  name: string,
  values: Values<typeof proportionOptions> & Values<typeof shapeOptions>,
  data?: Pick<Dataset, 'classes' | 'shape'>,
): Promise<{ network: Graph; graph: Graph; report: ProportionReport }> {
  const { applyRatio } = await import('../../proportion/index.js');
  const { ratio, pattern, scope, drop, leak, stem, head, shortcut, classes, size } = values;
  const { openNetwork } = await import('../../prepare/index.js');
  const source = await openNetwork({ name, shortcut: shortcut ?? null });
  try {
    const [channels = 3] = source.defaults.inputShape;
    const inputShape = size === undefined ? undefined : ([channels, size, size] as const);
    const asked =
      data === undefined ? { classes, inputShape } : { classes: data.classes.length, inputShape: data.shape };
    const network = await source.network(defined(asked));
    return { network, ...applyRatio(network, defined({ ratio, pattern, scope, drop, leak, stem, head })) };
  } finally {
    await source.close();
  }
}
