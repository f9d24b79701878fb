/** A network by its name in the zoo, or from a file of the user's. */

import { defined } from '../base/defined.js';
import { RectioError } from '../base/error.js';
import type { Graph, Shape } from '../graph/index.js';
import type { NetworkOptions } from '../network-file/index.js';
import type { ModelConfig } from '../config/index.js';

/** A network whose name or file was checked. It is built once the data are known. */
export interface OpenNetwork {
  /** Its classes and input shape by default. */
  readonly defaults: { readonly classes: number; readonly inputShape: Shape };
  /** It itself, at its defaults; undefined if a file would have to run for that. */
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
      'Leave `model.shortcut` out; it is for the networks that rectio models lists.',
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
