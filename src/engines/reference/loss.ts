/** Softmax and cross entropy in one kernel, with the gradient of the batch's mean loss. */

import type { SoftmaxCrossEntropyCall } from '../../plan/plan.js';
import { type KernelFamily, planesOf, type Step } from './tensor.js';

/** The position of the first largest value. */
function firstLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function softmaxCrossEntropy(call: SoftmaxCrossEntropyCall, step: Step): void {
  const logits = step.tensor(call.in.logits);
  const targets = step.tensor(call.in.targets).data;
  const losses = step.tensor(call.out.losses).data;
  const correct = step.tensor(call.out.correct).data;
  const dlogits = step.tensor(call.out.dlogits).data;
  const { batch, channels: classes } = planesOf(logits);
  for (let n = 0; n < batch; n++) {
    const row = logits.data.subarray(n * classes, (n + 1) * classes);
    const target = targets.subarray(n * classes, (n + 1) * classes);
    const largest = row[firstLargest(row)]!;
    let total = 0;
    for (let k = 0; k < classes; k++) total += Math.exp(row[k]! - largest);
    const logTotal = largest + Math.log(total);
    let loss = 0;
    for (let k = 0; k < classes; k++) {
      const smoothed = target[k]! * (1 - call.labelSmoothing) + call.labelSmoothing / classes;
      loss -= smoothed * (row[k]! - logTotal);
      dlogits[n * classes + k] = (Math.exp(row[k]! - logTotal) - smoothed) / batch;
    }
    losses[n] = loss;
    correct[n] = firstLargest(row) === firstLargest(target) ? 1 : 0;
  }
}

export const lossKernels = {
  softmaxCrossEntropy,
} satisfies KernelFamily;
