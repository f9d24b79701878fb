// Depthwise convolutions: each channel has its own filter, so lanes are independent. Each plane (one block of channels
// of one example) is first copied into a frame of zeros, so no window needs clipping; frames fit in the first-level
// cache. oneDNN's kernels refuse maps smaller than the window, which occur in the last layers for small images.
#include "depthwise.hpp"

namespace rectio {
namespace {

using dnn::ConvolutionShape;
using dnn::Direction;

#define RECTIO_UNROLL _Pragma("GCC unroll 32")

// Places the elements of an h × w map in a frame: row i goes to top + i·down, and columns likewise. No window reads
// elements that do not fit into the frame.
struct Frame {
  int64_t height, width, top, left, down, right, h, w;

  size_t bytes() const { return static_cast<size_t>(height * width) * sizeof(Vec); }
  // Writes only the elements; the frame is already zero.
  void fill(const float* map, float* frame) const {
    const int64_t rows = fitting(h, height, top, down), columns = fitting(w, width, left, right);
    for (int64_t i = 0; i < rows; ++i) {
      const float* from = map + i * w * kBlock;
      float* to = frame + ((top + i * down) * width + left) * kBlock;
      for (int64_t j = 0; j < columns; ++j) store(to + j * right * kBlock, load(from + j * kBlock));
    }
  }

 private:
  static int64_t fitting(int64_t count, int64_t size, int64_t first, int64_t step) {
    return size <= first ? 0 : std::min(count, (size - first - 1) / step + 1);
  }
};

// The frame of a forward convolution.
Frame frameOfInput(const ConvolutionShape& s) {
  return {(s.oh - 1) * s.sh + (s.kh - 1) * s.dh + 1,
          (s.ow - 1) * s.sw + (s.kw - 1) * s.dw + 1,
          s.ph,
          s.pw,
          1,
          1,
          s.ih,
          s.iw};
}
// The data gradient is a convolution of stride 1: the output's gradient, with its elements a stride apart, by the
// filter rotated by 180°.
Frame frameOfGradient(const ConvolutionShape& s) {
  return {s.ih + (s.kh - 1) * s.dh,
          s.iw + (s.kw - 1) * s.dw,
          (s.kh - 1) * s.dh - s.ph,
          (s.kw - 1) * s.dw - s.pw,
          s.sh,
          s.sw,
          s.oh,
          s.ow};
}

class DepthwiseBase : public ConvolutionImplementation {
 public:
  DepthwiseBase(const ConvolutionOperands& operands, Frame frame)
      : o_(operands),
        s_(operands.shape),
        blocks_(blocksOf(s_.ic)),
        taps_(s_.kh * s_.kw),
        frame_(frame),
        wanted_(layout(s_)) {}
  std::string name() const override { return "depthwise"; }
  dnnl::memory::desc weightLayout() const override { return wanted_; }
  // Threads times bytes of a frame could wrap, so compare by division. A gigabyte is far more than such a kernel is
  // worth.
  bool frameFits() const { return frame_.bytes() <= (size_t{1} << 30) / static_cast<size_t>(o_.threads); }

 protected:
  // [block][row][column][kBlock].
  static dnnl::memory::desc layout(const ConvolutionShape& s) {
    return dnnl::memory::desc({s.groups, 1, 1, s.kh, s.kw}, dnnl::memory::data_type::f32,
                              kBlock == 16 ? dnnl::memory::format_tag::Goihw16g : dnnl::memory::format_tag::Goihw8g);
  }
  size_t weightCopyBytes() const { return aligned(wanted_.get_size()); }
  // A part's frame, all zeros.
  float* clearFrame(char* frames, int part) const {
    float* frame = reinterpret_cast<float*>(frames + static_cast<size_t>(part) * frame_.bytes());
    std::memset(frame, 0, frame_.bytes());
    return frame;
  }

  const ConvolutionOperands o_;
  const ConvolutionShape s_;
  const int64_t blocks_, taps_;
  const Frame frame_;
  const dnnl::memory::desc wanted_;
};

// ---- Forward and data gradient --------------------------------------------------------------------------------------

class DepthwiseForward final : public DepthwiseBase {
 public:
  explicit DepthwiseForward(const ConvolutionOperands& operands)
      : DepthwiseBase(operands, operands.direction == Direction::forward ? frameOfInput(operands.shape)
                                                                         : frameOfGradient(operands.shape)),
        forward_(operands.direction == Direction::forward),
        from_(forward_ ? *o_.src : *o_.dst),
        to_(forward_ ? *o_.dst : *o_.src),
        down_(forward_ ? s_.sh : 1),
        right_(forward_ ? s_.sw : 1) {}

  size_t scratchBytes() const override { return weightCopyBytes() + static_cast<size_t>(o_.threads) * frame_.bytes(); }

  void bind(char* scratch, const dnnl::memory::desc& weights) override {
    lies_ = weights;
    copy_ = reinterpret_cast<float*>(scratch);
    frames_ = scratch + weightCopyBytes();
  }

  void run() override {
    const float* weights = o_.weights->data;
    if (lies_ != wanted_) {
      dnn::reorder(lies_, weights, wanted_, copy_);
      weights = copy_;
    }
    const int useful = to_.physical() < kSerialFloats ? 1 : o_.threads;
    parallelParts(s_.n * blocks_, useful, [&](int part, int64_t begin, int64_t end) {
      float* frame = clearFrame(frames_, part);
      for (int64_t plane = begin; plane < end; ++plane) {
        frame_.fill(from_.data + plane * from_.hw() * kBlock, frame);
        convolve(frame, weights + plane % blocks_ * taps_ * kBlock, plane);
      }
    });
  }

 private:
  void convolve(const float* frame, const float* filter, int64_t plane) const {
    const int64_t h = to_.h(), w = to_.w(), block = plane % blocks_;
    const Vec bias = o_.bias != nullptr ? loadPartial(o_.bias->data + block * kBlock, s_.oc - block * kBlock) : Vec{};
    for (int64_t row = 0; row < h; ++row) {
      const float* window = frame + row * down_ * frame_.width * kBlock;
      const int64_t at = (plane * h + row) * w * kBlock;
      int64_t column = 0;
      const auto take = [&](auto outputs, int64_t count) {
        for (; column + count <= w; column += count)
          outputs(this, window + column * right_ * kBlock, filter, bias, at + column * kBlock);
      };
      take([](auto* self, auto... rest) { self->template outputs<8>(rest...); }, 8);
      take([](auto* self, auto... rest) { self->template outputs<4>(rest...); }, 4);
      take([](auto* self, auto... rest) { self->template outputs<2>(rest...); }, 2);
      take([](auto* self, auto... rest) { self->template outputs<1>(rest...); }, 1);
    }
  }

  // kCount outputs side by side, written at `at`.
  template <int kCount>
  void outputs(const float* window, const float* filter, Vec bias, int64_t at) const {
    Vec sums[kCount];
    RECTIO_UNROLL for (int i = 0; i < kCount; ++i) sums[i] = bias;
    for (int64_t kh = 0; kh < s_.kh; ++kh)
      for (int64_t kw = 0; kw < s_.kw; ++kw) {
        const float* from = window + (kh * s_.dh * frame_.width + kw * s_.dw) * kBlock;
        const int64_t tap = kh * s_.kw + kw;
        const Vec weight = load(filter + (forward_ ? tap : taps_ - 1 - tap) * kBlock);
        RECTIO_UNROLL for (int i = 0; i < kCount; ++i) sums[i] = fma(load(from + i * right_ * kBlock), weight, sums[i]);
      }
    RECTIO_UNROLL for (int i = 0; i < kCount; ++i) {
      Vec v = sums[i];
      if (o_.addend != nullptr) v += load(o_.addend->data + at + i * kBlock);
      store(to_.data + at + i * kBlock, o_.relu ? relu(v) : v);
    }
  }

  const bool forward_;
  const Tensor& from_;
  Tensor& to_;
  const int64_t down_, right_;
  dnnl::memory::desc lies_{};
  float* copy_ = nullptr;
  char* frames_ = nullptr;
};

// ---- Weight gradient ------------------------------------------------------------------------------------------------

class DepthwiseWeightGradient final : public DepthwiseBase {
 public:
  explicit DepthwiseWeightGradient(const ConvolutionOperands& operands)
      : DepthwiseBase(operands, frameOfInput(operands.shape)) {}

  size_t scratchBytes() const override {
    return weightCopyBytes() + static_cast<size_t>(o_.threads) * (frame_.bytes() + sumBytes());
  }

  void bind(char* scratch, const dnnl::memory::desc& weights) override {
    lies_ = weights;
    copy_ = reinterpret_cast<float*>(scratch);
    frames_ = scratch + weightCopyBytes();
    sums_ = frames_ + static_cast<size_t>(o_.threads) * frame_.bytes();
  }

  void run() override {
    // Each part sums its own examples. The parts are added in order, so timing does not affect the result.
    const int parts = static_cast<int>(o_.src->physical() < kSerialFloats ? 1 : std::min<int64_t>(o_.threads, s_.n));
    parallelParts(s_.n, parts, [&](int part, int64_t begin, int64_t end) {
      float* frame = clearFrame(frames_, part);
      float* sums = sumsOf(part);
      std::memset(sums, 0, sumBytes());
      for (int64_t plane = begin * blocks_; plane < end * blocks_; ++plane) {
        frame_.fill(o_.src->data + plane * s_.ih * s_.iw * kBlock, frame);
        accumulate(frame, o_.dst->data + plane * s_.oh * s_.ow * kBlock, sums + plane % blocks_ * (taps_ + 1) * kBlock);
      }
    });
    float* gradient = lies_ == wanted_ ? o_.weights->data : copy_;
    for (int64_t block = 0; block < blocks_; ++block)
      for (int64_t tap = 0; tap <= taps_; ++tap) {
        Vec total{};
        for (int part = 0; part < parts; ++part) total += load(sumsOf(part) + (block * (taps_ + 1) + tap) * kBlock);
        if (tap < taps_)
          store(gradient + (block * taps_ + tap) * kBlock, total);
        else if (o_.bias != nullptr)
          for (int64_t c = block * kBlock; c < std::min(s_.oc, (block + 1) * kBlock); ++c)
            o_.bias->data[c] = total[c % kBlock];
      }
    if (gradient == copy_) dnn::reorder(wanted_, copy_, lies_, o_.weights->data);
  }

 private:
  // For each block of channels, its taps and then the bias.
  size_t sumBytes() const { return static_cast<size_t>(blocks_ * (taps_ + 1)) * sizeof(Vec); }
  float* sumsOf(int part) const { return reinterpret_cast<float*>(sums_ + static_cast<size_t>(part) * sumBytes()); }

  // Adds one plane's share to the sums of its block.
  void accumulate(const float* frame, const float* dy, float* sums) const {
    if (s_.kh == 3 && s_.kw == 3) {
      addRows<3, 3>(frame, dy, sums);
    } else {
      for (int64_t kh = 0; kh < s_.kh; ++kh) {
        const float* from = frame + kh * s_.dh * frame_.width * kBlock;
        float* to = sums + kh * s_.kw * kBlock;
        int64_t kw = 0;
        for (; kw + 5 <= s_.kw; kw += 5) addRows<1, 5>(from + kw * s_.dw * kBlock, dy, to + kw * kBlock);
        for (; kw < s_.kw; ++kw) addRows<1, 1>(from + kw * s_.dw * kBlock, dy, to + kw * kBlock);
      }
    }
    if (o_.bias == nullptr) return;
    Vec total = load(sums + taps_ * kBlock);
    for (int64_t i = 0; i < s_.oh * s_.ow; ++i) total += load(dy + i * kBlock);
    store(sums + taps_ * kBlock, total);
  }

  // kRows × kColumns taps, the first of which meets the first output at `frame`.
  template <int kRows, int kColumns>
  void addRows(const float* frame, const float* dy, float* sums) const {
    Vec total[kRows][kColumns] = {};
    for (int64_t row = 0; row < s_.oh; ++row) {
      const float* from = frame + row * s_.sh * frame_.width * kBlock;
      for (int64_t column = 0; column < s_.ow; ++column) {
        const Vec g = load(dy + (row * s_.ow + column) * kBlock);
        RECTIO_UNROLL for (int i = 0; i < kRows; ++i) {
          RECTIO_UNROLL for (int j = 0; j < kColumns; ++j) total[i][j] =
              fma(load(from + (i * s_.dh * frame_.width + column * s_.sw + j * s_.dw) * kBlock), g, total[i][j]);
        }
      }
    }
    RECTIO_UNROLL for (int i = 0; i < kRows; ++i) {
      RECTIO_UNROLL for (int j = 0; j < kColumns; ++j) {
        float* sum = sums + (i * s_.kw + j) * kBlock;
        store(sum, load(sum) + total[i][j]);
      }
    }
  }

  dnnl::memory::desc lies_{};
  float* copy_ = nullptr;
  char *frames_ = nullptr, *sums_ = nullptr;
};

}  // namespace

std::vector<std::unique_ptr<ConvolutionImplementation>> depthwiseCandidates(const ConvolutionOperands& o) {
  const ConvolutionShape& s = o.shape;
  const bool fits = s.groups > 1 && s.groups == s.ic && s.groups == s.oc && o.src->layout == Layout::blocked;
  // If the padding were wider than a window, the gradient's frame would begin inside the map.
  const bool framed =
      o.direction != Direction::dataGradient || (s.ph <= (s.kh - 1) * s.dh && s.pw <= (s.kw - 1) * s.dw);
  std::vector<std::unique_ptr<ConvolutionImplementation>> found;
  if (!fits || !framed) return found;
  const auto add = [&](auto candidate) {
    if (candidate->frameFits()) found.push_back(std::move(candidate));
  };
  if (o.direction == Direction::weightGradient)
    add(std::make_unique<DepthwiseWeightGradient>(o));
  else
    add(std::make_unique<DepthwiseForward>(o));
  return found;
}

}  // namespace rectio
