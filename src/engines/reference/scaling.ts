/** Multiplication by learned factors, and by random masks. */

import { philox } from '../../base/random.js';
import type { DropoutCall, ScaleCall, ScaleGradientCall } from '../../plan/plan.js';
import { planesOf, type Step, type Tensor } from './tensor.js';

/** Where element i of x finds its factor. */
function factorIndex(x: Tensor, per: 'channel' | 'element'): (i: number) => number {
  const { channels, area } = planesOf(x);
  return per === 'channel' ? (i) => Math.floor(i / area) % channels : (i) => i % (channels * area);
}

export function scale(call: ScaleCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const weight = step.tensor(call.in.weight).data;
  const factorAt = factorIndex(x, call.per);
  for (let i = 0; i < y.length; i++) y[i] = x.data[i]! * weight[factorAt(i)]!;
}

export function scaleGradient(call: ScaleGradientCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const dy = step.tensor(call.in.dy).data;
  const weight = step.tensor(call.in.weight).data;
  const dweight = step.tensor(call.out.dweight).data.fill(0);
  const dx = step.optional(call.out.dx)?.data;
  const factorAt = factorIndex(x, call.per);
  for (let i = 0; i < dy.length; i++) {
    dweight[factorAt(i)]! += dy[i]! * x.data[i]!;
    if (dx) dx[i] = dy[i]! * weight[factorAt(i)]!;
  }
}

/** 'drop' in ASCII: keeps these draws apart from all others of the same seed. */
const DROPOUT_KEY = 0x64726f70;

export function dropout(call: DropoutCall, step: Step): void {
  const x = step.tensor(call.in.x).data;
  const y = step.tensor(call.out.y).data;
  const threshold = Math.floor(call.rate * 2 ** 32);
  const stepNumber = step.scalar('step');
  for (let block = 0; block * 4 < y.length; block++) {
    const words = philox([block, stepNumber, call.stream, 0], [call.seed, DROPOUT_KEY]);
    for (let e = block * 4; e < Math.min(block * 4 + 4, y.length); e++) {
      y[e] = words[e % 4]! >= threshold ? x[e]! / (1 - call.rate) : 0;
    }
  }
}
