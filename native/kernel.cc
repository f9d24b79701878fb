#include "kernel.hpp"

namespace rectio {

std::unique_ptr<Kernel> makeKernel(const Builder& builder) {
  static const std::map<std::string, KernelMaker> makers{
      {"convolution", makeConvolution},
      {"convolutionDataGradient", makeConvolutionDataGradient},
      {"convolutionWeightGradient", makeConvolutionWeightGradient},
      {"linear", makeLinear},
      {"linearDataGradient", makeLinearDataGradient},
      {"linearWeightGradient", makeLinearWeightGradient},
      {"batchNorm", makeBatchNorm},
      {"batchNormGradient", makeBatchNormGradient},
      {"channelAffine", makeChannelAffine},
      {"layerNorm", makeLayerNorm},
      {"layerNormGradient", makeLayerNormGradient},
      {"localResponseNorm", makeLocalResponseNorm},
      {"localResponseNormGradient", makeLocalResponseNormGradient},
      {"activation", makeActivation},
      {"activationGradient", makeActivationGradient},
      {"sum", makeSum},
      {"multiply", makeMultiply},
      {"multiplyGradient", makeMultiplyGradient},
      {"concat", makeConcat},
      {"sliceChannels", makeSliceChannels},
      {"channelShuffle", makeChannelShuffle},
      {"padChannels", makePadChannels},
      {"maxPool", makeMaxPool},
      {"maxPoolGradient", makeMaxPoolGradient},
      {"averagePool", makeAveragePool},
      {"averagePoolGradient", makeAveragePoolGradient},
      {"globalAveragePool", makeGlobalAveragePool},
      {"globalAveragePoolGradient", makeGlobalAveragePoolGradient},
      {"adaptiveAveragePool", makeAdaptiveAveragePool},
      {"adaptiveAveragePoolGradient", makeAdaptiveAveragePoolGradient},
      {"flatten", makeFlatten},
      {"unflatten", makeUnflatten},
      {"dropout", makeDropout},
      {"scale", makeScale},
      {"scaleGradient", makeScaleGradient},
      {"softmaxCrossEntropy", makeSoftmaxCrossEntropy},
      {"gradientNorm", makeGradientNorm},
      {"sgd", makeSgd},
      {"adamw", makeAdamW},
      {"movingAverage", makeMovingAverage},
  };
  const auto found = makers.find(builder.call.kind);
  if (found == makers.end()) builder.fail("the native engine has no such kernel");
  return found->second(builder);
}

}  // namespace rectio
