/** The fully connected layer and its two gradients. */

import type { LinearCall, LinearDataGradientCall, LinearWeightGradientCall } from '../../plan/plan.js';
import { sumPerChannel } from './elementwise.js';
import { type KernelFamily, planesOf, type Step } from './tensor.js';

function linear(call: LinearCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  const weight = step.tensor(call.in.weight).data;
  const bias = step.optional(call.in.bias)?.data;
  const { batch, channels: inputs } = planesOf(x);
  const { channels: outputs } = planesOf(y);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      let total = bias ? bias[o]! : 0;
      for (let i = 0; i < inputs; i++) total += x.data[n * inputs + i]! * weight[o * inputs + i]!;
      y.data[n * outputs + o] = total;
    }
  }
}

function linearDataGradient(call: LinearDataGradientCall, step: Step): void {
  const dx = step.tensor(call.out.dx);
  const dy = step.tensor(call.in.dy);
  const weight = step.tensor(call.in.weight).data;
  const { batch, channels: inputs } = planesOf(dx);
  const { channels: outputs } = planesOf(dy);
  dx.data.fill(0);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const gradient = dy.data[n * outputs + o]!;
      for (let i = 0; i < inputs; i++) dx.data[n * inputs + i]! += gradient * weight[o * inputs + i]!;
    }
  }
}

function linearWeightGradient(call: LinearWeightGradientCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const dy = step.tensor(call.in.dy);
  const dweight = step.tensor(call.out.dweight).data;
  const { batch, channels: inputs } = planesOf(x);
  const { channels: outputs } = planesOf(dy);
  dweight.fill(0);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const gradient = dy.data[n * outputs + o]!;
      for (let i = 0; i < inputs; i++) dweight[o * inputs + i]! += gradient * x.data[n * inputs + i]!;
    }
  }
  const dbias = step.optional(call.out.dbias);
  if (dbias) sumPerChannel(dy, dbias);
}

export const linearKernels = {
  linear,
  linearDataGradient,
  linearWeightGradient,
} satisfies KernelFamily;
