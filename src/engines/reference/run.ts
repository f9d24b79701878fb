/** Runs one step in pure float64, as a function from values to values, as finite differences need it. */

import { RectioError } from '../../base/error.js';
import type { Plan } from '../../plan/plan.js';
import type { RunScalars } from '../engine.js';
import { execute } from './kernels.js';
import { allocate, stepOver } from './memory.js';

export interface ReferenceResult {
  /** The plan's outputs by name. */
  readonly outputs: ReadonlyMap<string, Float64Array>;
  /** Every persistent tensor by name, after the step. */
  readonly persistent: ReadonlyMap<string, Float64Array>;
}

/**
 * Runs a plan once.
 * @param values inputs by the plan's input names, persistent tensors by theirs; missing ones are zero
 */
export function runReference(
  plan: Plan,
  values: ReadonlyMap<string, ArrayLike<number>>,
  scalars: RunScalars = {},
): ReferenceResult {
  const memory = allocate(plan);
  for (const [name, data] of values) {
    const tensor = memory.inputs.get(name) ?? memory.persistent.get(name);
    if (!tensor || tensor.data.length !== data.length) {
      throw new RectioError(
        'engine',
        `${plan.name} has no input or persistent tensor ${name} of ${data.length} values.`,
        tensor ? `It has shape [${tensor.dims.join(', ')}].` : 'Name one of the plan.',
      );
    }
    tensor.data.set(data);
  }
  const step = stepOver(memory, scalars);
  for (const call of plan.calls) execute(call, step);
  const dataOf = (tensors: typeof memory.outputs) => new Map([...tensors].map(([name, { data }]) => [name, data]));
  return { outputs: dataOf(memory.outputs), persistent: dataOf(memory.persistent) };
}
