/** `rectio ensemble`: how much of a leaky network the mean over networks with ReLUs or nothing in their place explains. */

import { RectioError } from '../../base/error.js';
import type { EnsembleResult, PartResult, ScoreRange } from '../../study/ensemble/index.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag, integer, text } from '../options/options.js';
import { listenForSignals, signalExitCode } from '../terminal/signals.js';
import { cut, statusLine } from '../terminal/status-line.js';
import { formatCount, formatTable } from '../terminal/table.js';
import type { Output, Screen } from '../terminal/output.js';

export const ensembleCommand = defineCommand({
  name: 'ensemble',
  summary: 'ask whether a leaky network is an ensemble of ratios',
  description:
    'A leaky ReLU of slope a is a mixture: the identity with weight a, the ReLU with weight 1 − a. This takes a finished run with ' +
    'leaky ReLUs and draws masks: every site becomes the identity with probability a, else the ReLU. It measures batch ' +
    "norm's statistics for each mask, and says how much of the leaky network's logits the mean over the masks explains, for " +
    'masks at all sites and at the sites of one stage alone. Numbers and a figure go into the run.',
  positionals: [{ placeholder: 'RUN', help: "the run's folder, such as runs/resnet20-1to1-seed0", required: true }],
  options: {
    masks: integer('COUNT', { from: 1 }, { help: 'masks to draw for each part of the network' }, 16),
    images: integer(
      'IMAGES',
      { from: 0 },
      { help: "training images that measure batch norm's statistics for each mask; 0 keeps the run's statistics" },
      2048,
    ),
    testImages: integer('IMAGES', { from: 1 }, { help: 'use at most this many test images', standard: 'all' }),
    seed: integer('NUMBER', { from: 0 }, { help: 'seed of the masks' }, 0),
    dataDir: text('DIR', { help: 'folder of the dataset', standard: "the run's own" }),
    engine: text('NAME', { help: 'what computes', standard: "the run's own" }),
    threads: integer('COUNT', { from: 1, to: 1024 }, { help: 'threads to compute with', standard: "the run's own" }),
    output: text('DIR', { help: 'folder for the numbers and the figure', standard: 'RUN' }),
    json: flag('print one JSON document'),
  },
  examples: [
    {
      command: "npx rectio train resnet20 --drop '*' --leak 0.24 --stem --run runs/leaky",
      does: 'a network to ask: leaky ReLUs everywhere',
    },
    { command: 'npx rectio ensemble runs/leaky', does: '16 masks for each stage and for all' },
    { command: 'npx rectio ensemble runs/leaky --masks 64 --test-images 2000', does: 'more masks, fewer images' },
  ],
  async run({ values, positionals: [run = ''] }, output) {
    const { measureEnsemble, writeEnsemble } = await import('../../study/ensemble/index.js');
    const progress = networkProgress(output.progressTo(values.json));
    const stopping = listenForSignals(() => progress.clear());
    const { masks, images, testImages, seed, engine, threads, dataDir } = values;
    try {
      const options = { masks, images, testImages, seed, engine, threads, data: { dir: dataDir } };
      const result = await measureEnsemble(run, {
        ...options,
        signal: stopping.signal,
        onNetwork: progress.show,
      });
      progress.clear();
      const files = await writeEnsemble(result, ...(values.output === undefined ? [] : [values.output]));
      if (values.json) output.json({ ...result, files });
      else printResult(result, files, output);
      return exitCodes.done;
    } catch (error) {
      progress.clear();
      const signal = stopping.received();
      if (signal === undefined || !(error instanceof RectioError) || error.code !== 'interrupted') throw error;
      output.note(`${signal}: stopped; nothing was written.`);
      return signalExitCode(signal);
    } finally {
      stopping.release();
    }
  },
});

/** How many networks are done: a status line on a terminal, elsewhere a line every tenth. */
function networkProgress(screen: Screen): { show(done: number, total: number): void; clear(): void } {
  const { draw, clear, print } = statusLine(screen);
  let told = 0;
  return {
    show(done, total) {
      const line = `network ${done} of ${total}`;
      if (screen.terminal) return draw(cut(line, screen));
      const tenth = Math.floor((10 * done) / total);
      if (tenth > told) print(line);
      told = tenth;
    },
    clear,
  };
}

function printResult(
  result: EnsembleResult,
  files: { readonly numbers: string; readonly figure: string },
  output: Output,
): void {
  const { model, ratio, sites, masks, images, testImages, leaky, remeasured } = result;
  const statistics = images === 0 ? "the run's statistics" : `statistics from ${formatCount(images)} training images`;
  output.print(
    [
      `${model} ${ratio}: ${sites.length} leaky sites, ${masks} masks for each part, ${statistics}, ` +
        `${formatCount(testImages)} test images`,
      `the leaky network: test error ${percent(leaky.error)}`,
      ...(remeasured === null
        ? []
        : [
            `  with statistics measured like the masks': test error ${percent(remeasured.error)}, ` +
              `R² ${share(remeasured.r2)}, agreement ${percent(remeasured.agreement)}`,
          ]),
      '',
      resultTable(result, output.columns()),
      '',
      'R²: of the leaky logits, centered per class. fitted: after the best scale and offsets. agreement: same answer as the leaky network.',
      `numbers: ${files.numbers}`,
      `figure: ${files.figure}`,
    ].join('\n'),
  );
}

const columns = [
  { title: 'masked' },
  { title: 'sites', align: 'right' },
  { title: 'masks', align: 'right' },
  { title: 'R²', align: 'right' },
  { title: 'fitted', align: 'right' },
  { title: 'agreement', align: 'right' },
  { title: 'test error', align: 'right' },
] as const;

function resultTable({ parts }: EnsembleResult, width: number): string {
  const rows = parts.flatMap((part, index) => [...(index === 0 ? [] : [null]), ...partRows(part)]);
  return formatTable(columns, rows, width);
}

function partRows({ part, sites, single, ensemble }: PartResult): string[][] {
  const range = (value: ScoreRange | null, digits: number) =>
    value === null
      ? '–'
      : `${value.mean.toFixed(digits)} (${value.low.toFixed(digits)} to ${value.high.toFixed(digits)})`;
  return [
    [
      part,
      String(sites),
      'single',
      range(single.r2, 2),
      range(single.r2Fitted, 2),
      range(single.agreement, 1),
      range(single.error, 2),
    ],
    ...ensemble.map(({ masks, r2, r2Fitted, agreement, error }) => [
      '',
      '',
      String(masks),
      share(r2),
      share(r2Fitted),
      percent(agreement),
      percent(error),
    ]),
  ];
}

const share = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
const percent = (value: number): string => `${value.toFixed(2)} %`;
