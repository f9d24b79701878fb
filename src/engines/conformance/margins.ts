/**
 * Weights for which no ReLU's input is close to zero. Two engines may round such an input to different sides of zero; the
 * gradient then passes in one engine only, and everything behind it differs by far more than rounding. Each bias in front
 * of a ReLU is therefore moved a little, so that zero lies in the widest gap between its channel's values. The same is done
 * for the other functions that have kinks.
 */

import type { KernelCall, Plan } from '../../plan/index.js';
import type { ActivationFunction } from '../../plan/plan.js';
import type { RunInputs, RunScalars } from '../engine.js';
import { rectifyInPlace } from '../reference/elementwise.js';
import { execute } from '../reference/kernels.js';
import { allocate, stepOver } from '../reference/memory.js';
import { planesOf, type Tensor } from '../reference/tensor.js';

/** The arguments at which a function's derivative jumps. */
export const kinks: { readonly [K in ActivationFunction['name']]: readonly number[] } = {
  relu: [0],
  leakyRelu: [0],
  prelu: [0],
  relu6: [0, 6],
  silu: [],
  gelu: [],
  sigmoid: [],
  hardSwish: [-3, 3],
  hardSigmoid: [-3, 3],
};

/** The kinks that matter for a call's result: those of its own ReLU, or of the activations that read it. */
function kinksBehind(call: KernelCall, { calls }: Plan): readonly number[] {
  if (call.kind !== 'batchNorm' && call.kind !== 'convolution') return [];
  if (call.relu) return kinks.relu;
  return calls.flatMap((other) =>
    other.kind === 'activation' && other.in.x === call.out.y ? kinks[other.function.name] : [],
  );
}

/** How far a bias may be moved; inputs of a ReLU are of about unit size. */
const REACH = 0.5;

/** The middle of the widest gap between values that lie within that distance of zero. */
function widestGap(values: number[]): number {
  const near = [-REACH, ...values.filter((value) => Math.abs(value) < REACH).sort((a, b) => a - b), REACH];
  let widest = 1;
  for (let i = 2; i < near.length; i++) {
    if (near[i]! - near[i - 1]! > near[widest]! - near[widest - 1]!) widest = i;
  }
  return (near[widest - 1]! + near[widest]!) / 2;
}

function channelValues(y: Tensor, channel: number): number[] {
  const { batch, channels, area } = planesOf(y);
  const values: number[] = [];
  for (let n = 0; n < batch; n++) {
    const start = (n * channels + channel) * area;
    for (let i = start; i < start + area; i++) values.push(y.data[i]!);
  }
  return values;
}

/** The persistent values, with the biases in front of ReLUs moved. Needs the forward half of a training plan. */
export function withMargins(
  plan: Plan,
  inputs: RunInputs,
  persistent: ReadonlyMap<string, Float32Array>,
  scalars: RunScalars,
): Map<string, Float32Array> {
  const memory = allocate(plan);
  for (const [name, data] of persistent) memory.persistent.get(name)!.data.set(data);
  for (const [name, data] of Object.entries(inputs)) memory.inputs.get(name)!.data.set(data);
  const step = stepOver(memory, scalars);
  const moved = new Map(persistent);
  for (const call of plan.calls) {
    if (call.kind === 'softmaxCrossEntropy') break;
    const met = kinksBehind(call, plan);
    const mayMove = (call.kind === 'batchNorm' || call.kind === 'convolution') && met.length > 0;
    const bias = mayMove ? step.optional(call.in.bias) : undefined;
    if (!mayMove || !bias) {
      execute(call, step);
      continue;
    }
    execute({ ...call, relu: false }, step);
    const y = step.tensor(call.out.y);
    const { channels, area } = planesOf(y);
    const shifts = Float64Array.from({ length: channels }, (_, channel) =>
      widestGap(channelValues(y, channel).flatMap((value) => met.map((kink) => value - kink))),
    );
    for (let i = 0; i < y.data.length; i++) y.data[i]! -= shifts[Math.floor(i / area) % channels]!;
    if (call.relu) rectifyInPlace(y.data);
    moved.set(
      bias.name,
      Float32Array.from(bias.data, (value, channel) => value - shifts[channel]!),
    );
  }
  return moved;
}
