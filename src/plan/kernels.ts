/** The kernel table, and helpers for passes that read calls. */

import { channelKernels } from './kernels/channels.js';
import { convolutionKernels } from './kernels/convolution.js';
import { elementwiseKernels } from './kernels/elementwise.js';
import { linearKernels } from './kernels/linear.js';
import { normalizationKernels } from './kernels/normalization.js';
import { poolingKernels } from './kernels/pooling.js';
import { updateKernels } from './kernels/update.js';
import type { KernelTable, Slots } from './kernels/row.js';
import type { CallOf, KernelCall, KernelKind, NumberedIds, ScalarName } from './plan.js';

export type { Slots } from './kernels/row.js';

/** All kernels by kind, joined from the families in `kernels/`. */
export const kernelTable = {
  ...convolutionKernels,
  ...linearKernels,
  ...normalizationKernels,
  ...elementwiseKernels,
  ...channelKernels,
  ...poolingKernels,
  ...updateKernels,
} as const satisfies KernelTable;

/** The kernels of the forward half of a training plan, which have a gradient rule. */
export type ForwardKind = {
  [K in KernelKind]: (typeof kernelTable)[K]['phase'] extends 'forward' ? K : never;
}[KernelKind];

/** Whether the call may be part of a training plan's forward half. */
export function isForward(call: KernelCall): call is CallOf<ForwardKind> {
  return kernelTable[call.kind].phase === 'forward';
}

/** The ids as x0, x1, … */
export function numbered(ids: readonly number[]): NumberedIds {
  return Object.fromEntries(ids.map((id, index) => [`x${index}`, id]));
}

/** Every id that the call reads, including those that it updates. */
export function idsRead(call: KernelCall): number[] {
  return [...ids(call.in), ...ids(call.update)];
}

/** Every id that the call writes completely. */
export function idsWritten(call: KernelCall): number[] {
  return ids(call.out);
}

const ids = (slots: Slots): number[] => Object.values(slots);

/** The scalars that the calls read, each once, in alphabetical order. */
export function scalarsRead(calls: readonly KernelCall[]): ScalarName[] {
  return [...new Set(calls.flatMap((call): readonly ScalarName[] => kernelTable[call.kind].scalars))].sort();
}
