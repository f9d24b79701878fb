/** `rectio demo`: the idea in two minutes. Trains one small network at 1:1 and at 2:1 and compares. */

import { RectioError } from '../../base/error.js';
import type { ProportionReport } from '../../proportion/index.js';
import { defineCommand } from '../command.js';
import { engineOptions } from '../options/engine-options.js';
import type { Values } from '../options/options.js';
import { exitCodes } from '../terminal/exit-codes.js';
import type { Output } from '../terminal/output.js';
import { createProgress } from '../terminal/progress.js';
import { listenForSignals, signalExitCode, type Stopping } from '../terminal/signals.js';
import { formatCount, formatDuration, formatTable } from '../terminal/table.js';
import type { TrainSummary } from '../../run/index.js';
import type { Training } from '../../train/index.js';

const model = 'resnet20';
const ratios = ['1:1', '2:1'] as const;

/** Sized for two cores and two minutes; the reference engine can only show the way. */
const sizes = {
  fast: { epochs: 3, batch: 128, limit: null },
  reference: { epochs: 1, batch: 8, limit: 24 },
} as const;

interface Result {
  readonly engine: string;
  readonly ratio: string;
  readonly proportion: ProportionReport;
  readonly summary: TrainSummary;
}

export const demoCommand = defineCommand({
  name: 'demo',
  summary: 'train a small network at 1:1 and 2:1 and compare (what npm start runs)',
  description:
    `Trains ${model} on the built-in dataset, first with all its ReLUs (1:1), then with every second one dropped (2:1), and ` +
    'compares. Takes under two minutes on two cores and leaves no files behind.',
  positionals: [],
  options: engineOptions,
  examples: [{ command: 'npx rectio demo', does: 'the whole of it' }],
  async run({ values }, output) {
    const stopping = listenForSignals((signal) => output.note(`\n${signal}: stopping; nothing is kept.`));
    try {
      const results: Result[] = [];
      for (const ratio of ratios) results.push(await trainAt(ratio, values, { stopping, output }));
      explain(results, output);
      return exitCodes.done;
    } catch (error) {
      const signal = stopping.received();
      if (signal && error instanceof RectioError && error.code === 'interrupted') return signalExitCode(signal);
      throw error;
    } finally {
      stopping.release();
    }
  },
});

interface Surroundings {
  readonly stopping: Stopping;
  readonly output: Output;
}

async function trainAt(
  ratio: string,
  choice: Values<typeof engineOptions>,
  { stopping, output }: Surroundings,
): Promise<Result> {
  const [{ openTraining }, { train }, { openEngine }] = await Promise.all([
    import('../../prepare/index.js'),
    import('../../train/index.js'),
    import('../../engines/registry.js'),
  ]);
  const slow = (await openEngine(choice.engine)).name === 'reference';
  const { epochs, batch, limit } = slow ? sizes.reference : sizes.fast;
  const progress = createProgress(output.progressTo(false), { proportion: ratio, keepsRun: false });
  const training = await openTraining({
    ...{ model, ratio, epochs, batch, data: { limit }, ...choice },
    onProgress: progress.decoding,
    signal: stopping.signal,
  });
  if (ratio === ratios[0]) introduce(training, output);
  let summary: TrainSummary | undefined;
  try {
    for await (const event of train(training)) {
      progress.show(event);
      if (event.type === 'done') summary = event.summary;
    }
  } finally {
    progress.clear();
  }
  if (summary === undefined) throw new Error('The training ended without a summary.');
  return { engine: training.engine.name, ratio, proportion: training.proportion, summary };
}

function introduce({ dataset, engine }: Training, output: Output): void {
  const images = `${formatCount(dataset.train.count)} images, ${dataset.classes.length} classes`;
  output.print(`Two trainings of ${model} on the built-in dataset (${images}), on ${engine.device}.`);
  output.print('First 1:1, a ReLU behind every convolution; then 2:1, every second ReLU dropped, all else the same.');
  if (engine.name === 'reference') {
    output.print('This is the reference engine, which is very slow: a few images show the way, no more.');
    output.print('npx rectio doctor says what the fast engine needs.');
  }
  output.print('');
}

function explain(results: readonly Result[], output: Output): void {
  const rows = results.map(({ ratio, proportion, summary }) => [
    ratio,
    `${proportion.sites.filter(({ kept }) => kept).length} of ${proportion.sites.length}`,
    formatCount(summary.parameters),
    `${summary.train.error.toFixed(1)} %`,
    `${summary.test.error.toFixed(1)} %`,
    formatCount(summary.imagesPerSecond),
    formatDuration(summary.seconds),
  ]);
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'ratio' },
    ...[right('ReLUs kept'), { ...right('parameters'), spare: 0 }, right('train error'), right('test error')],
    ...[
      { ...right('images/s'), spare: 1 },
      { ...right('time'), spare: 2 },
    ],
  ];
  output.print(`\n${formatTable(columns, rows, output.columns())}\n`);
  output.print(
    meaning(
      results,
      results.every(({ engine }) => engine !== 'reference'),
    ),
  );
  output.print(
    [
      '',
      'Next:',
      `  npx rectio inspect ${model} --ratio 2:1               which ReLUs were dropped`,
      `  npx rectio train ${model} --ratio 3:2 --epochs 5      another ratio, kept as a run`,
      '  npx rectio data get cifar10                          real images',
      '  npx rectio train --help                              everything else',
    ].join('\n'),
  );
}

/** What the table says, and what it cannot say. */
function meaning([first, second]: readonly Result[], learned: boolean): string {
  if (!learned) return 'So few images teach a network nothing: this shows that everything works, and only that.';
  const difference = second!.summary.test.error - first!.summary.test.error;
  const size = Math.abs(difference).toFixed(1);
  const direction = difference < 0 ? 'lower' : 'higher';
  const what =
    size === '0.0' ? 'the test error came out the same' : `the test error came out ${size} points ${direction}`;
  return (
    `With half the ReLUs dropped, at the same parameters and multiply-adds, ${what}.\n` +
    'That is one seed and a short training: no conclusion. The same network with another seed can differ as much.\n' +
    `On CIFAR-10, over five seeds of eight epochs, 2:1 made ${model} worse by 2.95 points (docs/studies). A study of your own: npx rectio compare.`
  );
}
