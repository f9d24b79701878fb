#pragma once
#include "convolution.hpp"

namespace rectio {

// The ways to carry out this convolution by Winograd's minimal filtering; none where it does not fit.
std::vector<std::unique_ptr<ConvolutionImplementation>> winogradCandidates(const ConvolutionOperands& operands);

}  // namespace rectio
