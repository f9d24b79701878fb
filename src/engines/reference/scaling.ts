/** Multiplication by learned factors, by gates, and by random masks. */

import { philox } from '../../base/random.js';
import type { DropoutCall, MultiplyCall, MultiplyGradientCall, ScaleCall, ScaleGradientCall } from '../../plan/plan.js';
import { type KernelFamily, planesOf, type Step, type Tensor } from './tensor.js';

/** The index of the factor of element i of x. */
function factorIndex(x: Tensor, per: 'channel' | 'element'): (i: number) => number {
  const { channels, area } = planesOf(x);
  return per === 'channel' ? (i) => Math.floor(i / area) % channels : (i) => i % (channels * area);
}

function scale(call: ScaleCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const weight = step.tensor(call.in.weight).data;
  const factorAt = factorIndex(x, call.per);
  for (let i = 0; i < y.length; i++) y[i] = x.data[i]! * weight[factorAt(i)]!;
}

function scaleGradient(call: ScaleGradientCall, step: Step): void {
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

function multiply(call: MultiplyCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const gate = step.tensor(call.in.gate).data;
  const { area } = planesOf(x);
  for (let i = 0; i < y.length; i++) y[i] = x.data[i]! * gate[Math.floor(i / area)]!;
}

function multiplyGradient(call: MultiplyGradientCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const gate = step.tensor(call.in.gate).data;
  const dy = step.tensor(call.in.dy).data;
  const dgate = step.tensor(call.out.dgate).data.fill(0);
  const dx = step.optional(call.out.dx)?.data;
  const { area } = planesOf(x);
  for (let i = 0; i < dy.length; i++) {
    const plane = Math.floor(i / area);
    dgate[plane]! += dy[i]! * x.data[i]!;
    if (dx) dx[i] = dy[i]! * gate[plane]!;
  }
}

/** 'drop' in ASCII: makes these draws independent of all others with the same seed. */
const DROPOUT_KEY = 0x64726f70;

function dropout(call: DropoutCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const { batch, channels, area } = planesOf(x);
  const sharing = call.per === 'example' ? channels * area : 1;
  const draws = call.per === 'example' ? batch : y.length;
  const threshold = Math.floor(call.rate * 2 ** 32);
  const stepNumber = step.scalar('step');
  for (let block = 0; block * 4 < draws; block++) {
    const words = philox([block, stepNumber, call.stream, 0], [call.seed, DROPOUT_KEY]);
    for (let draw = block * 4; draw < Math.min(block * 4 + 4, draws); draw++) {
      const kept = words[draw % 4]! >= threshold;
      for (let i = draw * sharing; i < (draw + 1) * sharing; i++) y[i] = kept ? x.data[i]! / (1 - call.rate) : 0;
    }
  }
}

export const scalingKernels = {
  scale,
  scaleGradient,
  multiply,
  multiplyGradient,
  dropout,
} satisfies KernelFamily;
