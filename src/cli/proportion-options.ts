/** The options that choose the proportion, shared by commands. */

import { choice, flag, text } from './options.js';

export const proportionOptions = {
  ratio: text('N:M', { help: 'of every N successive ReLUs keep M; 1:1 is the network as it is', standard: '1:1' }),
  pattern: text('BITS', { help: 'the ratio with positions: 1 keeps a ReLU, 0 drops it, so 01 is 2:1' }),
  scope: choice(['network', 'stage', 'block'], { help: 'where the pattern starts again', standard: 'network' }),
  stem: flag("let the stem's ReLU take part (it stays otherwise)"),
  head: flag('let the ReLUs of fully connected layers take part (they stay otherwise)'),
};

/** A record without the keys whose value is undefined. */
export function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
