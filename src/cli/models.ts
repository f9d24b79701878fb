/** `rectio models`: the networks of the zoo. */

import { defineCommand } from './command.js';
import { exitCodes } from './exit-codes.js';
import { flag } from './options.js';
import { formatCount, formatLarge, formatTable } from './table.js';

export const modelsCommand = defineCommand({
  name: 'models',
  summary: 'list the networks',
  description: 'Lists the networks that train, inspect and bench know, with what they are made for.',
  positionals: [],
  options: { json: flag('print one JSON document') },
  examples: [{ command: 'npx rectio models', does: 'every network with its size' }],
  async run({ values }, output) {
    const [{ createModel, modelDefaults, modelNames }, { inspectGraph }] = await Promise.all([
      import('../zoo/index.js'),
      import('../inspect/index.js'),
    ]);
    const models = modelNames.map((name) => {
      const { classes, inputShape } = modelDefaults(name);
      const { parameters, macs, activations } = inspectGraph(createModel(name)).totals;
      return { name, input: inputShape, classes, parameters, macs, activations };
    });
    if (values.json) {
      output.json(models);
      return exitCodes.done;
    }
    const rows = models.map(({ name, input, classes, parameters, macs, activations }) => [
      name,
      input.join('×'),
      String(classes),
      formatCount(parameters),
      formatLarge(macs),
      String(activations),
    ]);
    output.print(
      formatTable(
        [
          { title: 'network' },
          { title: 'input' },
          { title: 'classes', align: 'right' },
          { title: 'parameters', align: 'right' },
          { title: 'MACs', align: 'right' },
          { title: 'activations', align: 'right' },
        ],
        rows,
      ),
    );
    return exitCodes.done;
  },
});
