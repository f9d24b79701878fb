/** The table of kernels, and the few ways in which passes look at a call. */

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

/** Every kernel by kind, put together from the families in `kernels/`. */
export const kernelTable = {
  ...convolutionKernels,
  ...linearKernels,
  ...normalizationKernels,
  ...elementwiseKernels,
  ...channelKernels,
  ...poolingKernels,
  ...updateKernels,
} as const satisfies KernelTable;

/** The kernels that the forward half of a training plan is made of: those that need a gradient rule. */
export type ForwardKind = {
  [K in KernelKind]: (typeof kernelTable)[K]['phase'] extends 'forward' ? K : never;
}[KernelKind];

/** Whether a training plan's forward half may contain the call. */
export function isForward(call: KernelCall): call is CallOf<ForwardKind> {
  return kernelTable[call.kind].phase === 'forward';
}

/** The ids as x0, x1, … */
export function numbered(ids: readonly number[]): NumberedIds {
  return Object.fromEntries(ids.map((id, index) => [`x${index}`, id]));
}

/** Every id the call reads, those it also updates included. */
export function idsRead(call: KernelCall): number[] {
  return [...ids(call.in), ...ids(call.update)];
}

/** Every id the call writes whole. */
export function idsWritten(call: KernelCall): number[] {
  return ids(call.out);
}

const ids = (slots: Slots): number[] => Object.values(slots);

/** The scalars that the calls read, each once, in alphabetical order. */
export function scalarsRead(calls: readonly KernelCall[]): ScalarName[] {
  return [...new Set(calls.flatMap((call): readonly ScalarName[] => kernelTable[call.kind].scalars))].sort();
}
