/** Normalization by the squares of neighboring channels, and its gradient. */

import type { LocalResponseNormCall, LocalResponseNormGradientCall } from '../../plan/plan.js';
import { planesOf, type Step, type Tensor } from './tensor.js';

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

export function localResponseNorm(call: LocalResponseNormCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const s = divisors(x, call);
  for (let i = 0; i < y.length; i++) y[i] = x.data[i]! * s[i]! ** -call.beta;
}

export function localResponseNormGradient(call: LocalResponseNormGradientCall, step: Step): void {
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
