#pragma once
#include "convolution.hpp"

namespace rectio {

// The ways to carry out this convolution by Winograd's minimal filtering; none if it does not apply.
std::vector<std::unique_ptr<ConvolutionImplementation>> winogradCandidates(const ConvolutionOperands& operands);

}  // namespace rectio
