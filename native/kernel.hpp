// A kernel, and the Builder that kernels are made from.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "parallel.hpp"
#include "spec.hpp"
#include "tensor.hpp"

namespace rectio {

// One call of a plan, ready to run repeatedly. It keeps pointers to tensors, which outlive it. Their `data` is set when
// the program's memory is placed, and stays the same until the next `bind`.
struct Kernel {
  virtual ~Kernel() = default;
  virtual size_t scratchBytes() const { return 0; }
  // Called when the tensors have memory. `scratch` belongs to this kernel while it runs.
  virtual void bind(char* /*scratch*/) {}
  virtual void run(const Scalars& scalars) = 0;
};

// Choices between implementations. A call is named `<kind> <node>`; equal work has equal keys in all programs.
struct Tuning {
  std::map<std::string, std::string> given;     // by call: choices to follow
  std::map<std::string, std::string> chosen;    // by call: choices made
  std::map<std::string, std::string> measured;  // by key: what won before, and what was measured now
};

// Gives a kernel's maker its checked tensors and attributes.
class Builder {
 public:
  Builder(const CallSpec& call, std::vector<Tensor>& tensors, Tuning& tuning, int threads)
      : call(call), tuning(tuning), threads(threads), tensors_(tensors) {}

  const CallSpec& call;
  Tuning& tuning;
  const int threads;

  Tensor& in(const std::string& name) const { return requireTensor(call.in, name); }
  Tensor& out(const std::string& name) const { return requireTensor(call.out, name); }
  Tensor& update(const std::string& name) const { return requireTensor(call.update, name); }
  Tensor* inOrNull(const std::string& name) const { return findTensor(call.in, name); }
  Tensor* outOrNull(const std::string& name) const { return findTensor(call.out, name); }
  Tensor& owner(const Tensor& weight) const { return tensors_[static_cast<size_t>(weight.owner)]; }

  // x0, x1, … in order.
  std::vector<Tensor*> numbered() const {
    std::vector<Tensor*> found;
    while (Tensor* next = findTensor(call.in, "x" + std::to_string(found.size()))) found.push_back(next);
    if (found.empty()) call.fail("needs at least one input");
    return found;
  }

  [[noreturn]] void fail(const std::string& what) const { call.fail(what); }
  void require(bool holds, const std::string& what) const {
    if (!holds) fail(what);
  }
  // The same dims, with every element in the same place. Two weights share a layout only if they share an owner.
  void requireSame(const Tensor& a, const Tensor& b) const {
    require(a.dims == b.dims && a.layout == b.layout, a.name + " and " + b.name + " must have the same shape");
    require(a.layout != Layout::weight || a.owner == b.owner,
            a.name + " and " + b.name + " do not belong to the same parameter");
  }
  void requireVector(const Tensor& t, int64_t length) const {
    require(t.layout == Layout::plain && t.logical() == length,
            t.name + " must hold " + std::to_string(length) + " values");
  }
  // A batch of feature maps [N, C, H, W].
  void requireMap(const Tensor& t) const {
    require(t.layout == Layout::blocked, t.name + " must be a feature map [N, C, H, W]");
  }
  // A batch of anything with channels, in blocks or row by row: [N, C, …].
  void requireChannels(const Tensor& t) const {
    require(t.layout != Layout::weight && t.dims.size() >= 2, t.name + " must be [N, C, …]");
  }
  // A batch of vectors [N, F].
  void requireRows(const Tensor& t) const {
    require(t.layout == Layout::plain && t.dims.size() == 2, t.name + " must be [N, features]");
  }

 private:
  std::vector<Tensor>& tensors_;
  Tensor& requireTensor(const std::map<std::string, int>& ids, const std::string& name) const {
    Tensor* found = findTensor(ids, name);
    if (found == nullptr) fail("needs the tensor " + name);
    return *found;
  }
  Tensor* findTensor(const std::map<std::string, int>& ids, const std::string& name) const {
    const auto found = ids.find(name);
    if (found == ids.end()) return nullptr;
    if (found->second < 0 || static_cast<size_t>(found->second) >= tensors_.size())
      fail("tensor id out of range at " + name);
    Tensor& tensor = tensors_[static_cast<size_t>(found->second)];
    // Reading bytes as floats would reach past the tensor.
    require(tensor.isIndex == (name == "index"),
            tensor.name + (tensor.isIndex ? " holds bytes, not numbers" : " must hold bytes"));
    return &tensor;
  }
};

// Makes the kernel for a call. @throws PlanError for a kind it does not know, or a call that does not fit its tensors.
std::unique_ptr<Kernel> makeKernel(const Builder& builder);

using KernelMaker = std::unique_ptr<Kernel> (*)(const Builder&);

// One maker per kind; kernel.cc holds the table.
std::unique_ptr<Kernel> makeConvolution(const Builder&);
std::unique_ptr<Kernel> makeConvolutionDataGradient(const Builder&);
std::unique_ptr<Kernel> makeConvolutionWeightGradient(const Builder&);
std::unique_ptr<Kernel> makeLinear(const Builder&);
std::unique_ptr<Kernel> makeLinearDataGradient(const Builder&);
std::unique_ptr<Kernel> makeLinearWeightGradient(const Builder&);
std::unique_ptr<Kernel> makeBatchNorm(const Builder&);
std::unique_ptr<Kernel> makeBatchNormGradient(const Builder&);
std::unique_ptr<Kernel> makeChannelAffine(const Builder&);
std::unique_ptr<Kernel> makeLayerNorm(const Builder&);
std::unique_ptr<Kernel> makeLayerNormGradient(const Builder&);
std::unique_ptr<Kernel> makeLocalResponseNorm(const Builder&);
std::unique_ptr<Kernel> makeLocalResponseNormGradient(const Builder&);
std::unique_ptr<Kernel> makeActivation(const Builder&);
std::unique_ptr<Kernel> makeActivationGradient(const Builder&);
std::unique_ptr<Kernel> makeSum(const Builder&);
std::unique_ptr<Kernel> makeMultiply(const Builder&);
std::unique_ptr<Kernel> makeMultiplyGradient(const Builder&);
std::unique_ptr<Kernel> makeConcat(const Builder&);
std::unique_ptr<Kernel> makeSliceChannels(const Builder&);
std::unique_ptr<Kernel> makeChannelShuffle(const Builder&);
std::unique_ptr<Kernel> makePadChannels(const Builder&);
std::unique_ptr<Kernel> makeMaxPool(const Builder&);
std::unique_ptr<Kernel> makeMaxPoolGradient(const Builder&);
std::unique_ptr<Kernel> makeAveragePool(const Builder&);
std::unique_ptr<Kernel> makeAveragePoolGradient(const Builder&);
std::unique_ptr<Kernel> makeGlobalAveragePool(const Builder&);
std::unique_ptr<Kernel> makeGlobalAveragePoolGradient(const Builder&);
std::unique_ptr<Kernel> makeAdaptiveAveragePool(const Builder&);
std::unique_ptr<Kernel> makeAdaptiveAveragePoolGradient(const Builder&);
std::unique_ptr<Kernel> makeFlatten(const Builder&);
std::unique_ptr<Kernel> makeUnflatten(const Builder&);
std::unique_ptr<Kernel> makeDropout(const Builder&);
std::unique_ptr<Kernel> makeScale(const Builder&);
std::unique_ptr<Kernel> makeScaleGradient(const Builder&);
std::unique_ptr<Kernel> makeSoftmaxCrossEntropy(const Builder&);
std::unique_ptr<Kernel> makeGradientNorm(const Builder&);
std::unique_ptr<Kernel> makeSgd(const Builder&);
std::unique_ptr<Kernel> makeAdamW(const Builder&);
std::unique_ptr<Kernel> makeMovingAverage(const Builder&);

}  // namespace rectio
