/** Normalization over the channels of each position: layer norm and local response norm, with their gradients. */

import type {
  LayerNormCall,
  LayerNormGradientCall,
  LocalResponseNormCall,
  LocalResponseNormGradientCall,
} from '../../plan/plan.js';
import { type KernelFamily, planesOf, type Step, type Tensor } from './tensor.js';

/** Visits every position of every example, with the indices of its channels' elements in their order. */
function forEachPosition(x: Tensor, visit: (position: number, elements: readonly number[]) => void): void {
  const { batch, channels, area } = planesOf(x);
  for (let n = 0; n < batch; n++) {
    for (let at = 0; at < area; at++) {
      const elements = Array.from({ length: channels }, (_, c) => (n * channels + c) * area + at);
      visit(n * area + at, elements);
    }
  }
}

function layerNorm(call: LayerNormCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const weight = step.tensor(call.in.weight).data;
  const bias = step.tensor(call.in.bias).data;
  const means = step.tensor(call.out.mean).data;
  const inverseDeviations = step.tensor(call.out.inverseDeviation).data;
  forEachPosition(x, (position, elements) => {
    const values = elements.map((i) => x.data[i]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const inverseDeviation = 1 / Math.sqrt(variance + call.epsilon);
    means[position] = mean;
    inverseDeviations[position] = inverseDeviation;
    elements.forEach((i, c) => (y[i] = (values[c]! - mean) * inverseDeviation * weight[c]! + bias[c]!));
  });
}

function layerNormGradient(call: LayerNormGradientCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const dy = step.tensor(call.in.dy).data;
  const weight = step.tensor(call.in.weight).data;
  const means = step.tensor(call.in.mean).data;
  const inverseDeviations = step.tensor(call.in.inverseDeviation).data;
  const dx = step.tensor(call.out.dx).data;
  const dweight = step.tensor(call.out.dweight).data.fill(0);
  const dbias = step.tensor(call.out.dbias).data.fill(0);
  forEachPosition(x, (position, elements) => {
    const inverseDeviation = inverseDeviations[position]!;
    const normalized = elements.map((i) => (x.data[i]! - means[position]!) * inverseDeviation);
    let sum = 0;
    let product = 0;
    elements.forEach((i, c) => {
      dbias[c]! += dy[i]!;
      dweight[c]! += dy[i]! * normalized[c]!;
      sum += dy[i]! * weight[c]!;
      product += dy[i]! * weight[c]! * normalized[c]!;
    });
    elements.forEach((i, c) => {
      const centered = dy[i]! * weight[c]! - (sum + normalized[c]! * product) / elements.length;
      dx[i] = inverseDeviation * centered;
    });
  });
}

/** s = k + alpha/size·Σx², the sum over the window of each channel. */
function divisors(x: Tensor, call: LocalResponseNormCall | LocalResponseNormGradientCall): Float64Array {
  const { size, alpha, k } = call;
  const { channels, area } = planesOf(x);
  return x.data.map((_, i) => {
    const channel = Math.floor(i / area) % channels;
    const first = Math.max(channel - Math.floor(size / 2), 0);
    const last = Math.min(channel + Math.floor((size - 1) / 2), channels - 1);
    let squares = 0;
    for (let c = first; c <= last; c++) squares += x.data[i + (c - channel) * area]! ** 2;
    return k + (alpha / size) * squares;
  });
}

function localResponseNorm(call: LocalResponseNormCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const s = divisors(x, call);
  for (let i = 0; i < y.length; i++) y[i] = x.data[i]! * s[i]! ** -call.beta;
}

function localResponseNormGradient(call: LocalResponseNormGradientCall, step: Step): void {
  const { size, alpha, beta } = call;
  const x = step.tensor(call.in.x);
  const dy = step.tensor(call.in.dy).data;
  const dx = step.tensor(call.out.dx).data;
  const { channels, area } = planesOf(x);
  const s = divisors(x, call);
  for (let i = 0; i < dx.length; i++) {
    const channel = Math.floor(i / area) % channels;
    // The windows that hold this channel: those of its window, mirrored.
    const first = Math.max(channel - Math.floor((size - 1) / 2), 0);
    const last = Math.min(channel + Math.floor(size / 2), channels - 1);
    let through = 0;
    for (let c = first; c <= last; c++) {
      const j = i + (c - channel) * area;
      through += dy[j]! * x.data[j]! * s[j]! ** (-beta - 1);
    }
    dx[i] = dy[i]! * s[i]! ** -beta - ((2 * alpha * beta) / size) * x.data[i]! * through;
  }
}

export const channelNormKernels = {
  layerNorm,
  layerNormGradient,
  localResponseNorm,
  localResponseNormGradient,
} satisfies KernelFamily;
