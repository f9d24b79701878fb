#pragma once
#include "convolution.hpp"

namespace rectio {

// Our own way to carry out this convolution if each channel is convolved by itself; none if it does not apply.
std::vector<std::unique_ptr<ConvolutionImplementation>> depthwiseCandidates(const ConvolutionOperands& operands);

}  // namespace rectio
