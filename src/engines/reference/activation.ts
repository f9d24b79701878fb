/** Elementwise functions and their derivatives. `ActivationGradientCall` says which derivative holds at a kink. */

import type { ActivationCall, ActivationFunction, ActivationGradientCall } from '../../plan/plan.js';
import { type KernelFamily, planesOf, type Step, type Tensor } from './tensor.js';

interface Rule {
  /** f(x). `slope` is leaky ReLU's own or the one that PReLU learned for the element's channel. */
  readonly value: (x: number, slope: number) => number;
  /** f′, from y for relu and relu6 from x for all others. */
  readonly derivative: (saved: number, slope: number) => number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** min(max(x, 0), 6), NaN kept. */
const clipToSix = (x: number): number => (x < 0 ? 0 : x > 6 ? 6 : x);

/** The error function: its series erf x = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!! (Abramowitz and Stegun 7.1.6), all terms of one sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Φ, the standard normal distribution. */
const normalDistribution = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

const rules: { readonly [Name in ActivationFunction['name']]: Rule } = {
  relu: { value: (x) => (x < 0 ? 0 : x), derivative: (y) => (y > 0 ? 1 : 0) },
  leakyRelu: {
    value: (x, slope) => (x < 0 ? slope * x : x),
    derivative: (x, slope) => (x > 0 ? 1 : slope),
  },
  prelu: {
    value: (x, slope) => (x < 0 ? slope * x : x),
    derivative: (x, slope) => (x > 0 ? 1 : slope),
  },
  relu6: { value: clipToSix, derivative: (y) => (y > 0 && y < 6 ? 1 : 0) },
  silu: {
    value: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  gelu: {
    value: (x) => x * normalDistribution(x),
    derivative: (x) => normalDistribution(x) + x * normalDensity(x),
  },
  sigmoid: { value: sigmoid, derivative: (x) => sigmoid(x) * (1 - sigmoid(x)) },
  hardSwish: {
    value: (x) => (x * clipToSix(x + 3)) / 6,
    derivative: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
  },
  hardSigmoid: { value: (x) => clipToSix(x + 3) / 6, derivative: (x) => (x > -3 && x < 3 ? 1 / 6 : 0) },
};

/** The slope of element i of `x`: the one learned for its channel, or else the function's own. */
function slopes(f: ActivationFunction, x: Tensor, weight: Tensor | undefined): (i: number) => number {
  if (!weight) return () => (f.name === 'leakyRelu' ? f.slope : 0);
  const indexAt = slopeIndex(x, weight);
  return (i) => weight.data[indexAt(i)]!;
}

/** The index of the learned slope of element i of x. */
function slopeIndex(x: Tensor, weight: Tensor): (i: number) => number {
  const { channels, area } = planesOf(x);
  return weight.data.length > 1 ? (i) => Math.floor(i / area) % channels : () => 0;
}

function activation(call: ActivationCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const { value } = rules[call.function.name];
  const slopeAt = slopes(call.function, x, step.optional(call.in.weight));
  for (let i = 0; i < y.length; i++) y[i] = value(x.data[i]!, slopeAt(i));
}

function activationGradient(call: ActivationGradientCall, step: Step): void {
  const saved = step.tensor(call.in.saved);
  const dy = step.tensor(call.in.dy).data;
  const dx = step.tensor(call.out.dx).data;
  const weight = step.optional(call.in.weight);
  const { derivative } = rules[call.function.name];
  const slopeAt = slopes(call.function, saved, weight);
  for (let i = 0; i < dx.length; i++) dx[i] = dy[i]! * derivative(saved.data[i]!, slopeAt(i));
  const dweight = step.optional(call.out.dweight)?.data;
  if (!weight || !dweight) return;
  dweight.fill(0);
  const indexAt = slopeIndex(saved, weight);
  for (let i = 0; i < dx.length; i++) {
    if (saved.data[i]! < 0) dweight[indexAt(i)]! += dy[i]! * saved.data[i]!;
  }
}

export const activationKernels = {
  activation,
  activationGradient,
} satisfies KernelFamily;
