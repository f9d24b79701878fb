/** Batch normalization with the batch's statistics, its gradient, and the folded form of inference. */

import type { BatchNormCall, BatchNormGradientCall, ChannelAffineCall } from '../../plan/plan.js';
import { addInPlace, rectifyInPlace } from './elementwise.js';
import { type KernelFamily, planesOf, type Step, type Tensor } from './tensor.js';

/** y[n, c, …] = x[n, c, …]·scale[c] + shift[c]. */
function affinePerChannel(x: Tensor, scale: Float64Array, shift: Float64Array, y: Tensor): void {
  const { batch, channels, area } = planesOf(x);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const start = (n * channels + c) * area;
      for (let i = start; i < start + area; i++) y.data[i] = x.data[i]! * scale[c]! + shift[c]!;
    }
  }
}

function batchNorm(call: BatchNormCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  const weight = step.tensor(call.in.weight).data;
  const bias = step.tensor(call.in.bias).data;
  const means = step.tensor(call.out.mean).data;
  const inverseDeviations = step.tensor(call.out.inverseDeviation).data;
  const runningMean = step.tensor(call.update.runningMean).data;
  const runningVar = step.tensor(call.update.runningVar).data;
  const { batch, channels, area } = planesOf(x);
  const count = batch * area;
  const scale = new Float64Array(channels);
  const shift = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let n = 0; n < batch; n++) {
      const start = (n * channels + c) * area;
      for (let i = start; i < start + area; i++) sum += x.data[i]!;
    }
    const mean = sum / count;
    let squares = 0;
    for (let n = 0; n < batch; n++) {
      const start = (n * channels + c) * area;
      for (let i = start; i < start + area; i++) squares += (x.data[i]! - mean) ** 2;
    }
    const variance = squares / count;
    const unbiased = count > 1 ? squares / (count - 1) : variance;
    const inverseDeviation = 1 / Math.sqrt(variance + call.epsilon);
    means[c] = mean;
    inverseDeviations[c] = inverseDeviation;
    runningMean[c] = (1 - call.momentum) * runningMean[c]! + call.momentum * mean;
    runningVar[c] = (1 - call.momentum) * runningVar[c]! + call.momentum * unbiased;
    scale[c] = inverseDeviation * weight[c]!;
    shift[c] = bias[c]! - mean * scale[c]!;
  }
  affinePerChannel(x, scale, shift, y);
  const addend = step.optional(call.in.addend);
  if (addend) addInPlace(y.data, addend.data);
  if (call.relu) rectifyInPlace(y.data);
}

function batchNormGradient(call: BatchNormGradientCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const weight = step.tensor(call.in.weight).data;
  const means = step.tensor(call.in.mean).data;
  const inverseDeviations = step.tensor(call.in.inverseDeviation).data;
  const dx = step.tensor(call.out.dx).data;
  const dweight = step.tensor(call.out.dweight).data;
  const dbias = step.tensor(call.out.dbias).data;

  const gradient = Float64Array.from(step.tensor(call.in.dy).data);
  const dy2 = step.optional(call.in.dy2);
  if (dy2) addInPlace(gradient, dy2.data);
  const { batch, channels, area } = planesOf(x);
  const y = step.optional(call.in.y)?.data;
  const bias = step.optional(call.in.bias)?.data;
  const beforeRelu = (i: number): number => {
    const c = Math.floor(i / area) % channels;
    return (x.data[i]! - means[c]!) * inverseDeviations[c]! * weight[c]! + bias![c]!;
  };
  if (call.relu) for (let i = 0; i < gradient.length; i++) if ((y ? y[i]! : beforeRelu(i)) <= 0) gradient[i] = 0;
  step.optional(call.out.daddend)?.data.set(gradient);

  const count = batch * area;
  for (let c = 0; c < channels; c++) {
    const mean = means[c]!;
    const inverseDeviation = inverseDeviations[c]!;
    let sum = 0;
    let product = 0;
    for (let n = 0; n < batch; n++) {
      const start = (n * channels + c) * area;
      for (let i = start; i < start + area; i++) {
        sum += gradient[i]!;
        product += gradient[i]! * (x.data[i]! - mean) * inverseDeviation;
      }
    }
    dbias[c] = sum;
    dweight[c] = product;
    const factor = weight[c]! * inverseDeviation;
    for (let n = 0; n < batch; n++) {
      const start = (n * channels + c) * area;
      for (let i = start; i < start + area; i++) {
        const normalized = (x.data[i]! - mean) * inverseDeviation;
        dx[i] = factor * (gradient[i]! - sum / count - (normalized * product) / count);
      }
    }
  }
}

function channelAffine(call: ChannelAffineCall, step: Step): void {
  const y = step.tensor(call.out.y);
  affinePerChannel(step.tensor(call.in.x), step.tensor(call.in.scale).data, step.tensor(call.in.shift).data, y);
  const addend = step.optional(call.in.addend);
  if (addend) addInPlace(y.data, addend.data);
  if (call.relu) rectifyInPlace(y.data);
}

export const batchNormKernels = {
  batchNorm,
  batchNormGradient,
  channelAffine,
} satisfies KernelFamily;
