/** The tensors of one plan in float64, each in its own array. */

import { persistentRoles, type Plan } from '../../plan/plan.js';
import { RectioError } from '../../base/error.js';
import type { RunScalars } from '../engine.js';
import type { Step, Tensor } from './tensor.js';

export interface Memory {
  readonly tensors: readonly Tensor[];
  /** The persistent ones by name. */
  readonly persistent: ReadonlyMap<string, Tensor>;
  /** Inputs by the names that `run` takes, in the plan's order. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Outputs by the names that `run` returns, in the plan's order. */
  readonly outputs: ReadonlyMap<string, Tensor>;
}

export function allocate(plan: Plan): Memory {
  const tensors = plan.tensors.map(({ name, dims }) => ({
    name,
    dims,
    data: new Float64Array(dims.reduce((product, size) => product * size, 1)),
  }));
  const named = (ids: { readonly [name: string]: number }) =>
    new Map(Object.entries(ids).map(([name, id]) => [name, tensors[id]!]));
  const persistent = plan.tensors.filter(({ role }) => persistentRoles.has(role));
  return {
    tensors,
    persistent: new Map(persistent.map(({ name, id }) => [name, tensors[id]!])),
    inputs: named(plan.inputs),
    outputs: named(plan.outputs),
  };
}

/** The view of a memory that kernels get during one step. */
export function stepOver(memory: Memory, scalars: RunScalars): Step {
  const tensor = (id: number): Tensor => memory.tensors[id]!;
  return {
    tensor,
    optional: (id) => (id === undefined ? undefined : tensor(id)),
    scalar: (name) => {
      const value = scalars[name];
      if (value === undefined) {
        throw new RectioError(
          'engine',
          `A kernel reads the scalar ${name}, which the plan does not name.`,
          `Add ${name} to the plan's scalars.`,
        );
      }
      return value;
    },
  };
}
