/**
 * Plan fragments for the conformance suite: one kernel call, or a few that belong together. The test supplies everything
 * they read and gets back everything they write. Tensors keep the roles they have in real plans, because
 * engines lay them out in memory by role.
 */

import { scalarsRead } from '../../plan/kernels.js';
import {
  persistentRoles,
  type KernelCall,
  type KernelKind,
  type Plan,
  type TensorRole,
  type TensorSpec,
} from '../../plan/plan.js';
import { filled, type Fill } from '../../testing/values.js';
import type { RunScalars } from '../engine.js';

export interface Fragment {
  readonly title: string;
  readonly plan: Plan;
  readonly inputs: { readonly [name: string]: Float32Array };
  readonly persistent: ReadonlyMap<string, Float32Array>;
  /** The scalars of each run, in order. */
  readonly runs: readonly RunScalars[];
  /** Magnitude to measure errors against when the true result cancels to (nearly) zero. */
  readonly scale: number;
  /** How much a result may differ, relative to the largest value of its tensor, if less than the suite allows. */
  readonly tolerance?: number;
}

/** The cases of every kernel. */
export type CaseTable = { readonly [K in KernelKind]: readonly Fragment[] };

export interface FragmentOptions {
  /** Default: one run without scalars. */
  readonly runs?: readonly RunScalars[];
  readonly scale?: number;
  readonly tolerance?: number;
}

/** Adds tensors to a fragment; each function returns the tensor's id. */
export interface Sketch {
  /** A tensor that the test fills; its role decides whether it is an input of the plan or persistent. */
  given(name: string, role: TensorRole, dims: readonly number[], fill: Fill, of?: number): number;
  /** A tensor that a call writes and that the test compares. */
  made(name: string, role: TensorRole, dims: readonly number[], of?: number): number;
  /** A tensor that stays inside the plan. */
  hidden(name: string, role: TensorRole, dims: readonly number[], type?: TensorSpec['type']): number;
}

/** Builds a fragment from a function that names tensors and returns the calls. */
export function fragment(
  title: string,
  calls: (sketch: Sketch) => readonly KernelCall[],
  { runs = [{}], scale = 0, tolerance }: FragmentOptions = {},
): Fragment {
  const tensors: TensorSpec[] = [];
  const planInputs: { [name: string]: number } = {};
  const planOutputs: { [name: string]: number } = {};
  const inputs: { [name: string]: Float32Array } = {};
  const persistent = new Map<string, Float32Array>();
  const add = (name: string, role: TensorRole, dims: readonly number[], type: TensorSpec['type'], of?: number) => {
    const id = tensors.length;
    tensors.push({ id, name, role, dims, type, ...(of === undefined ? {} : { of }) });
    return id;
  };
  const sketch: Sketch = {
    given: (name, role, dims, fill, of) => {
      const id = add(name, role, dims, 'float32', of);
      const values = filled(
        dims.reduce((product, size) => product * size, 1),
        fill,
        name,
      );
      if (persistentRoles.has(role)) {
        persistent.set(name, values);
      } else {
        planInputs[name] = id;
        inputs[name] = values;
      }
      return id;
    },
    made: (name, role, dims, of) => (planOutputs[name] = add(name, role, dims, 'float32', of)),
    hidden: (name, role, dims, type = 'float32') => add(name, role, dims, type),
  };
  const listed = calls(sketch);
  const batch = tensors.find(({ role }) => role === 'activation' || role === 'input')?.dims[0] ?? 1;
  const plan: Plan = {
    name: title,
    mode: 'training',
    batch,
    tensors,
    calls: listed,
    inputs: planInputs,
    outputs: planOutputs,
    scalars: scalarsRead(listed),
  };
  return { title, plan, inputs, persistent, runs, scale, ...(tolerance === undefined ? {} : { tolerance }) };
}
