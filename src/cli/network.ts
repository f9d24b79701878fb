/** How commands are told which network is meant, and the network that they are told. */

import { RectioError } from '../base/error.js';
import type { Graph, Shape } from '../graph/index.js';
import type { NetworkOptions } from '../network-file/index.js';
import type { ProportionReport } from '../proportion/index.js';
import type { ModelConfig } from '../train/index.js';
import { choice, integer, text, type Values } from './options.js';
import { defined, type proportionOptions } from './proportion-options.js';

export const modelPositional = {
  placeholder: 'MODEL',
  help: 'the network: a name that rectio models lists, or a file of your own, such as ./mynet.ts',
  required: false,
} as const;

export const modelOptions = {
  model: text('MODEL', { help: 'the network, in place of the argument' }),
};

export const shapeOptions = {
  shortcut: choice(['A', 'B'], { help: 'shortcuts that change shape: A pads with zeros, B projects', standard: 'B' }),
  classes: integer('COUNT', { least: 2 }, { help: 'classes to tell apart', standard: "the network's own" }),
  size: integer('PIXELS', { least: 1 }, { help: 'height and width of the images', standard: "the network's own" }),
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

/** A network whose name or file is known to be good, to be made once the data are known. */
export interface OpenNetwork {
  /** What it is made for where nothing else is asked. */
  readonly defaults: { readonly classes: number; readonly inputShape: Shape };
  /** It itself, at its defaults; undefined where a file would have to run for that. */
  known(): Graph | undefined;
  network(options: Partial<NetworkOptions>): Promise<Graph>;
  close(): Promise<void>;
}

/**
 * @param signal ends what a file of the user's does
 * @throws RectioError naming the network, or the file and its line
 */
export async function openNetwork({ name, shortcut }: ModelConfig, signal?: AbortSignal): Promise<OpenNetwork> {
  const { isNetworkFile, openNetworkFile } = await import('../network-file/index.js');
  if (!isNetworkFile(name)) return fromZoo(name, shortcut);
  if (shortcut !== null) {
    throw new RectioError(
      'usage',
      `The shortcuts of ${name} are what the file says`,
      'Leave --shortcut out; it is for the networks that rectio models lists.',
    );
  }
  return openNetworkFile(name, signal);
}

async function fromZoo(name: string, shortcut: ModelConfig['shortcut']): Promise<OpenNetwork> {
  const { createModel, modelDefaults } = await import('../zoo/index.js');
  return {
    defaults: modelDefaults(name),
    known: () => createModel(name),
    network: async (options) => createModel(name, { ...options, ...defined({ shortcut: shortcut ?? undefined }) }),
    close: async () => undefined,
  };
}

/** The network that the options ask for, rewritten to its proportion. */
export async function chosenNetwork(
  name: string,
  values: Values<typeof proportionOptions> & Values<typeof shapeOptions>,
): Promise<{ graph: Graph; report: ProportionReport }> {
  const { applyRatio } = await import('../proportion/index.js');
  const { ratio, pattern, scope, drop, leak, stem, head, shortcut, classes, size } = values;
  const source = await openNetwork({ name, shortcut: shortcut ?? null });
  try {
    const [channels = 3] = source.defaults.inputShape;
    const inputShape = size === undefined ? undefined : ([channels, size, size] as const);
    const model = await source.network(defined({ classes, inputShape }));
    return applyRatio(model, { ...defined({ ratio, pattern, scope, drop, leak }), stem, head });
  } finally {
    await source.close();
  }
}
