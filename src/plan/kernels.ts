/** Facts about kernel kinds that several passes need, and the few ways they look at a call. */

import type { KernelCall, KernelKind, NumberedIds, ScalarName } from './plan.js';

/** Where in a step a kernel stands. `inference` kernels are forward ones that only inference plans use. */
type Phase = 'forward' | 'inference' | 'loss' | 'backward' | 'update';

interface KernelFacts {
  readonly phase: Phase;
  /** The scalars it reads. */
  readonly scalars: readonly ScalarName[];
}

export const kernelFacts = {
  convolution: { phase: 'forward', scalars: [] },
  convolutionDataGradient: { phase: 'backward', scalars: [] },
  convolutionWeightGradient: { phase: 'backward', scalars: [] },
  linear: { phase: 'forward', scalars: [] },
  linearDataGradient: { phase: 'backward', scalars: [] },
  linearWeightGradient: { phase: 'backward', scalars: [] },
  batchNorm: { phase: 'forward', scalars: [] },
  batchNormGradient: { phase: 'backward', scalars: [] },
  channelAffine: { phase: 'inference', scalars: [] },
  layerNorm: { phase: 'forward', scalars: [] },
  layerNormGradient: { phase: 'backward', scalars: [] },
  localResponseNorm: { phase: 'forward', scalars: [] },
  localResponseNormGradient: { phase: 'backward', scalars: [] },
  activation: { phase: 'forward', scalars: [] },
  activationGradient: { phase: 'backward', scalars: [] },
  sum: { phase: 'forward', scalars: [] },
  multiply: { phase: 'forward', scalars: [] },
  multiplyGradient: { phase: 'backward', scalars: [] },
  concat: { phase: 'forward', scalars: [] },
  sliceChannels: { phase: 'forward', scalars: [] },
  channelShuffle: { phase: 'forward', scalars: [] },
  padChannels: { phase: 'forward', scalars: [] },
  maxPool: { phase: 'forward', scalars: [] },
  maxPoolGradient: { phase: 'backward', scalars: [] },
  averagePool: { phase: 'forward', scalars: [] },
  averagePoolGradient: { phase: 'backward', scalars: [] },
  globalAveragePool: { phase: 'forward', scalars: [] },
  globalAveragePoolGradient: { phase: 'backward', scalars: [] },
  adaptiveAveragePool: { phase: 'forward', scalars: [] },
  adaptiveAveragePoolGradient: { phase: 'backward', scalars: [] },
  flatten: { phase: 'forward', scalars: [] },
  unflatten: { phase: 'backward', scalars: [] },
  dropout: { phase: 'forward', scalars: ['step'] },
  scale: { phase: 'forward', scalars: [] },
  scaleGradient: { phase: 'backward', scalars: [] },
  softmaxCrossEntropy: { phase: 'loss', scalars: [] },
  gradientNorm: { phase: 'update', scalars: [] },
  sgd: { phase: 'update', scalars: ['learningRate'] },
  adamw: { phase: 'update', scalars: ['learningRate', 'step'] },
  movingAverage: { phase: 'update', scalars: ['averageDecay'] },
} as const satisfies { readonly [K in KernelKind]: KernelFacts };

/** The kernels that the forward half of a training plan is made of: those that need a gradient rule. */
export type ForwardKind = {
  [K in KernelKind]: (typeof kernelFacts)[K]['phase'] extends 'forward' ? K : never;
}[KernelKind];

/** Ids by slot; the three records of a call all have this form. */
export type Slots = { readonly [slot: string]: number };

/** The ids as x0, x1, … */
export function numbered(ids: readonly number[]): NumberedIds {
  return Object.fromEntries(ids.map((id, index) => [`x${index}`, id]));
}

/** Every id the call reads, those it also updates included. */
export function idsRead(call: KernelCall): number[] {
  return [...Object.values(call.in as Slots), ...Object.values(call.update as Slots)];
}

/** Every id the call writes whole. */
export function idsWritten(call: KernelCall): number[] {
  return Object.values(call.out as Slots);
}

/** The scalars that the calls read, each once. */
export function scalarsRead(calls: readonly KernelCall[]): ScalarName[] {
  return [...new Set(calls.flatMap((call): readonly ScalarName[] => kernelFacts[call.kind].scalars))].sort();
}
