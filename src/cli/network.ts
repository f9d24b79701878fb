/** How commands are told which network is meant, and the network that they are told. */

import type { Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { choice, integer, type Values } from './options.js';
import { defined, type proportionOptions } from './proportion-options.js';

export const modelPositional = {
  placeholder: 'MODEL',
  help: 'the name of a network; rectio models lists them',
  required: true,
} as const;

export const shapeOptions = {
  shortcut: choice(['A', 'B'], { help: 'shortcuts that change shape: A pads with zeros, B projects', standard: 'B' }),
  classes: integer('COUNT', { least: 2 }, { help: 'classes to tell apart', standard: "the network's own" }),
  size: integer('PIXELS', { least: 1 }, { help: 'height and width of the images', standard: "the network's own" }),
};

/** The network that the options ask for, rewritten to its proportion. */
export async function chosenNetwork(
  name: string,
  values: Values<typeof proportionOptions> & Values<typeof shapeOptions>,
): Promise<{ graph: Graph; report: ProportionReport }> {
  const [{ createModel, modelDefaults }, { applyRatio }] = await Promise.all([
    import('../zoo/index.js'),
    import('../proportion/index.js'),
  ]);
  const { ratio, pattern, scope, drop, stem, head, shortcut, classes, size } = values;
  const inputShape = size === undefined ? undefined : [modelDefaults(name).inputShape[0]!, size, size];
  const model = createModel(name, defined({ shortcut, classes, inputShape }));
  return applyRatio(model, { ...defined({ ratio, pattern, scope, drop }), stem, head });
}
