/** `rectio export`: a run's weights for other tools. */

import { basename, resolve } from 'node:path';

import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { choice, flag, text } from '../options/options.js';
import { formatCount } from '../terminal/table.js';

export const exportCommand = defineCommand({
  name: 'export',
  summary: "write a run's weights for other tools",
  description:
    'Writes the weights of a finished run to one file that other tools read: a safetensors file with the names and shapes ' +
    'that torchvision (timm, where torchvision lacks the network) gives them, so that PyTorch loads it with strict=True. ' +
    'Where the run was evaluated by a moving average of its weights (--ema), the average is what is written. ReLUs that ' +
    "the run's ratio dropped have to be dropped in the network that takes the weights, too.",
  positionals: [{ placeholder: 'RUN', help: "the run's folder, such as runs/resnet20-2to1-seed0", required: true }],
  options: {
    format: choice(['safetensors'], { help: 'form of the file' }, 'safetensors'),
    output: text('FILE', { help: 'the file to write, which must not be there yet', standard: 'RUN.safetensors, here' }),
    json: flag('print one JSON document'),
  },
  examples: [
    { command: 'npx rectio export runs/resnet20-2to1-seed0', does: 'writes resnet20-2to1-seed0.safetensors' },
    {
      command: 'npx rectio export runs/resnet18-1to1-seed0 --output birds.safetensors',
      does: 'for torchvision.models.resnet18',
    },
  ],
  async run({ values, positionals: [run = ''] }, output) {
    const { exportSafetensors } = await import('../../deploy/index.js');
    const exported = await exportSafetensors(run, values.output ?? `${basename(resolve(run))}.safetensors`);
    if (values.json) {
      output.json({ format: values.format, ...exported });
      return exitCodes.done;
    }
    const { model, ratio, tensors, values: count } = exported;
    output.print(`${model} ${ratio}: ${tensors} tensors, ${formatCount(count)} values`);
    output.print(`written to: ${exported.output}`);
    return exitCodes.done;
  },
});
