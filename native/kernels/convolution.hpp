// Shared by the implementations of convolution. oneDNN's and our own compete for each call.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "../dnn.hpp"
#include "../kernel.hpp"

namespace rectio {

// The tensors by their role in the equation, whichever of them is computed: src is x or dx, dst is y or dy.
struct ConvolutionOperands {
  dnn::Direction direction;
  dnn::ConvolutionShape shape;
  Tensor* src = nullptr;
  Tensor* weights = nullptr;
  Tensor* dst = nullptr;
  Tensor* bias = nullptr;
  Tensor* addend = nullptr;
  bool relu = false;
  int threads = 1;
};

// One way to carry out one convolution.
struct ConvolutionImplementation {
  virtual ~ConvolutionImplementation() = default;
  virtual std::string name() const = 0;
  // The weight layout it works on without copying.
  virtual dnnl::memory::desc weightLayout() const = 0;
  virtual size_t scratchBytes() const = 0;
  // `weights` is the actual layout of the weights in memory.
  virtual void bind(char* scratch, const dnnl::memory::desc& weights) = 0;
  virtual void run() = 0;
};

constexpr size_t kAlignment = 64;
inline size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// oneDNN's tag for weights in blocks of input and output channels, output channels fastest.
inline dnnl::memory::desc blockedWeights(const dnn::ConvolutionShape& s) {
  return dnnl::memory::desc({s.oc, s.ic, s.kh, s.kw}, dnnl::memory::data_type::f32,
                            kBlock == 16 ? dnnl::memory::format_tag::OIhw16i16o : dnnl::memory::format_tag::OIhw8i8o);
}

}  // namespace rectio
