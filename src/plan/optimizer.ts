/** Optimizers in plans: their state for each parameter, and the call that updates the parameter. */

import { applyRule, type Rules } from '../base/rules.js';
import type { Draft } from './draft.js';
import type { KernelCall } from './plan.js';

/** Stochastic gradient descent with momentum, in PyTorch's form. With momentum 0 there is no velocity. */
export interface SgdOptions {
  readonly kind: 'sgd';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Whether weight decay also applies to vectors: weights and biases of norms, other biases, slopes. */
  readonly decayNormsAndBiases: boolean;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
export interface AdamWOptions {
  readonly kind: 'adamw';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly decayNormsAndBiases: boolean;
}

export type OptimizerOptions = SgdOptions | AdamWOptions;

/** Gradient clipping: the tensor of the gradients' norm, and the largest norm allowed. */
export interface Clipping {
  readonly norm: number;
  readonly clipNorm: number;
}

const updateRules: Rules<
  OptimizerOptions,
  [draft: Draft, parameter: number, gradient: number, clipping: Clipping | undefined],
  KernelCall
> = {
  sgd: (options, draft, parameter, gradient, clipping) => ({
    kind: 'sgd',
    node: draft.tensor(parameter).name,
    in: { gradient, ...normInput(clipping) },
    out: {},
    update: {
      parameter,
      ...(options.momentum === 0 ? {} : { velocity: remembered(draft, 'velocity', parameter) }),
    },
    momentum: options.momentum,
    nesterov: options.nesterov,
    weightDecay: weightDecay(draft, options, parameter),
    clipNorm: clipping?.clipNorm ?? 0,
  }),
  adamw: (options, draft, parameter, gradient, clipping) => ({
    kind: 'adamw',
    node: draft.tensor(parameter).name,
    in: { gradient, ...normInput(clipping) },
    out: {},
    update: {
      parameter,
      firstMoment: remembered(draft, 'firstMoment', parameter),
      secondMoment: remembered(draft, 'secondMoment', parameter),
    },
    beta1: options.beta1,
    beta2: options.beta2,
    epsilon: options.epsilon,
    weightDecay: weightDecay(draft, options, parameter),
    clipNorm: clipping?.clipNorm ?? 0,
  }),
};

/** The call that updates one parameter; adds the tensors of the optimizer's state. */
export function updateCall(
  draft: Draft,
  options: OptimizerOptions,
  parameter: number,
  gradient: number,
  clipping: Clipping | undefined,
): KernelCall {
  return applyRule(updateRules, options, draft, parameter, gradient, clipping);
}

function normInput(clipping: Clipping | undefined): { norm?: number } {
  return clipping === undefined ? {} : { norm: clipping.norm };
}

function remembered(draft: Draft, what: string, parameter: number): number {
  const { name, dims } = draft.tensor(parameter);
  return draft.add(`${what}:${name}`, 'optimizer', dims, { of: parameter });
}

function weightDecay(draft: Draft, options: OptimizerOptions, parameter: number): number {
  return options.decayNormsAndBiases || draft.tensor(parameter).dims.length > 1 ? options.weightDecay : 0;
}
