/** `rectio export`: writes a run's weights for other tools. */

import { basename, resolve } from 'node:path';

import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { choice, flag, text } from '../options/options.js';
import { formatCount } from '../terminal/table.js';

export const exportCommand = defineCommand({
  name: 'export',
  summary: "write a run's weights for other tools",
  description:
    'Writes the weights of a finished run to a safetensors file that other tools read. Names and shapes are those of ' +
    'torchvision, or of timm if torchvision lacks the network, so PyTorch loads the file with strict=True. If the run used ' +
    'a moving average of its weights (--ema), export writes the average. The network that loads the weights must drop the ' +
    'same ReLUs as the run did.',
  positionals: [{ placeholder: 'RUN', help: "the run's folder, such as runs/resnet20-2to1-seed0", required: true }],
  options: {
    format: choice(['safetensors'], { help: 'file format' }, 'safetensors'),
    output: text('FILE', { help: 'the file to write; it must not exist yet', standard: 'RUN.safetensors, here' }),
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
