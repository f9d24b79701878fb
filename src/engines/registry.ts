/** Opens engines by the names that users type. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import type { Engine } from './engine.js';
import { createReferenceEngine } from './reference/index.js';

export interface EngineOptions {
  /** Number of compute threads, at least 1; by default the engine chooses. */
  readonly threads?: number;
}

// The native engine is loaded on demand, so that commands that compute nothing do not wait for it.
const openers = {
  auto: async (options) => {
    const { createOnednnEngine, onednnStatus } = await import('./onednn/index.js');
    return onednnStatus().available ? createOnednnEngine(options) : createReferenceEngine();
  },
  onednn: async (options) => (await import('./onednn/index.js')).createOnednnEngine(options),
  reference: () => createReferenceEngine(),
} satisfies Record<string, (options: EngineOptions) => Engine | Promise<Engine>>;

export type EngineName = keyof typeof openers;

export const engineNames = Object.keys(openers) as readonly EngineName[];

function isEngineName(name: string): name is EngineName {
  return Object.hasOwn(openers, name);
}

/**
 * Opens an engine; `auto` means the fastest one that works on this machine.
 * @throws RectioError `usage` for an unknown name
 */
export async function openEngine(name: string, options: EngineOptions = {}): Promise<Engine> {
  if (!isEngineName(name)) {
    throw new RectioError('usage', `There is no engine named ${name}.`, didYouMean(name, engineNames));
  }
  return openers[name](options);
}
