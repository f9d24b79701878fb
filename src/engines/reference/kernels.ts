/** Every kernel of the plan's vocabulary. Its definition is the comment at its call in `plan/plan.ts`. */

import { applyRule, type Rules } from '../../base/rules.js';
import type { KernelCall } from '../../plan/plan.js';
import { activation, activationGradient } from './activation.js';
import { adaptiveAveragePool, adaptiveAveragePoolGradient } from './adaptive-pooling.js';
import { batchNorm, batchNormGradient, channelAffine } from './batch-norm.js';
import { convolution, convolutionDataGradient, convolutionWeightGradient } from './convolution.js';
import { layerNorm, layerNormGradient } from './layer-norm.js';
import { linear, linearDataGradient, linearWeightGradient } from './linear.js';
import { localResponseNorm, localResponseNormGradient } from './local-response-norm.js';
import { softmaxCrossEntropy } from './loss.js';
import { adamw, gradientNorm, movingAverage, sgd } from './optimizer.js';
import {
  averagePool,
  averagePoolGradient,
  globalAveragePool,
  globalAveragePoolGradient,
  maxPool,
  maxPoolGradient,
} from './pooling.js';
import { dropout, multiply, multiplyGradient, scale, scaleGradient } from './scaling.js';
import { channelShuffle, concat, padChannels, reshape, sliceChannels, sum } from './structure.js';
import type { Step } from './tensor.js';

const kernels: Rules<KernelCall, [step: Step], void> = {
  convolution,
  convolutionDataGradient,
  convolutionWeightGradient,
  linear,
  linearDataGradient,
  linearWeightGradient,
  batchNorm,
  batchNormGradient,
  channelAffine,
  layerNorm,
  layerNormGradient,
  localResponseNorm,
  localResponseNormGradient,
  activation,
  activationGradient,
  sum,
  multiply,
  multiplyGradient,
  concat,
  sliceChannels,
  channelShuffle,
  padChannels,
  maxPool,
  maxPoolGradient,
  averagePool,
  averagePoolGradient,
  globalAveragePool,
  globalAveragePoolGradient,
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
  flatten: reshape,
  unflatten: reshape,
  dropout,
  scale,
  scaleGradient,
  softmaxCrossEntropy,
  gradientNorm,
  sgd,
  adamw,
  movingAverage,
};

/** Carries out one call on the step's tensors. */
export function execute(call: KernelCall, step: Step): void {
  applyRule(kernels, call, step);
}
