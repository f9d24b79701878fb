/** The cases of every kernel. Total over the kinds: a new kernel does not compile without its rows here. */

import type { KernelKind } from '../plan/plan.js';
import * as convolution from './conformance/convolution.js';
import * as elementwise from './conformance/elementwise.js';
import type { Fragment } from './conformance/fragment.js';
import * as layerNorm from './conformance/layer-norm.js';
import * as linear from './conformance/linear.js';
import * as localResponseNorm from './conformance/local-response-norm.js';
import * as normalization from './conformance/normalization.js';
import * as pooling from './conformance/pooling.js';
import * as structure from './conformance/structure.js';
import * as update from './conformance/update.js';

export const conformanceCases: { readonly [K in KernelKind]: readonly Fragment[] } = {
  convolution: convolution.convolutionCases,
  convolutionDataGradient: convolution.convolutionDataGradientCases,
  convolutionWeightGradient: convolution.convolutionWeightGradientCases,
  linear: linear.linearCases,
  linearDataGradient: linear.linearDataGradientCases,
  linearWeightGradient: linear.linearWeightGradientCases,
  batchNorm: normalization.batchNormCases,
  batchNormGradient: normalization.batchNormGradientCases,
  channelAffine: normalization.channelAffineCases,
  layerNorm: layerNorm.layerNormCases,
  layerNormGradient: layerNorm.layerNormGradientCases,
  localResponseNorm: localResponseNorm.localResponseNormCases,
  localResponseNormGradient: localResponseNorm.localResponseNormGradientCases,
  activation: elementwise.activationCases,
  activationGradient: elementwise.activationGradientCases,
  sum: structure.sumCases,
  multiply: elementwise.multiplyCases,
  multiplyGradient: elementwise.multiplyGradientCases,
  concat: structure.concatCases,
  sliceChannels: structure.sliceChannelsCases,
  channelShuffle: structure.channelShuffleCases,
  padChannels: structure.padChannelsCases,
  maxPool: pooling.maxPoolCases,
  maxPoolGradient: pooling.maxPoolGradientCases,
  averagePool: pooling.averagePoolCases,
  averagePoolGradient: pooling.averagePoolGradientCases,
  globalAveragePool: pooling.globalAveragePoolCases,
  globalAveragePoolGradient: pooling.globalAveragePoolGradientCases,
  adaptiveAveragePool: pooling.adaptiveAveragePoolCases,
  adaptiveAveragePoolGradient: pooling.adaptiveAveragePoolGradientCases,
  flatten: linear.flattenCases,
  unflatten: linear.unflattenCases,
  dropout: elementwise.dropoutCases,
  scale: elementwise.scaleCases,
  scaleGradient: elementwise.scaleGradientCases,
  softmaxCrossEntropy: linear.softmaxCrossEntropyCases,
  gradientNorm: update.gradientNormCases,
  sgd: update.sgdCases,
  adamw: update.adamwCases,
  movingAverage: update.movingAverageCases,
};
