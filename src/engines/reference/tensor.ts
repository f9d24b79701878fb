/** The tensors of reference kernels: row-major float64 arrays, whatever the tensor's type in the plan. */

import type { Rules } from '../../base/rules.js';
import type { KernelCall, NumberedIds, ScalarName } from '../../plan/plan.js';

export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

/** Gives kernels access to one step's tensors and scalars. */
export interface Step {
  tensor(id: number): Tensor;
  /** The tensor of an optional id. */
  optional(id: number | undefined): Tensor | undefined;
  scalar(name: ScalarName): number;
}

/** The kernels of one file by kind; `kernels.ts` joins the families. */
export type KernelFamily = Partial<Rules<KernelCall, [step: Step], void>>;

/** The tensors x0, x1, x2, … in order. */
export function numbered(step: Step, ids: NumberedIds): Tensor[] {
  const tensors: Tensor[] = [];
  for (let id = ids.x0, next = 1; id !== undefined; id = ids[`x${next++}`]) tensors.push(step.tensor(id));
  return tensors;
}

/** A feature map [N, C, H, W] or a vector [N, C] seen as planes: N × C planes of `area` elements. */
export interface Planes {
  readonly batch: number;
  readonly channels: number;
  readonly area: number;
}

export function planesOf(tensor: Tensor): Planes {
  const [batch = 1, channels = 1, ...spatial] = tensor.dims;
  return { batch, channels, area: spatial.reduce((product, size) => product * size, 1) };
}

/** The four sizes of a feature map. */
export function sizesOf(tensor: Tensor): [batch: number, channels: number, height: number, width: number] {
  const [batch = 1, channels = 1, height = 1, width = 1] = tensor.dims;
  return [batch, channels, height, width];
}
