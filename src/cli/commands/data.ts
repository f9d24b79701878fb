/** `rectio data`: lists the datasets, and downloads them. */

import { RectioError } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag, text, type Values } from '../options/options.js';
import type { Output } from '../terminal/output.js';
import { reportError } from '../terminal/report-error.js';
import { listenForSignals, signalExitCode } from '../terminal/signals.js';
import { createTransferProgress } from '../terminal/transfer-progress.js';
import { formatTable } from '../terminal/table.js';
import { defined } from '../../base/defined.js';

const actions = ['list', 'get'] as const;

const options = {
  dir: text('DIR', { help: 'get: where to put the files', standard: "Rectio's cache, where train looks too" }),
  mirror: text('URL', { help: 'get: download from this address instead of the official one' }),
  json: flag('print one JSON document'),
};

type DataValues = Values<typeof options>;

export const dataCommand = defineCommand({
  name: 'data',
  summary: 'list the datasets, or download one',
  description:
    'Lists the datasets that train knows and where they are, or downloads one from its official address and checks its ' +
    'checksum. An interrupted download resumes.',
  positionals: [
    { placeholder: 'ACTION', help: 'list or get', required: true },
    { placeholder: 'NAME', help: 'get: the dataset to download', required: false },
  ],
  options,
  examples: [
    { command: 'npx rectio data list', does: 'every dataset and where it is' },
    { command: 'npx rectio data get cifar10', does: '170 MB; then: npx rectio train resnet20 --data cifar10' },
  ],
  async run({ values, positionals: [action = '', name] }, output) {
    if (action === 'list' && name === undefined) return list(values, output);
    if (action === 'get') return get(name, values, output);
    throw new RectioError(
      'usage',
      action === 'list' ? 'rectio data list takes no name' : `rectio data cannot '${action}'`,
      action === 'list' ? 'To download a dataset: npx rectio data get NAME' : didYouMean(action, actions),
    );
  },
});

async function list(values: DataValues, output: Output): Promise<number> {
  const { datasetNames, defaultDataDir, downloadableNames, isDownloaded } = await import('../../data/index.js');
  const datasets = await Promise.all(
    datasetNames.map(async (name) => ({
      name,
      download: downloadableNames.includes(name),
      dir: (await isDownloaded(name)) ? defaultDataDir(name) : null,
    })),
  );
  if (values.json) {
    output.json(datasets);
    return exitCodes.done;
  }
  const where = ({ name, download, dir }: (typeof datasets)[number]) => {
    if (name === 'synthetic') return 'built in';
    return dir ?? (download ? `npx rectio data get ${name}` : 'your own, with --data-dir');
  };
  output.print(
    formatTable(
      [{ title: 'dataset' }, { title: 'where' }],
      datasets.map((dataset) => [dataset.name, where(dataset)]),
      output.columns(),
    ),
  );
  return exitCodes.done;
}

async function get(name: string | undefined, values: DataValues, output: Output): Promise<number> {
  const { downloadDataset, downloadableNames } = await import('../../data/index.js');
  if (name === undefined) {
    throw new RectioError('usage', 'NAME is missing', `Give one of: ${downloadableNames.join(', ')}.`);
  }
  const progress = createTransferProgress(output.progressTo(values.json));
  const stopping = listenForSignals(() => {});
  try {
    const { dir, mirror } = values;
    const result = await downloadDataset(name, {
      ...defined({ dir, mirror }),
      signal: stopping.signal,
      onProgress: progress.show,
    });
    progress.clear();
    if (values.json) output.json({ name, ...result });
    else {
      output.print(result.fetched === 0 ? `${name} is already in ${result.dir}` : `${name} is in ${result.dir}`);
      output.print(`Next: npx rectio train resnet20 --data ${name}${dir === undefined ? '' : ` --data-dir ${dir}`}`);
    }
    return exitCodes.done;
  } catch (error) {
    progress.clear();
    const signal = stopping.received();
    if (!signal || !(error instanceof RectioError) || error.code !== 'interrupted') throw error;
    reportError(error, output, { json: values.json, debug: false });
    return signalExitCode(signal);
  } finally {
    stopping.release();
  }
}
