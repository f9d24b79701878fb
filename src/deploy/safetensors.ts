/**
 * A run's weights as a safetensors file for other tools: under the names and in the shapes of the network's
 * publication, so that its reference implementation takes them as a state_dict. PyTorch's counts of batches are not in
 * it: nothing here counts them, and load_state_dict with strict=True does without them where a file has none.
 */

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RectioError } from '../base/error.js';
import { publishedParameter } from '../zoo/published.js';
import { readRunWeights } from './run-weights.js';
import { writeSafetensors } from '../formats/index.js';

export interface Exported {
  readonly run: string;
  /** The file that was written. */
  readonly output: string;
  readonly model: string;
  readonly ratio: string;
  readonly tensors: number;
  /** Values in all tensors together, running statistics included. */
  readonly values: number;
}

/**
 * Writes the weights of a finished run to `output`, which must not be there yet. Where the run was evaluated by averages
 * of its weights, these are written.
 * @throws RectioError `checkpoint` if `run` is no finished run, `usage` if `output` is there already or its folder
 * is not, `disk` if it cannot be written; nothing is left behind then
 */
export async function exportSafetensors(run: string, output: string): Promise<Exported> {
  const { record, parameters, tensors, metadata } = await readRunWeights(run);
  await verifyOutput(output);
  const model = record.graph.name;
  const published = new Map(
    parameters.map((parameter) => {
      const { name, shape } = publishedParameter(model, parameter);
      return [name, { shape, data: tensors.get(parameter.name)!.data }];
    }),
  );
  await writeSafetensors(output, published, metadata);
  const values = [...published.values()].reduce((sum, { data }) => sum + data.length, 0);
  return { run, output, model, ratio: record.proportion.asked, tensors: published.size, values };
}

async function verifyOutput(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) {
    throw new RectioError(
      'usage',
      `${path} is there already, and an export overwrites nothing.`,
      'Choose another file with `output`, or remove this one.',
    );
  }
  const folder = dirname(path);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new RectioError('usage', `There is no folder ${folder} for ${path}.`, 'Make it, or choose another `output`.');
  }
}
