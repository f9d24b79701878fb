// Convolution in its three directions. Most calls have several implementations. The fastest depends on shape and
// machine, so each distinct call is measured once, or follows the given choices.
#include "convolution.hpp"

#include <chrono>

#include "../arena.hpp"
#include "depthwise.hpp"
#include "winograd.hpp"

namespace rectio {
namespace {

using dnn::ConvolutionShape;
using dnn::Direction;
using dnnl::memory;

memory::desc anyLayout(const memory::desc& desc) {
  return memory::desc(dnn::dimsOf(desc), memory::data_type::f32, memory::format_tag::any);
}

memory::desc mapLayout(const Tensor& t) {
  const auto blocked = kBlock == 16 ? memory::format_tag::nChw16c : memory::format_tag::nChw8c;
  return memory::desc(t.dims, memory::data_type::f32, t.layout == Layout::blocked ? blocked : memory::format_tag::nchw);
}

// The layouts that each implementation prefers.
memory::desc anyWeights(const ConvolutionShape& s) {
  const auto any = memory::format_tag::any;
  if (s.groups == 1) return memory::desc({s.oc, s.ic, s.kh, s.kw}, memory::data_type::f32, any);
  return memory::desc({s.groups, s.oc / s.groups, s.ic / s.groups, s.kh, s.kw}, memory::data_type::f32, any);
}

class DnnConvolution final : public ConvolutionImplementation {
 public:
  DnnConvolution(const ConvolutionOperands& operands, dnn::ConvolutionPrimitive primitive, memory::desc src,
                 memory::desc dst)
      : operands_(operands), primitive_(std::move(primitive)), src_(std::move(src)), dst_(std::move(dst)) {}

  std::string name() const override { return primitive_.name; }
  memory::desc weightLayout() const override { return primitive_.weights; }

  size_t scratchBytes() const override {
    // Weights may have another layout when this is bound, so scratch always has room for a copy.
    return aligned(primitive_.scratch.get_size()) + aligned(primitive_.weights.get_size()) +
           copyBytes(primitive_.src, src_) + copyBytes(primitive_.dst, dst_);
  }

  void bind(char* scratch, const memory::desc& weights) override {
    before_.clear();
    after_.clear();
    arguments_.clear();
    const bool forward = operands_.direction == Direction::forward,
               data = operands_.direction == Direction::dataGradient;
    char* next = scratch;
    const auto take = [&](size_t bytes) {
      char* taken = next;
      next += aligned(bytes);
      return taken;
    };
    const auto attach = [&](int argument, float* data, const memory::desc& lies, const memory::desc& wanted,
                            bool written) {
      memory outer(lies, dnn::engine(), data);
      if (lies == wanted) {
        arguments_[argument] = outer;
        return;
      }
      memory inner(wanted, dnn::engine(), take(wanted.get_size()));
      arguments_[argument] = inner;
      if (written) {
        after_.push_back({dnnl::reorder(inner, outer), inner, outer});
      } else {
        before_.push_back({dnnl::reorder(outer, inner), outer, inner});
      }
    };
    arguments_[DNNL_ARG_SCRATCHPAD] = memory(primitive_.scratch, dnn::engine(), take(primitive_.scratch.get_size()));
    attach(data ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, operands_.src->data, src_, primitive_.src, data);
    attach(forward || data ? DNNL_ARG_WEIGHTS : DNNL_ARG_DIFF_WEIGHTS, operands_.weights->data, weights,
           primitive_.weights, !forward && !data);
    attach(forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, operands_.dst->data, dst_, primitive_.dst, forward);
    if (operands_.addend != nullptr && !(dst_ == primitive_.dst)) {
      // The primitive adds to its own copy of dst.
      memory outer(dst_, dnn::engine(), operands_.addend->data);
      before_.push_back({dnnl::reorder(outer, arguments_.at(DNNL_ARG_DST)), outer, arguments_.at(DNNL_ARG_DST)});
    }
    if (operands_.bias != nullptr) {
      const memory::desc layout({operands_.shape.oc}, memory::data_type::f32, memory::format_tag::x);
      arguments_[forward ? DNNL_ARG_BIAS : DNNL_ARG_DIFF_BIAS] = memory(layout, dnn::engine(), operands_.bias->data);
    }
  }

  void run() override {
    if (operands_.addend != nullptr && dst_ == primitive_.dst && operands_.addend->data != operands_.dst->data) {
      parallelFor(operands_.dst->vectors(), kBlock, operands_.threads, [&](int64_t begin, int64_t end) {
        std::memmove(operands_.dst->data + begin * kBlock, operands_.addend->data + begin * kBlock,
                     static_cast<size_t>(end - begin) * sizeof(Vec));
      });
    }
    for (auto& copy : before_) copy.run();
    primitive_.primitive.execute(dnn::stream(), arguments_);
    for (auto& copy : after_) copy.run();
    dnn::stream().wait();
    // oneDNN's ReLU turns NaN into 0, which would hide that a network has diverged.
    if (!operands_.relu) return;
    float* y = operands_.dst->data;
    parallelFor(operands_.dst->vectors(), kBlock, operands_.threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock) store(y + i, relu(load(y + i)));
    });
  }

 private:
  struct Copy {
    dnnl::reorder reorder;
    memory from, to;
    void run() { reorder.execute(dnn::stream(), from, to); }
  };
  static size_t copyBytes(const memory::desc& wanted, const memory::desc& lies) {
    return wanted == lies ? 0 : aligned(wanted.get_size());
  }

  ConvolutionOperands operands_;
  dnn::ConvolutionPrimitive primitive_;
  memory::desc src_, dst_;
  std::unordered_map<int, memory> arguments_;
  std::vector<Copy> before_, after_;
};

bool isReference(const std::string& name) { return name.rfind("ref", 0) == 0; }

std::vector<std::unique_ptr<ConvolutionImplementation>> candidatesFor(const ConvolutionOperands& operands) {
  const memory::desc src = mapLayout(*operands.src), dst = mapLayout(*operands.dst);
  dnn::ConvolutionRequest request{
      operands.direction,        operands.shape, src, anyWeights(operands.shape), dst, operands.bias != nullptr,
      operands.addend != nullptr};
  std::vector<std::unique_ptr<ConvolutionImplementation>> found;
  const auto offer = [&](std::vector<dnn::ConvolutionPrimitive> primitives, const std::string& suffix,
                         bool referenceToo) {
    for (auto& primitive : primitives) {
      if (isReference(primitive.name) && !referenceToo) continue;
      primitive.name += suffix;
      found.push_back(std::make_unique<DnnConvolution>(operands, std::move(primitive), src, dst));
    }
  };
  offer(dnn::convolutions(request), "", false);
  // Each thread needs its own sums of the weight gradient, which costs more than it saves with many threads and
  // channels.
  constexpr size_t kMostScratch = size_t{1} << 30;
  for (auto* candidates : {winogradCandidates, depthwiseCandidates})
    for (auto& candidate : candidates(operands))
      if (candidate->scratchBytes() <= kMostScratch) found.push_back(std::move(candidate));
  if (found.empty()) {
    // No fast implementation works on our layout (mostly grouped convolutions): copy to a layout that has one.
    request.src = anyLayout(src);
    request.dst = anyLayout(dst);
    offer(dnn::convolutions(request), " +copies", false);
  }
  if (found.empty()) {
    request.src = src;
    request.dst = dst;
    offer(dnn::convolutions(request), "", true);
  }
  return found;
}

std::string measurementKey(const ConvolutionOperands& o) {
  const ConvolutionShape& s = o.shape;
  std::string key = std::to_string(static_cast<int>(o.direction)) + (o.bias ? "b" : "") + (o.addend ? "a" : "") +
                    (o.relu ? "r" : "") + (o.src->layout == Layout::plain ? "p" : "") + "t" + std::to_string(o.threads);
  for (const int64_t value :
       {s.n, s.ic, s.ih, s.iw, s.oc, s.oh, s.ow, s.kh, s.kw, s.sh, s.sw, s.ph, s.pw, s.dh, s.dw, s.groups})
    key += "," + std::to_string(value);
  return key;
}

// Memory for one measurement.
class Trial {
 public:
  float* take(size_t bytes) {
    blocks_.emplace_back(bytes);
    float* memory = reinterpret_cast<float*>(blocks_.back().data());
    // Normal numbers: denormals would slow some implementations down and bias the choice.
    std::fill_n(memory, bytes / sizeof(float), 0.5f);
    return memory;
  }

 private:
  std::vector<Arena> blocks_;
};

double milliseconds(ConvolutionImplementation& candidate, double best) {
  using Clock = std::chrono::steady_clock;
  const auto once = [&] {
    const auto start = Clock::now();
    candidate.run();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  once();
  double least = once(), spent = least;
  for (int repeat = 0; repeat < 6 && spent < 40 && least < 1.5 * best; ++repeat) {
    const double now = once();
    spent += now;
    least = std::min(least, now);
  }
  return least;
}

size_t fastest(const ConvolutionOperands& operands,
               const std::vector<std::unique_ptr<ConvolutionImplementation>>& candidates, const memory::desc* weights) {
  Trial trial;
  std::vector<std::pair<Tensor*, float*>> originals;
  for (Tensor* tensor : {operands.src, operands.weights, operands.dst, operands.bias, operands.addend}) {
    if (tensor == nullptr) continue;
    originals.emplace_back(tensor, tensor->data);
    const size_t bytes = tensor == operands.weights ? (weights ? weights->get_size() : 0) : aligned(tensor->bytes());
    tensor->data = trial.take(bytes);
  }
  size_t winner = 0;
  double best = 1e30;
  for (size_t i = 0; i < candidates.size(); ++i) {
    Trial own;
    const memory::desc layout = weights ? *weights : candidates[i]->weightLayout();
    if (!weights) operands.weights->data = own.take(layout.get_size());
    candidates[i]->bind(reinterpret_cast<char*>(own.take(candidates[i]->scratchBytes())), layout);
    const double time = milliseconds(*candidates[i], best);
    if (time < best) {
      best = time;
      winner = i;
    }
  }
  for (auto& [tensor, data] : originals) tensor->data = data;
  return winner;
}

std::unique_ptr<ConvolutionImplementation> choose(const Builder& builder, const ConvolutionOperands& operands,
                                                  const memory::desc* weights) {
  auto candidates = candidatesFor(operands);
  builder.require(!candidates.empty(), "oneDNN has no implementation for this convolution");
  const std::string call = builder.call.kind + " " + builder.call.node;
  size_t winner = 0;
  if (const auto given = builder.tuning.given.find(call); given != builder.tuning.given.end()) {
    while (winner < candidates.size() && candidates[winner]->name() != given->second) ++winner;
    builder.require(winner < candidates.size(), "this machine has no implementation named \"" + given->second + "\"");
  } else if (candidates.size() > 1) {
    std::string& known = builder.tuning.measured[measurementKey(operands)];
    while (winner < candidates.size() && candidates[winner]->name() != known) ++winner;
    if (winner == candidates.size()) {
      winner = fastest(operands, candidates, weights);
      known = candidates[winner]->name();
    }
  }
  builder.tuning.chosen[call] = candidates[winner]->name();
  return std::move(candidates[winner]);
}

class ConvolutionKernel final : public Kernel {
 public:
  ConvolutionKernel(std::unique_ptr<ConvolutionImplementation> implementation, const Tensor& weights)
      : implementation_(std::move(implementation)), weights_(weights) {}
  size_t scratchBytes() const override { return implementation_->scratchBytes(); }
  void bind(char* scratch) override { implementation_->bind(scratch, weights_.desc); }
  void run(const Scalars&) override { implementation_->run(); }

 private:
  std::unique_ptr<ConvolutionImplementation> implementation_;
  const Tensor& weights_;
};

ConvolutionShape shapeOf(const Builder& builder, const Tensor& src, const Tensor& weights, const Tensor& dst) {
  const CallSpec& call = builder.call;
  builder.require(src.dims.size() == 4 && dst.dims.size() == 4 && weights.dims.size() == 4,
                  "needs tensors of four dimensions");
  builder.require(src.layout != Layout::weight && dst.layout == Layout::blocked, "needs feature maps");
  // oneDNN uses int for counts in many places.
  // The layout of weights is not chosen yet; at most, both of their channel dims are padded to whole blocks.
  const auto padded = [](int64_t channels) { return (channels + kBlock - 1) / kBlock * kBlock; };
  const int64_t weightElements = padded(weights.dims[0]) * padded(weights.dims[1]) * weights.dims[2] * weights.dims[3];
  for (const Tensor* t : {&src, &dst}) builder.require(t->physical() <= INT32_MAX, t->name + " is too large");
  builder.require(weightElements <= INT32_MAX, weights.name + " is too large");
  ConvolutionShape s{};
  constexpr int64_t kMost = 1 << 16;
  const auto stride = call.pair("window.stride", 1, kMost), padding = call.pair("window.padding", 0, kMost),
             dilation = call.pair("window.dilation", 1, kMost), kernel = call.pair("window.kernel", 1, kMost);
  s.groups = call.integer("window.groups", 1, kMost);
  s.n = src.dims[0], s.ic = src.dims[1], s.ih = src.dims[2], s.iw = src.dims[3];
  s.oc = dst.dims[1], s.oh = dst.dims[2], s.ow = dst.dims[3];
  s.kh = kernel.first, s.kw = kernel.second;
  s.sh = stride.first, s.sw = stride.second, s.ph = padding.first, s.pw = padding.second, s.dh = dilation.first,
  s.dw = dilation.second;
  const auto size = [&](int64_t in, int64_t k, int64_t step, int64_t pad, int64_t spread) {
    const int64_t reach = in + 2 * pad - ((k - 1) * spread + 1);
    builder.require(reach >= 0, "the window is larger than its input");
    return reach / step + 1;
  };
  builder.require(
      dst.dims[0] == s.n && s.oh == size(s.ih, s.kh, s.sh, s.ph, s.dh) && s.ow == size(s.iw, s.kw, s.sw, s.pw, s.dw),
      dst.name + " has not the size that the window gives");
  builder.require(s.ic % s.groups == 0 && s.oc % s.groups == 0, "channels do not divide into the groups");
  builder.require(weights.dims == Dims({s.oc, s.ic / s.groups, s.kh, s.kw}),
                  weights.name + " has not the shape of this window");
  return s;
}

std::unique_ptr<Kernel> make(const Builder& builder, Direction direction, Tensor& src, Tensor& weights, Tensor& dst,
                             Tensor* bias, Tensor* addend, bool relu) {
  ConvolutionOperands operands{
      direction, shapeOf(builder, src, weights, dst), &src, &weights, &dst, bias, addend, relu, builder.threads};
  builder.require(weights.layout == Layout::weight, weights.name + " is not laid out as a convolution's weight");
  if (bias != nullptr) builder.requireVector(*bias, operands.shape.oc);
  if (addend != nullptr) builder.requireSame(*addend, dst);
  Tensor& owner = builder.owner(weights);
  builder.require(owner.dims == weights.dims, weights.name + " and " + owner.name + " must have the same shape");
  const size_t dimensions = operands.shape.groups == 1 ? 4 : 5;
  builder.require(!owner.hasDesc || dnn::dimsOf(owner.desc).size() == dimensions,
                  weights.name + " is used with and without groups");
  auto implementation = choose(builder, operands, owner.hasDesc ? &owner.desc : nullptr);
  if (!owner.hasDesc) {
    owner.desc = implementation->weightLayout();
    owner.hasDesc = true;
  }
  weights.desc = owner.desc;
  weights.hasDesc = true;
  return std::make_unique<ConvolutionKernel>(std::move(implementation), weights);
}

}  // namespace

std::unique_ptr<Kernel> makeConvolution(const Builder& b) {
  return make(b, Direction::forward, b.in("x"), b.in("weight"), b.out("y"), b.inOrNull("bias"), b.inOrNull("addend"),
              b.call.flag("relu"));
}

std::unique_ptr<Kernel> makeConvolutionDataGradient(const Builder& b) {
  return make(b, Direction::dataGradient, b.out("dx"), b.in("weight"), b.in("dy"), nullptr, nullptr, false);
}

std::unique_ptr<Kernel> makeConvolutionWeightGradient(const Builder& b) {
  return make(b, Direction::weightGradient, b.in("x"), b.out("dweight"), b.in("dy"), b.outOrNull("dbias"), nullptr,
              false);
}

}  // namespace rectio
