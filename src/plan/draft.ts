/** A plan under construction: passes add tensors while they write calls, and `finishPlan` numbers the tensors in use. */

import type { Shape } from '../graph/op.js';
import { idsRead, idsWritten, scalarsRead, type Slots } from './kernels.js';
import type { KernelCall, Plan, TensorRole, TensorSpec } from './plan.js';
import { verifyPlan } from './verify.js';

/** The tensors of a plan under construction. */
export interface Draft {
  /** Adds a tensor and returns its id. A number is appended to a name that is taken (`grad:conv1:2`). */
  add(name: string, role: TensorRole, dims: Shape, more?: { type?: TensorSpec['type']; of?: number }): number;
  /** The tensor of an id that `add` returned. */
  tensor(id: number): TensorSpec;
}

export function createDraft(): Draft {
  const tensors: TensorSpec[] = [];
  const taken = new Set<string>();
  const unique = (name: string): string => {
    let candidate = name;
    for (let count = 2; taken.has(candidate); count++) candidate = `${name}:${count}`;
    taken.add(candidate);
    return candidate;
  };
  return {
    add(name, role, dims, { type = 'float32', of } = {}) {
      const id = tensors.length;
      tensors.push({ id, name: unique(name), role, dims, type, ...(of === undefined ? {} : { of }) });
      return id;
    },
    tensor: (id) => tensors[id]!,
  };
}

type Parts = Pick<Plan, 'name' | 'mode' | 'batch' | 'calls' | 'inputs' | 'outputs'>;

/** Leaves out tensors that no call uses, numbers the others in order of appearance, and verifies the result. */
export function finishPlan(draft: Draft, parts: Parts): Plan {
  const numbers = new Map<number, number>();
  const touch = (id: number): void => {
    if (!numbers.has(id)) numbers.set(id, numbers.size);
  };
  Object.values(parts.inputs).forEach(touch);
  for (const call of parts.calls) [...idsRead(call), ...idsWritten(call)].forEach(touch);

  const renumber = (slots: Slots): Slots =>
    Object.fromEntries(Object.entries(slots).map(([slot, id]) => [slot, numbers.get(id) ?? -1]));
  const tensors = [...numbers].map(([old, id]): TensorSpec => {
    const { of, ...tensor } = draft.tensor(old);
    return { ...tensor, id, ...(of === undefined ? {} : { of: numbers.get(of) ?? -1 }) };
  });
  const calls = parts.calls.map(
    (call) =>
      ({ ...call, in: renumber(call.in), out: renumber(call.out), update: renumber(call.update) }) as KernelCall,
  );
  const plan: Plan = {
    ...parts,
    tensors,
    calls,
    inputs: renumber(parts.inputs),
    outputs: renumber(parts.outputs),
    scalars: scalarsRead(calls),
  };
  verifyPlan(plan);
  return plan;
}
