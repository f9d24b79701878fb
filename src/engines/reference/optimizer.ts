/** The update of parameters, the gradients' norm, and moving averages. */

import type { AdamWCall, GradientNormCall, MovingAverageCall, SgdCall } from '../../plan/plan.js';
import { type KernelFamily, numbered, type Step } from './tensor.js';

function gradientNorm(call: GradientNormCall, step: Step): void {
  let squares = 0;
  for (const gradient of numbered(step, call.in)) {
    for (let i = 0; i < gradient.data.length; i++) squares += gradient.data[i]! ** 2;
  }
  step.tensor(call.out.norm).data[0] = Math.sqrt(squares);
}

/** The factor that limits the norm of all gradients together to `clipNorm`; 1 if nothing is clipped. */
function clipFactor(call: SgdCall | AdamWCall, step: Step): number {
  const norm = step.optional(call.in.norm);
  return norm ? Math.min(1, call.clipNorm / norm.data[0]!) : 1;
}

function sgd(call: SgdCall, step: Step): void {
  const gradient = step.tensor(call.in.gradient).data;
  const parameter = step.tensor(call.update.parameter).data;
  const velocity = step.optional(call.update.velocity)?.data;
  const learningRate = step.scalar('learningRate');
  const factor = clipFactor(call, step);
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]! * factor + call.weightDecay * parameter[i]!;
    let move = g;
    if (velocity) {
      velocity[i] = call.momentum * velocity[i]! + g;
      move = call.nesterov ? g + call.momentum * velocity[i]! : velocity[i]!;
    }
    parameter[i]! -= learningRate * move;
  }
}

function adamw(call: AdamWCall, step: Step): void {
  const gradient = step.tensor(call.in.gradient).data;
  const parameter = step.tensor(call.update.parameter).data;
  const first = step.tensor(call.update.firstMoment).data;
  const second = step.tensor(call.update.secondMoment).data;
  const learningRate = step.scalar('learningRate');
  const count = step.scalar('step') + 1;
  const firstCorrection = 1 - call.beta1 ** count;
  const secondCorrection = 1 - call.beta2 ** count;
  const factor = clipFactor(call, step);
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]! * factor;
    first[i] = call.beta1 * first[i]! + (1 - call.beta1) * g;
    second[i] = call.beta2 * second[i]! + (1 - call.beta2) * g * g;
    const deviation = Math.sqrt(second[i]! / secondCorrection) + call.epsilon;
    const decayed = parameter[i]! * (1 - learningRate * call.weightDecay);
    parameter[i] = decayed - (learningRate * first[i]!) / firstCorrection / deviation;
  }
}

function movingAverage(call: MovingAverageCall, step: Step): void {
  const x = step.tensor(call.in.x).data;
  const average = step.tensor(call.update.average).data;
  const decay = step.scalar('averageDecay');
  for (let i = 0; i < average.length; i++) average[i] = decay * average[i]! + (1 - decay) * x[i]!;
}

export const updateKernels = {
  gradientNorm,
  sgd,
  adamw,
  movingAverage,
} satisfies KernelFamily;
