#pragma once
#include "convolution.hpp"

namespace rectio {

// Our own way to carry out this convolution if each channel is convolved by itself; none where it does not fit.
std::vector<std::unique_ptr<ConvolutionImplementation>> depthwiseCandidates(const ConvolutionOperands& operands);

}  // namespace rectio
