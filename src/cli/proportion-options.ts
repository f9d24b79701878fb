/** The options that choose network and proportion, shared by commands, and the network they choose. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { choice, flag, integer, text, type Values } from './options.js';

export const modelPositional = {
  placeholder: 'MODEL',
  help: 'the name of a network; rectio models lists them',
  required: true,
} as const;

export const proportionOptions = {
  ratio: text('N:M', { help: 'of every N successive ReLUs keep M; 1:1 is the network as it is', standard: '1:1' }),
  pattern: text('BITS', { help: 'the ratio with positions: 1 keeps a ReLU, 0 drops it, so 01 is 2:1' }),
  scope: choice(['network', 'stage', 'block'], { help: 'where the pattern starts again', standard: 'network' }),
  stem: flag("let the stem's ReLU take part (it stays otherwise)"),
  head: flag('let the ReLUs of fully connected layers take part (they stay otherwise)'),
};

export const shapeOptions = {
  shortcut: choice(['A', 'B'], { help: 'shortcuts that change shape: A pads with zeros, B projects', standard: 'B' }),
  classes: integer('COUNT', { least: 2 }, { help: 'classes to tell apart', standard: "the network's own" }),
  size: integer('PIXELS', { least: 1 }, { help: 'height and width of the images', standard: "the network's own" }),
};

/** A record without the keys whose value is undefined. */
export function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The network that the options ask for, rewritten to its proportion. */
export async function chosenNetwork(
  name: string,
  values: Values<typeof proportionOptions> & Values<typeof shapeOptions>,
): Promise<{ graph: Graph; report: ProportionReport }> {
  const [{ createModel, modelDefaults }, { applyRatio }] = await Promise.all([
    import('../zoo/index.js'),
    import('../proportion/index.js'),
  ]);
  const { ratio, pattern, scope, stem, head, shortcut, classes, size } = values;
  const inputShape = size === undefined ? undefined : [modelDefaults(name).inputShape[0]!, size, size];
  const model = createModel(name, defined({ shortcut, classes, inputShape }));
  return applyRatio(model, { ...defined({ ratio, pattern, scope }), stem, head });
}
