/** The network of a finished run, and the weights that its last evaluation used. */

import { RectioError } from '../base/error.js';
import { graphParameters, printShape, type Parameter } from '../graph/index.js';
import { inRun, readRunRecord, type RunRecord } from '../run/index.js';
import { exists } from '../system/errno.js';
import { readSafetensors, type StoredTensor } from '../formats/index.js';

export interface RunWeights {
  /** Its network is in it. */
  readonly record: RunRecord;
  /** Every parameter and statistic of the network, in state_dict order. */
  readonly parameters: readonly Parameter[];
  /** By the network's names; the averages if the run was evaluated with them. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: { readonly [key: string]: string };
}

/** @throws RectioError `checkpoint` if the folder holds no run, the run is not finished, or its weights do not fit */
export async function readRunWeights(run: string): Promise<RunWeights> {
  const record = await readRunRecord(run);
  const path = inRun(run, 'model');
  if (!(await exists(path))) {
    throw new RectioError(
      'checkpoint',
      `The run ${run} is not finished: it has no ${path} yet.`,
      `Finish it with: \`resume: ${run}\``,
    );
  }
  const { tensors, metadata } = await readSafetensors(path);
  const parameters = graphParameters(record.graph);
  verifyTensors(parameters, tensors, path);
  return { record, parameters, tensors, metadata };
}

function verifyTensors(
  parameters: readonly Parameter[],
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
): void {
  const refuse = (what: string): never => {
    throw new RectioError('checkpoint', `${path} ${what}.`, 'Put back the file that the run wrote.');
  };
  for (const { name, shape } of parameters) {
    const found = tensors.get(name);
    if (found === undefined) return refuse(`has no ${name}, which the run's network has`);
    if (found.shape.join() !== shape.join()) {
      refuse(`has ${name} in shape ${printShape(found.shape)}, where the run's network has ${printShape(shape)}`);
    }
  }
  if (tensors.size > parameters.length) refuse("has tensors that the run's network has not");
}
