/** `rectio models`: the networks of the zoo. */

import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag } from '../options/options.js';
import { formatCount, formatLarge, formatTable } from '../terminal/table.js';

export const modelsCommand = defineCommand({
  name: 'models',
  summary: 'list the networks',
  description:
    'Lists the networks that train, inspect and bench know, with the costs for one image: parameters, multiply-adds (MACs), ' +
    'convolutions and activations. The ratio is that of convolutions to activations in the most common kind of block.',
  positionals: [
    {
      placeholder: 'PATTERN',
      help: 'part of a name, or a pattern in which * matches any characters and ? matches one',
      required: false,
    },
  ],
  options: { json: flag('print one JSON document') },
  examples: [
    { command: 'npx rectio models', does: 'every network with its costs' },
    { command: 'npx rectio models resnext', does: 'networks with resnext in their name' },
    { command: "npx rectio models 'resnet1*'", does: 'networks whose name begins with resnet1' },
  ],
  async run({ values, positionals: [pattern = ''] }, output) {
    const [{ findModels }, { createModel, modelDefaults }, { nativeRatio, printRatio }, { inspectGraph }] =
      await Promise.all([
        import('../../zoo/find.js'),
        import('../../zoo/index.js'),
        import('../../proportion/index.js'),
        import('../../inspect/index.js'),
      ]);
    const models = findModels(pattern).map((name) => {
      const { classes, inputShape } = modelDefaults(name);
      const graph = createModel(name);
      const { parameters, macs, convolutions, activations } = inspectGraph(graph).totals;
      const ratio = nativeRatio(graph);
      return {
        name,
        parameters,
        macs,
        convolutions,
        activations,
        ratio: ratio === undefined ? null : printRatio(ratio),
        input: inputShape,
        classes,
      };
    });
    if (values.json) {
      output.json(models);
      return exitCodes.done;
    }
    const rows = models.map(({ name, parameters, macs, convolutions, activations, ratio, input, classes }) => [
      name,
      formatCount(parameters),
      formatLarge(macs),
      String(convolutions),
      String(activations),
      ratio ?? '',
      input.join('×'),
      String(classes),
    ]);
    output.print(
      formatTable(
        [
          { title: 'network' },
          { title: 'parameters', align: 'right' },
          { title: 'MACs', align: 'right' },
          { title: 'convolutions', align: 'right', spare: 2 },
          { title: 'activations', align: 'right', spare: 3 },
          { title: 'ratio', align: 'right', spare: 4 },
          { title: 'input', spare: 1 },
          { title: 'classes', align: 'right', spare: 0 },
        ],
        rows,
        output.columns(),
      ),
    );
    return exitCodes.done;
  },
});
