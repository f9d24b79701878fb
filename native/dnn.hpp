// The parts of oneDNN that Rectio uses, for its versions 2 and 3: convolution in its three directions, reorder, sgemm.
// Only this file depends on the version.
#pragma once
#include <dnnl.hpp>
#include <functional>
#include <string>
#include <vector>

#include "spec.hpp"

namespace rectio::dnn {

inline dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}
inline dnnl::stream& stream() {
  static dnnl::stream only(engine());
  return only;
}

inline Dims dimsOf(const dnnl::memory::desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  return desc.get_dims();
#else
  return desc.dims();
#endif
}

enum class Direction { forward, dataGradient, weightGradient };

struct ConvolutionShape {
  int64_t n, ic, ih, iw, oc, oh, ow, kh, kw, sh, sw, ph, pw, dh, dw, groups;
};

struct ConvolutionRequest {
  Direction direction;
  ConvolutionShape shape;
  dnnl::memory::desc src, weights, dst;
  bool bias = false, addToDst = false;
};

// A primitive that is ready to run, and its layouts; it allocates nothing.
struct ConvolutionPrimitive {
  std::string name;
  dnnl::primitive primitive;
  dnnl::memory::desc src, weights, dst, scratch;
};

namespace detail {

template <typename Description>
std::vector<ConvolutionPrimitive> collect(Description& description, Direction direction,
                                          const std::function<dnnl::primitive(const Description&)>& make) {
  std::vector<ConvolutionPrimitive> found;
  if (!description) return found;
  do {
    ConvolutionPrimitive one;
    one.name = description.impl_info_str();
    int same = 0;
    for (const auto& other : found) same += other.name == one.name || other.name.rfind(one.name + "#", 0) == 0;
    if (same > 0) one.name += "#" + std::to_string(same + 1);
    one.src = direction == Direction::dataGradient ? description.query_md(dnnl::query::diff_src_md)
                                                   : description.query_md(dnnl::query::src_md);
    one.weights = direction == Direction::weightGradient ? description.query_md(dnnl::query::diff_weights_md)
                                                         : description.query_md(dnnl::query::weights_md);
    one.dst = direction == Direction::forward ? description.query_md(dnnl::query::dst_md)
                                              : description.query_md(dnnl::query::diff_dst_md);
    one.scratch = description.query_md(dnnl::query::scratchpad_md);
    one.primitive = make(description);
    found.push_back(std::move(one));
    // Reference implementations are at the end of oneDNN's list; skip them after a fast one.
    if (found.back().name.rfind("ref", 0) == 0) break;
  } while (description.next_impl());
  return found;
}

}  // namespace detail

// Every implementation that oneDNN has for the request, in oneDNN's order of preference. One function, since its
// versions 2 and 3 build each description differently and a reader compares them side by side.
inline std::vector<ConvolutionPrimitive> convolutions(const ConvolutionRequest& request) {
  using namespace dnnl;
  const ConvolutionShape& s = request.shape;
  const memory::dims strides{s.sh, s.sw}, dilates{s.dh - 1, s.dw - 1}, padding{s.ph, s.pw};
  // The far padding follows from the sizes. If the last window ends early, oneDNN crops the difference.
  const memory::dims far{std::max<int64_t>(0, (s.oh - 1) * s.sh + (s.kh - 1) * s.dh + 1 - s.ih - s.ph),
                         std::max<int64_t>(0, (s.ow - 1) * s.sw + (s.kw - 1) * s.dw + 1 - s.iw - s.pw)};
  const memory::desc bias =
      request.bias ? memory::desc({s.oc}, memory::data_type::f32, memory::format_tag::x) : memory::desc();
  primitive_attr attributes;
  attributes.set_scratchpad_mode(scratchpad_mode::user);
  post_ops after;
  if (request.addToDst) after.append_sum(1.0f);
  attributes.set_post_ops(after);
  const auto direct = algorithm::convolution_direct;
  const auto training = prop_kind::forward_training;

  // Backward descriptions need a forward one as a hint; any layout will do for it.
  const auto forward = [&](const memory::desc& src, const memory::desc& weights, const memory::desc& dst,
                           const primitive_attr& attr) {
#if DNNL_VERSION_MAJOR >= 3
    return convolution_forward::primitive_desc(engine(), training, direct, src, weights, bias, dst, strides, dilates,
                                               padding, far, attr, true);
#else
    const convolution_forward::desc op(training, direct, src, weights, bias, dst, strides, dilates, padding, far);
    return convolution_forward::primitive_desc(op, attr, engine(), true);
#endif
  };
  if (request.direction == Direction::forward) {
    auto description = forward(request.src, request.weights, request.dst, attributes);
    return detail::collect<convolution_forward::primitive_desc>(description, request.direction,
                                                                [](const auto& d) { return convolution_forward(d); });
  }
  const auto anyLayout = [](const memory::desc& desc) {
    return memory::desc(dimsOf(desc), memory::data_type::f32, memory::format_tag::any);
  };
  const auto hint =
      forward(anyLayout(request.src), anyLayout(request.weights), anyLayout(request.dst), primitive_attr());
  if (!hint) return {};
  if (request.direction == Direction::dataGradient) {
#if DNNL_VERSION_MAJOR >= 3
    convolution_backward_data::primitive_desc description(engine(), direct, request.src, request.weights, request.dst,
                                                          strides, dilates, padding, far, hint, attributes, true);
#else
    const convolution_backward_data::desc op(direct, request.src, request.weights, request.dst, strides, dilates,
                                             padding, far);
    convolution_backward_data::primitive_desc description(op, attributes, engine(), hint, true);
#endif
    return detail::collect<convolution_backward_data::primitive_desc>(
        description, request.direction, [](const auto& d) { return convolution_backward_data(d); });
  }
#if DNNL_VERSION_MAJOR >= 3
  convolution_backward_weights::primitive_desc description(engine(), direct, request.src, request.weights, bias,
                                                           request.dst, strides, dilates, padding, far, hint,
                                                           attributes, true);
#else
  const convolution_backward_weights::desc op(direct, request.src, request.weights, bias, request.dst, strides, dilates,
                                              padding, far);
  convolution_backward_weights::primitive_desc description(op, attributes, engine(), hint, true);
#endif
  return detail::collect<convolution_backward_weights::primitive_desc>(
      description, request.direction, [](const auto& d) { return convolution_backward_weights(d); });
}

// Copies between two layouts of the same dims.
inline void reorder(const dnnl::memory::desc& from, const void* source, const dnnl::memory::desc& to, void* target) {
  dnnl::memory input(from, engine(), const_cast<void*>(source));
  dnnl::memory output(to, engine(), target);
  dnnl::reorder(input, output).execute(stream(), input, output);
  stream().wait();
}

// C[m,n] = op(A)·op(B), all row-major without gaps; k is the inner size.
inline void multiply(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
                     float* c) {
  const auto status = dnnl_sgemm(transposeA ? 'T' : 'N', transposeB ? 'T' : 'N', m, n, k, 1.0f, a, transposeA ? m : k,
                                 b, transposeB ? k : n, 0.0f, c, n);
  if (status != dnnl_success) throw PlanError("oneDNN's matrix product failed with status " + std::to_string(status));
}

inline std::string version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

}  // namespace rectio::dnn
