/** `rectio bench`: how fast the bare training or inference step of a network is here. */

import { RectioError } from '../../base/error.js';
import type { BenchmarkResult, KernelCost } from '../../engines/benchmark.js';
import { defineCommand } from '../command.js';
import { engineOptions } from '../options/engine-options.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { choice, flag, integer } from '../options/options.js';
import {
  chosenNetwork,
  givenModel,
  missingModel,
  modelOptions,
  modelPositional,
  shapeOptions,
} from '../options/network.js';
import { formatCount, formatTable } from '../terminal/table.js';
import { defined } from '../../base/defined.js';
import { proportionOptions } from '../options/proportion-options.js';

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure the speed of a network on this machine',
  description:
    'Times the bare step of a network on random images in memory, without data loading or logging. After the warm-up, ' +
    'every step is timed; images per second come from the median step. Close other programs to get repeatable figures.',
  positionals: [modelPositional],
  options: {
    ...modelOptions,
    batch: integer('IMAGES', { from: 1 }, { help: 'images per step' }, 128),
    mode: choice(['train', 'eval'], { help: 'the whole training step, or inference' }, 'train'),
    steps: integer('COUNT', { from: 1 }, { help: 'timed steps' }, 20),
    warmUp: integer('COUNT', { from: 0 }, { help: 'warm-up steps, not timed' }, 3),
    ...engineOptions,
    ...proportionOptions,
    ...shapeOptions,
    profile: flag('show how much time each kind of kernel takes'),
    json: flag('print one JSON document'),
  },
  examples: [
    { command: 'npx rectio bench resnet20 --batch 128', does: 'one training step, 20 times' },
    { command: 'npx rectio bench resnet20 --profile', does: 'and how long each kind of kernel takes' },
    { command: 'npx rectio bench cifar_vgg16_bn --mode eval --json', does: 'inference, as JSON for a script' },
  ],
  async run({ values, positionals }, output) {
    const name = givenModel(positionals, values) ?? missingModel('bench');
    const [{ benchmark }, { openEngine }] = await Promise.all([
      import('../../engines/benchmark.js'),
      import('../../engines/registry.js'),
    ]);
    const { batch, mode, steps, warmUp, threads } = values;
    const { graph, report } = await chosenNetwork(name, values);
    const model = graph.name;
    const engine = await openEngine(values.engine, defined({ threads }));
    const result = await benchmark({ graph, engine, batch, mode, steps, warmUp });
    const { imagesPerSecond, stepMs } = result;
    const profile = values.profile ? profileOf(result, engine.name) : undefined;
    const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
    if (values.json) {
      const rounded = (value: number) => Math.round(value * 10) / 10;
      output.json({
        model,
        ratio: report.label,
        batch,
        threads: engine.threads,
        engine: engine.name,
        mode,
        imagesPerSecond: rounded(imagesPerSecond),
        stepMs: { min: rounded(stepMs.min), median: rounded(stepMs.median), max: rounded(stepMs.max) },
        peakRssMb,
        ...(profile && { profile }),
      });
      return exitCodes.done;
    }
    const ms = (value: number) => value.toFixed(1);
    output.print(
      [
        `${model}, ratio ${report.label}, ${mode}, batch ${batch}, ${engine.name} (${engine.device})`,
        `${formatCount(imagesPerSecond)} images/s`,
        `step: median ${ms(stepMs.median)} ms, from ${ms(stepMs.min)} to ${ms(stepMs.max)} ms over ${steps} steps`,
        `peak memory: ${peakRssMb} MB`,
        ...(profile ? ['', profileTable(profile)] : []),
      ].join('\n'),
    );
    return exitCodes.done;
  },
});

function profileOf({ profile }: BenchmarkResult, engine: string): readonly KernelCost[] {
  if (profile) return profile;
  throw new RectioError(
    'usage',
    `The ${engine} engine does not count what its kernels cost.`,
    'Leave out --profile, or take --engine onednn.',
  );
}

function profileTable(profile: readonly KernelCost[]): string {
  return formatTable(
    [{ title: 'kernel' }, { title: 'ms per step', align: 'right' }],
    profile.map(({ kind, milliseconds }) => [kind, milliseconds.toFixed(2)]),
  );
}
