#include "program.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace rectio {
namespace {

constexpr size_t kSlot = 64;

size_t slotBytes(size_t bytes) { return (bytes + kSlot - 1) / kSlot * kSlot; }

dnnl::memory::desc rowMajor(const dnnl::memory::desc& desc) {
  const Dims dims = dnn::dimsOf(desc);
  const auto tag = dims.size() == 5 ? dnnl::memory::format_tag::goihw : dnnl::memory::format_tag::oihw;
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, tag);
}

// Between a feature map in blocks and the same in NCHW.
template <bool kToBlocks>
void exchange(const Tensor& t, float* blocked, float* logical, int threads) {
  const int64_t blocks = t.blocks(), sites = t.hw(), channels = t.c();
  parallelFor(t.n() * blocks, sites * kBlock, threads, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      float* block = blocked + item * sites * kBlock;
      const int64_t first = item % blocks * kBlock, used = std::min<int64_t>(kBlock, channels - first);
      if (kToBlocks && used < kBlock) std::fill_n(block, sites * kBlock, 0.0f);
      for (int64_t lane = 0; lane < used; ++lane) {
        float* row = logical + (item / blocks * channels + first + lane) * sites;
        for (int64_t site = 0; site < sites; ++site) {
          if (kToBlocks)
            block[site * kBlock + lane] = row[site];
          else
            row[site] = block[site * kBlock + lane];
        }
      }
    }
  });
}

}  // namespace

Program::Program(PlanSpec plan, int threads, Tuning tuning, const std::atomic<bool>& stopped)
    : plan_(std::move(plan)), threads_(threads), tuning_(std::move(tuning)), stopped_(stopped) {
  layOut();
  kernels_.reserve(plan_.calls.size());
  for (const CallSpec& call : plan_.calls) {
    requireGoing();
    kernels_.push_back(makeKernel(Builder(call, tensors_, tuning_, threads_)));
  }
  spent_.resize(kernels_.size());
  for (Tensor& tensor : tensors_) {
    if (tensor.layout != Layout::weight || tensor.hasDesc) continue;
    const Tensor& owner = tensors_[static_cast<size_t>(tensor.owner)];
    if (!owner.hasDesc) throw PlanError("no convolution uses " + owner.name + " as its weight");
    tensor.desc = owner.desc;
    tensor.hasDesc = true;
  }
}

// Chooses each tensor's layout by the calls that read and write it.
void Program::layOut() {
  const int count = static_cast<int>(plan_.tensors.size());
  const auto inRange = [&](int id) { return id >= 0 && id < count; };
  tensors_.resize(plan_.tensors.size());
  for (int id = 0; id < count; ++id) {
    const TensorSpec& spec = plan_.tensors[static_cast<size_t>(id)];
    Tensor& tensor = tensors_[static_cast<size_t>(id)];
    int64_t elements = 1;
    if (spec.dims.size() > 4) throw PlanError(spec.name + " has more than four dimensions");
    for (const int64_t dim : spec.dims) {
      if (dim < 1 || dim > kMostElements / elements) throw PlanError(spec.name + " has a dimension out of range");
      elements *= dim;
    }
    if (spec.type != "float32" && spec.type != "uint8")
      throw PlanError(spec.name + " has the unknown type " + spec.type);
    tensor.name = spec.name, tensor.role = spec.role, tensor.dims = spec.dims, tensor.isIndex = spec.type == "uint8";
    tensor.owner = spec.of == -1 ? id : spec.of;
    if (!inRange(tensor.owner)) throw PlanError(spec.name + " belongs to a tensor that is not there");
    if (const int root = plan_.tensors[static_cast<size_t>(tensor.owner)].of; root != -1 && root != tensor.owner)
      throw PlanError(spec.name + " belongs to a tensor that belongs to another one");
  }

  std::vector<bool> isWeight(tensors_.size()), isPlainInput(tensors_.size());
  for (const auto& [name, id] : plan_.inputs) {
    if (!inRange(id)) throw PlanError("the input " + name + " names a tensor that is not there");
    // oneDNN's convolutions are fastest on images of up to three channels in NCHW.
    const Tensor& tensor = tensors_[static_cast<size_t>(id)];
    isPlainInput[static_cast<size_t>(id)] = tensor.dims.size() == 4 && tensor.dims[1] <= 3 && !tensor.isIndex;
  }
  for (const auto& [name, id] : plan_.outputs)
    if (!inRange(id)) throw PlanError("the output " + name + " names a tensor that is not there");
  for (const CallSpec& call : plan_.calls) {
    const bool convolves = call.kind.rfind("convolution", 0) == 0;
    for (const auto* ids : {&call.in, &call.out, &call.update})
      for (const auto& [name, id] : *ids) {
        if (!inRange(id)) call.fail("names a tensor that is not there");
        const bool weight = convolves && (name == "weight" || name == "dweight");
        if (weight) isWeight[static_cast<size_t>(tensors_[static_cast<size_t>(id)].owner)] = true;
        const bool readsImage =
            convolves && ids == &call.in && name == "x" && call.integer("window.groups", 1, kMostElements) == 1;
        if (!readsImage) isPlainInput[static_cast<size_t>(id)] = false;
      }
  }
  for (size_t id = 0; id < tensors_.size(); ++id) {
    Tensor& tensor = tensors_[id];
    const bool weight = isWeight[static_cast<size_t>(tensor.owner)];
    if (weight && (tensor.isIndex || tensor.dims.size() != 4))
      throw PlanError(tensor.name + " cannot be a convolution's weight");
    if (weight && tensor.dims != tensors_[static_cast<size_t>(tensor.owner)].dims)
      throw PlanError(tensor.name + " must have the shape of the parameter it belongs to");
    tensor.layout = weight                                         ? Layout::weight
                    : tensor.dims.size() == 4 && !isPlainInput[id] ? Layout::blocked
                                                                   : Layout::plain;
  }
}

std::vector<double> Program::sizes() const {
  std::vector<double> sizes;
  for (const Tensor& tensor : tensors_) sizes.push_back(static_cast<double>(slotBytes(tensor.bytes())));
  for (const auto& kernel : kernels_) sizes.push_back(static_cast<double>(slotBytes(kernel->scratchBytes())));
  return sizes;
}

void Program::place(const std::vector<double>& offsets, double totalBytes) {
  const std::vector<double> needed = sizes();
  if (offsets.size() != needed.size()) throw PlanError("the placement must name every tensor and every call");
  if (!(totalBytes >= 0 && totalBytes <= 1e15)) throw PlanError("the arena's size is out of range");
  for (size_t i = 0; i < offsets.size(); ++i) {
    const double offset = offsets[i];
    if (!(offset >= 0 && offset + needed[i] <= totalBytes) || std::fmod(offset, static_cast<double>(kSlot)) != 0)
      throw PlanError("a tensor is placed outside the arena");
  }
  // oneDNN's threads synchronize in their scratch memory. If anything else wrote there, they would wait forever.
  for (size_t k = 0; k < kernels_.size(); ++k) {
    const size_t scratch = tensors_.size() + k;
    const CallSpec& call = plan_.calls[k];
    for (const auto* ids : {&call.in, &call.out, &call.update})
      for (const auto& [name, id] : *ids) {
        const size_t tensor = static_cast<size_t>(id);
        const bool apart = needed[scratch] == 0 || offsets[tensor] + needed[tensor] <= offsets[scratch] ||
                           offsets[scratch] + needed[scratch] <= offsets[tensor];
        if (!apart) call.fail("its scratch memory lies over " + name);
      }
  }
  placed_ = false;
  arena_ = Arena();  // Free the old memory before allocating the new.
  arena_ = Arena(static_cast<size_t>(totalBytes));
  const auto where = [&](size_t i) { return arena_.data() + static_cast<size_t>(offsets[i]); };
  for (size_t i = 0; i < tensors_.size(); ++i) tensors_[i].data = reinterpret_cast<float*>(where(i));
  for (size_t i = 0; i < kernels_.size(); ++i) kernels_[i]->bind(where(tensors_.size() + i));
  placed_ = true;
}

void Program::requireGoing() const {
  if (stopped_) throw PlanError("the process is about to end");
}

void Program::requirePlaced() const {
  if (!placed_) throw PlanError("the program has no memory yet");
}

Tensor& Program::at(int tensor) {
  requirePlaced();
  if (tensor < 0 || static_cast<size_t>(tensor) >= tensors_.size()) throw PlanError("no such tensor");
  if (tensors_[static_cast<size_t>(tensor)].isIndex)
    throw PlanError(tensors_[static_cast<size_t>(tensor)].name + " cannot be read or written");
  return tensors_[static_cast<size_t>(tensor)];
}

void Program::copyIn(Tensor& tensor, const float* logical) const {
  if (tensor.layout == Layout::plain)
    std::memcpy(tensor.data, logical, tensor.bytes());
  else if (tensor.layout == Layout::blocked)
    exchange<true>(tensor, tensor.data, const_cast<float*>(logical), threads_);
  else
    dnn::reorder(rowMajor(tensor.desc), logical, tensor.desc, tensor.data);
}

void Program::copyOut(const Tensor& tensor, float* logical) const {
  if (tensor.layout == Layout::plain)
    std::memcpy(logical, tensor.data, tensor.bytes());
  else if (tensor.layout == Layout::blocked)
    exchange<false>(tensor, tensor.data, logical, threads_);
  else
    dnn::reorder(tensor.desc, tensor.data, rowMajor(tensor.desc), logical);
}

void Program::run(const std::vector<std::vector<float>>& inputs, std::vector<std::vector<float>>& outputs,
                  const Scalars& scalars) {
  requirePlaced();
  if (inputs.size() != plan_.inputs.size()) throw PlanError("the run must give every input");
  for (size_t i = 0; i < inputs.size(); ++i) {
    Tensor& tensor = at(plan_.inputs[i].second);
    if (inputs[i].size() != static_cast<size_t>(tensor.logical()))
      throw PlanError("the input " + plan_.inputs[i].first + " must hold " + std::to_string(tensor.logical()) +
                      " numbers");
    copyIn(tensor, inputs[i].data());
  }
  using Clock = std::chrono::steady_clock;
  auto before = Clock::now();
  for (size_t i = 0; i < kernels_.size(); ++i) {
    requireGoing();
    kernels_[i]->run(scalars);
    const auto after = Clock::now();
    spent_[i] += std::chrono::duration<double, std::milli>(after - before).count();
    before = after;
  }
  outputs.clear();
  for (const auto& [name, id] : plan_.outputs) {
    const Tensor& tensor = at(id);
    std::vector<float> values(static_cast<size_t>(tensor.logical()));
    copyOut(tensor, values.data());
    outputs.push_back(std::move(values));
  }
}

std::vector<float> Program::profile() {
  const std::vector<float> spent(spent_.begin(), spent_.end());
  spent_.assign(spent_.size(), 0.0);
  return spent;
}

std::vector<float> Program::read(int tensor) {
  const Tensor& source = at(tensor);
  std::vector<float> values(static_cast<size_t>(source.logical()));
  copyOut(source, values.data());
  return values;
}

void Program::write(int tensor, const std::vector<float>& values) {
  Tensor& target = at(tensor);
  if (values.size() != static_cast<size_t>(target.logical()))
    throw PlanError(target.name + " must hold " + std::to_string(target.logical()) + " numbers");
  copyIn(target, values.data());
}

}  // namespace rectio
