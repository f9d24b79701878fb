/** `rectio bench`: how fast the bare training or inference step of a network is here. */

import { RectioError } from '../../base/error.js';
import type { BenchmarkResult, KernelCost } from '../../engines/benchmark.js';
import type { Engine } from '../../engines/engine.js';
import type { Output } from '../terminal/output.js';
import { defineCommand } from '../command.js';
import { engineOptions } from '../options/engine-options.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { choice, flag, integer, text, type Values } from '../options/options.js';
import {
  chosenNetwork,
  givenModel,
  missingModel,
  modelOptions,
  modelPositional,
  shapeOptions,
} from '../options/network.js';
import { formatCount, formatLarge, formatTable } from '../terminal/table.js';
import { defined } from '../../base/defined.js';
import { proportionOptions } from '../options/proportion-options.js';

const options = {
  ...modelOptions,
  batch: integer('IMAGES', { from: 1 }, { help: 'images per step' }, 128),
  mode: choice(['train', 'eval'], { help: 'the whole training step, or inference' }, 'train'),
  steps: integer('COUNT', { from: 1 }, { help: 'timed steps' }, 20),
  warmUp: integer('COUNT', { from: 0 }, { help: 'warm-up steps, not timed' }, 3),
  ...engineOptions,
  ...proportionOptions,
  ...shapeOptions,
  against: text('RATIO', {
    help: 'time the network at this ratio too, step by step in turn, and compare times and memory',
  }),
  profile: flag('show how much time each kind of kernel takes'),
  json: flag('print one JSON document'),
};

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure the speed of a network on this machine',
  description:
    'Times the bare step of a network on random images in memory, without data loading or logging. After the warm-up, ' +
    'every step is timed; images per second come from the median step. Close other programs to get repeatable figures.',
  positionals: [modelPositional],
  options,
  examples: [
    { command: 'npx rectio bench resnet20 --batch 128', does: 'one training step, 20 times' },
    { command: 'npx rectio bench resnet20 --profile', does: 'and how long each kind of kernel takes' },
    { command: 'npx rectio bench resnet20 --ratio 2:1 --against 1:1', does: 'does 2:1 cost more than 1:1?' },
    { command: 'npx rectio bench cifar_vgg16_bn --mode eval --json', does: 'inference, as JSON for a script' },
  ],
  async run({ values, positionals }, output) {
    const name = givenModel(positionals, values) ?? missingModel('bench');
    if (values.against === undefined) await benchOne(name, values, output);
    else await benchAgainst(name, values.against, values, output);
    return exitCodes.done;
  },
});

type BenchValues = Values<typeof options>;

async function benchOne(name: string, values: BenchValues, output: Output): Promise<void> {
  const [{ benchmark }, { openEngine }] = await engines();
  const { batch, mode, steps, warmUp, threads } = values;
  const { graph, report } = await chosenNetwork(name, values);
  const engine = await openEngine(values.engine, defined({ threads }));
  const result = await benchmark({ graph, engine, batch, mode, steps, warmUp });
  const profile = values.profile ? profileOf(result, engine.name) : undefined;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  if (values.json) {
    output.json({
      ...setting(graph.name, report.label, values, engine),
      ...figures(result),
      peakRssMb: Math.round(peakBytes / 1e6),
      ...(profile && { profile }),
    });
    return;
  }
  output.print(
    [
      `${graph.name}, ratio ${report.label}, ${mode}, batch ${batch}, ${engine.name} (${engine.device})`,
      `${formatCount(result.imagesPerSecond)} images/s`,
      `step: ${stepText(result, steps)}`,
      `peak memory: ${formatLarge(peakBytes, 'B')}`,
      ...(profile ? ['', profileTable(profile)] : []),
    ].join('\n'),
  );
}

/** Two ratios in turn: is the one asked for as fast as the other? */
async function benchAgainst(name: string, other: string, values: BenchValues, output: Output): Promise<void> {
  if (values.profile) {
    throw new RectioError('usage', '--profile shows one ratio', 'Leave out --against, or leave out --profile.');
  }
  const [{ benchmarkAgainst }, { openEngine }] = await engines();
  const { batch, mode, steps, warmUp, threads } = values;
  const [own, against] = [await chosenNetwork(name, values), await chosenNetwork(name, onlyRatio(values, other))];
  const engine = await openEngine(values.engine, defined({ threads }));
  const result = await benchmarkAgainst({
    ...{ graph: own.graph, against: against.graph },
    ...{ engine, batch, mode, steps, warmUp },
  });
  const { timeRatio, bytes } = result;
  const memoryRatio = bytes.step / bytes.against;
  if (values.json) {
    output.json({
      ...setting(own.graph.name, own.report.label, values, engine),
      ...figures(result.step),
      bytes: bytes.step,
      against: { ratio: against.report.label, ...figures(result.against), bytes: bytes.against },
      timeRatio,
      memoryRatio,
    });
    return;
  }
  const line = (label: string, step: BenchmarkResult, held: number): string[] => [
    label,
    formatCount(step.imagesPerSecond),
    step.stepMs.median.toFixed(1),
    formatLarge(held, 'B'),
  ];
  const interval = timeRatio.interval;
  const range =
    interval === null
      ? 'at least 6 steps give an interval'
      : `95 %: ${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
  output.print(
    [
      `${own.graph.name}, ${mode}, batch ${batch}, ${steps} steps of each in turn, ${engine.name} (${engine.device})`,
      formatTable(
        [
          { title: 'ratio' },
          { title: 'images/s', align: 'right' },
          { title: 'step, ms', align: 'right' },
          { title: 'memory', align: 'right' },
        ],
        [line(own.report.label, result.step, bytes.step), line(against.report.label, result.against, bytes.against)],
        output.columns(),
      ),
      `step time, ${own.report.label} / ${against.report.label}: ${timeRatio.median.toFixed(3)} (${range})`,
      `memory, ${own.report.label} / ${against.report.label}: ${memoryRatio.toFixed(3)}`,
    ].join('\n'),
  );
}

function engines() {
  return Promise.all([import('../../engines/benchmark.js'), import('../../engines/registry.js')]);
}

/** The options with another ratio; what else chooses sites belongs to the ratio that was asked for. */
function onlyRatio({ pattern: _pattern, drop: _drop, leak: _leak, ...rest }: BenchValues, ratio: string): BenchValues {
  return { ...rest, pattern: undefined, drop: undefined, leak: undefined, ratio };
}

function setting(model: string, ratio: string, { batch, mode }: BenchValues, { name, threads }: Engine) {
  return { model, ratio, batch, threads, engine: name, mode };
}

/** Rounded, as JSON has them. */
function figures({ imagesPerSecond, stepMs }: BenchmarkResult) {
  const rounded = (value: number) => Math.round(value * 10) / 10;
  return {
    imagesPerSecond: rounded(imagesPerSecond),
    stepMs: { min: rounded(stepMs.min), median: rounded(stepMs.median), max: rounded(stepMs.max) },
  };
}

function stepText({ stepMs }: BenchmarkResult, steps: number): string {
  const ms = (value: number) => value.toFixed(1);
  return `median ${ms(stepMs.median)} ms, from ${ms(stepMs.min)} to ${ms(stepMs.max)} ms over ${steps} steps`;
}

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
