// Batch norm fused with its neighbors: addition and ReLU forward, their gradients backward. Memory bounds these passes,
// so their cost is how often each feature map is read and written.
#include <cmath>

#include "../kernel.hpp"
#include "per_channel.hpp"

namespace rectio {
namespace {

// A common view of feature maps and rows of vectors: `sites` positions per example and channel.
struct View {
  int64_t n, channels, blocks, sites;
  bool blocked;
  explicit View(const Tensor& t)
      : n(t.n()), channels(t.c()), blocks(t.blocks()), sites(t.hw()), blocked(t.layout == Layout::blocked) {}
  int64_t count() const { return n * sites; }
};

// Calls work(block, part, firstExample, endExample), each pair once, on all threads.
template <typename Work>
void eachBlockAndPart(const View& view, int threads, const Work& work) {
  const int64_t items = view.blocks * threads;
  const auto serve = [&](int64_t item) {
    const int64_t block = item / threads, part = item % threads;
    work(block, part, view.n * part / threads, view.n * (part + 1) / threads);
  };
  if (view.count() * view.channels < kSerialFloats) {
    for (int64_t item = 0; item < items; ++item) serve(item);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int64_t item = 0; item < items; ++item) serve(item);
}

// Calls work(pointer offset in floats, vectors) for every run of registers of one block.
template <typename Work>
inline void eachRun(const View& view, int64_t block, int64_t begin, int64_t end, const Work& work) {
  for (int64_t n = begin; n < end; ++n) work((n * view.blocks + block) * view.sites * kBlock, view.sites);
}

// Rows of vectors [N, F] are rare (norms behind linear layers): a plain loop on a transposed copy would cost more code
// than it saves time, so rows are repacked to blocks and back.
class Repacked {
 public:
  Repacked(const View& view) : view_(view), storage_(static_cast<size_t>(view.n * view.blocks * kBlock) + kBlock) {}
  float* data() { return aligned(); }
  const float* pack(const float* rows) {
    for (int64_t n = 0; n < view_.n; ++n)
      for (int64_t c = 0; c < view_.channels; ++c)
        aligned()[n * view_.blocks * kBlock + c] = rows[n * view_.channels + c];
    return aligned();
  }
  void unpack(float* rows) {
    for (int64_t n = 0; n < view_.n; ++n)
      for (int64_t c = 0; c < view_.channels; ++c)
        rows[n * view_.channels + c] = aligned()[n * view_.blocks * kBlock + c];
  }

 private:
  float* aligned() {
    const auto address = reinterpret_cast<uintptr_t>(storage_.data());
    return reinterpret_cast<float*>((address + kBlock * 4 - 1) / (kBlock * 4) * (kBlock * 4));
  }
  View view_;
  std::vector<float> storage_;
};

void checkNormed(const Builder& b, const Tensor& x) {
  b.require(x.layout == Layout::blocked || (x.layout == Layout::plain && x.dims.size() == 2),
            x.name + " must be [N, C, H, W] or [N, features]");
  // Sums per channel and repacked rows are allocated outside the arena, which checks for room only within itself.
  b.require(x.c() <= 1 << 20 && (x.layout == Layout::blocked || x.n() * blocksOf(x.c()) * kBlock <= 1 << 28),
            x.name + " is too large");
}

// Normalization as slope·x + offset, computed from the stored statistics. So the backward pass, which needs to know
// what a ReLU let through, gets the bits of the forward pass. Without a bias there is no offset.
struct Affine {
  ChannelValues slope, offset;
  Affine(int64_t channels, const Tensor& weight, const Tensor* bias, const Tensor& mean, const Tensor& inverse)
      : slope(channels), offset(channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const double factor = static_cast<double>(weight.data[c]) * static_cast<double>(inverse.data[c]);
      slope[c] = static_cast<float>(factor);
      if (bias != nullptr)
        offset[c] = static_cast<float>(static_cast<double>(bias->data[c]) - static_cast<double>(mean.data[c]) * factor);
    }
  }
};

// The sums of x − origin and of its square. A chunk at a time is summed in floats about the mean of the chunk before
// it, the first chunk about its own mean, and doubles add up the chunks. Rounding costs a chunk some 1e-7 of the
// squares that it sums, and the squares of the distances between means are themselves part of the variance. So the
// variance keeps its digits whatever the values are, where a single shift for all chunks loses them if that value is an
// outlier.
class Moments {
 public:
  explicit Moments(Vec origin) : origin_(origin), shift_(origin) {}

  void add(const float* x, int64_t vectors) {
    for (int64_t i = 0; i < vectors; i += kChunk) addChunk(x + i * kBlock, std::min(kChunk, vectors - i));
  }
  const PartialSums& sums() const { return sums_; }

 private:
  static constexpr int64_t kChunk = 256;
  struct Chunk {
    Vec first, second;
  };

  void addChunk(const float* x, int64_t vectors) {
    const float share = 1 / static_cast<float>(vectors);
    if (empty_) {
      // The mean of the differences from a value, so that constant values have exactly no variance.
      shift_ = load(x);
      shift_ += sum(x, vectors).first * share;
      empty_ = false;
    }
    const Chunk chunk = sum(x, vectors);
    const double count = static_cast<double>(vectors);
    for (int lane = 0; lane < kBlock; ++lane) {
      const double distance = static_cast<double>(shift_[lane]) - static_cast<double>(origin_[lane]);
      const double first = static_cast<double>(chunk.first[lane]), second = static_cast<double>(chunk.second[lane]);
      sums_.first[lane] += first + count * distance;
      sums_.second[lane] += second + distance * (2 * first + count * distance);
    }
    shift_ += chunk.first * share;
  }

  Chunk sum(const float* x, int64_t vectors) const {
    const Vec shift = shift_;
    Vec first[4] = {}, second[4] = {};
    int64_t i = 0;
    for (; i + 4 <= vectors; i += 4)
      for (int k = 0; k < 4; ++k) {
        const Vec d = load(x + (i + k) * kBlock) - shift;
        first[k] += d;
        second[k] = fma(d, d, second[k]);
      }
    for (; i < vectors; ++i) {
      const Vec d = load(x + i * kBlock) - shift;
      first[0] += d;
      second[0] = fma(d, d, second[0]);
    }
    return {(first[0] + first[1]) + (first[2] + first[3]), (second[0] + second[1]) + (second[2] + second[3])};
  }

  const Vec origin_;
  Vec shift_;
  bool empty_ = true;
  PartialSums sums_;
};

class BatchNorm final : public Kernel {
 public:
  explicit BatchNorm(const Builder& b)
      : x_(b.in("x")),
        y_(b.out("y")),
        weight_(b.in("weight")),
        bias_(b.in("bias")),
        addend_(b.inOrNull("addend")),
        mean_(b.out("mean")),
        inverse_(b.out("inverseDeviation")),
        runningMean_(b.update("runningMean")),
        runningVar_(b.update("runningVar")),
        epsilon_(b.call.number("epsilon")),
        momentum_(b.call.number("momentum")),
        relu_(b.call.flag("relu")),
        threads_(b.threads),
        view_(x_) {
    checkNormed(b, x_);
    b.requireSame(x_, y_);
    if (addend_ != nullptr) b.requireSame(x_, *addend_);
    for (const Tensor* t : {&weight_, &bias_, &mean_, &inverse_, &runningMean_, &runningVar_})
      b.requireVector(*t, view_.channels);
    sums_.resize(static_cast<size_t>(view_.blocks * threads_));
  }

  void run(const Scalars&) override {
    if (view_.blocked) {
      compute(x_.data, addend_ ? addend_->data : nullptr, y_.data);
      return;
    }
    Repacked x(view_), addend(view_), y(view_);
    compute(x.pack(x_.data), addend_ ? addend.pack(addend_->data) : nullptr, y.data());
    y.unpack(y_.data);
  }

 private:
  void compute(const float* x, const float* addend, float* y) {
    eachBlockAndPart(view_, threads_, [&](int64_t block, int64_t part, int64_t begin, int64_t end) {
      Moments moments(load(x + block * view_.sites * kBlock));
      eachRun(view_, block, begin, end, [&](int64_t at, int64_t vectors) { moments.add(x + at, vectors); });
      sums_[static_cast<size_t>(block * threads_ + part)] = moments.sums();
    });

    const double count = static_cast<double>(view_.count());
    for (int64_t c = 0; c < view_.channels; ++c) {
      const int64_t block = c / kBlock, lane = c % kBlock;
      double first = 0, second = 0;
      for (int part = 0; part < threads_; ++part) {
        const PartialSums& sums = sums_[static_cast<size_t>(block * threads_ + part)];
        first += sums.first[lane];
        second += sums.second[lane];
      }
      const double shifted = first / count;
      const double mean = static_cast<double>(x[block * view_.sites * kBlock + lane]) + shifted;
      // std::max would hide NaN.
      const double difference = second / count - shifted * shifted;
      const double variance = difference < 0 ? 0 : difference;
      const double inverse = 1 / std::sqrt(variance + epsilon_);
      mean_.data[c] = static_cast<float>(mean);
      inverse_.data[c] = static_cast<float>(inverse);
      const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
      runningMean_.data[c] = static_cast<float>((1 - momentum_) * runningMean_.data[c] + momentum_ * mean);
      runningVar_.data[c] = static_cast<float>((1 - momentum_) * runningVar_.data[c] + momentum_ * unbiased);
    }
    const Affine affine(view_.channels, weight_, &bias_, mean_, inverse_);

    eachBlockAndPart(view_, threads_, [&](int64_t block, int64_t, int64_t begin, int64_t end) {
      const Vec a = affine.slope.block(block), b = affine.offset.block(block);
      eachRun(view_, block, begin, end, [&](int64_t at, int64_t vectors) {
        apply(x + at, addend ? addend + at : nullptr, y + at, vectors, a, b);
      });
    });
  }

  void apply(const float* x, const float* addend, float* y, int64_t vectors, Vec a, Vec b) const {
    if (addend != nullptr && relu_) {
      for (int64_t i = 0; i < vectors * kBlock; i += kBlock)
        store(y + i, relu(fma(load(x + i), a, b) + load(addend + i)));
    } else if (addend != nullptr) {
      for (int64_t i = 0; i < vectors * kBlock; i += kBlock) store(y + i, fma(load(x + i), a, b) + load(addend + i));
    } else if (relu_) {
      for (int64_t i = 0; i < vectors * kBlock; i += kBlock) store(y + i, relu(fma(load(x + i), a, b)));
    } else {
      for (int64_t i = 0; i < vectors * kBlock; i += kBlock) store(y + i, fma(load(x + i), a, b));
    }
  }

  Tensor &x_, &y_, &weight_, &bias_, *addend_, &mean_, &inverse_, &runningMean_, &runningVar_;
  const double epsilon_, momentum_;
  const bool relu_;
  const int threads_;
  const View view_;
  std::vector<PartialSums> sums_;
};

class BatchNormGradient final : public Kernel {
 public:
  explicit BatchNormGradient(const Builder& b)
      : x_(b.in("x")),
        dy_(b.in("dy")),
        dy2_(b.inOrNull("dy2")),
        y_(b.inOrNull("y")),
        bias_(b.inOrNull("bias")),
        weight_(b.in("weight")),
        mean_(b.in("mean")),
        inverse_(b.in("inverseDeviation")),
        dx_(b.out("dx")),
        daddend_(b.outOrNull("daddend")),
        dweight_(b.out("dweight")),
        dbias_(b.out("dbias")),
        threads_(b.threads),
        view_(x_) {
    checkNormed(b, x_);
    b.require(b.call.flag("relu") == (y_ != nullptr || bias_ != nullptr) && (y_ == nullptr || bias_ == nullptr),
              "needs either y or bias exactly where relu is set");
    if (bias_ != nullptr) b.requireVector(*bias_, view_.channels);
    for (const Tensor* t : {&dy_, dy2_, y_, &dx_, daddend_})
      if (t != nullptr) b.requireSame(x_, *t);
    for (const Tensor* t : {&weight_, &mean_, &inverse_, &dweight_, &dbias_}) b.requireVector(*t, view_.channels);
    sums_.resize(static_cast<size_t>(view_.blocks * threads_));
  }

  void run(const Scalars&) override {
    const auto at = [](Tensor* t) { return t ? t->data : nullptr; };
    if (view_.blocked) {
      compute({x_.data, dy_.data, at(dy2_), at(y_), dx_.data, at(daddend_)});
      return;
    }
    Repacked x(view_), dy(view_), dy2(view_), y(view_), dx(view_), daddend(view_);
    compute({x.pack(x_.data), dy.pack(dy_.data), dy2_ ? dy2.pack(dy2_->data) : nullptr, y_ ? y.pack(y_->data) : nullptr,
             dx.data(), daddend_ ? daddend.data() : nullptr});
    dx.unpack(dx_.data);
    if (daddend_ != nullptr) daddend.unpack(daddend_->data);
  }

 private:
  struct Maps {
    const float *x, *dy, *dy2, *y;
    float *dx, *daddend;
  };
  // The tensor that shows where a ReLU behind the norm let values through.
  enum class Mask { none, y, bias };

  // The gradient behind the norm; `a` and `b` are the norm's slope and offset.
  template <bool kTwo, Mask kMask>
  static Vec incoming(const Maps& m, int64_t i, Vec a, Vec b) {
    Vec g = load(m.dy + i);
    if (kTwo) g += load(m.dy2 + i);
    if (kMask == Mask::y) g = maskPositive(load(m.y + i), g);
    if (kMask == Mask::bias) g = maskPositive(fma(load(m.x + i), a, b), g);
    return g;
  }

  void compute(const Maps& maps) {
    if (maps.dy2) return computeOf<true>(maps);
    computeOf<false>(maps);
  }
  template <bool kTwo>
  void computeOf(const Maps& maps) {
    if (maps.y) return computeAs<kTwo, Mask::y>(maps);
    if (bias_) return computeAs<kTwo, Mask::bias>(maps);
    computeAs<kTwo, Mask::none>(maps);
  }

  template <bool kTwo, Mask kMask>
  void computeAs(const Maps& maps) {
    const Affine affine(view_.channels, weight_, bias_, mean_, inverse_);
    ChannelValues mean(view_.channels);
    for (int64_t c = 0; c < view_.channels; ++c) mean[c] = mean_.data[c];
    eachBlockAndPart(view_, threads_, [&](int64_t block, int64_t part, int64_t begin, int64_t end) {
      PartialSums sums;
      const Vec center = mean.block(block), a = affine.slope.block(block), b = affine.offset.block(block);
      eachRun(view_, block, begin, end, [&](int64_t at, int64_t vectors) {
        Vec first[2] = {}, second[2] = {};
        for (int64_t i = 0; i < vectors; ++i) {
          const int64_t here = at + i * kBlock;
          const Vec g = incoming<kTwo, kMask>(maps, here, a, b);
          if (maps.daddend != nullptr) store(maps.daddend + here, g);
          first[i & 1] += g;
          second[i & 1] = fma(g, load(maps.x + here) - center, second[i & 1]);
        }
        sums.add(first[0] + first[1], second[0] + second[1]);
      });
      sums_[static_cast<size_t>(block * threads_ + part)] = sums;
    });

    // dx = affine.slope·g + tilt·x + shift, per channel.
    ChannelValues tilt(view_.channels), shift(view_.channels);
    const double count = static_cast<double>(view_.count());
    for (int64_t c = 0; c < view_.channels; ++c) {
      const int64_t block = c / kBlock, lane = c % kBlock;
      double dbias = 0, dweight = 0;
      for (int part = 0; part < threads_; ++part) {
        const PartialSums& sums = sums_[static_cast<size_t>(block * threads_ + part)];
        dbias += sums.first[lane];
        dweight += sums.second[lane];
      }
      const double inverse = inverse_.data[c], weight = weight_.data[c];
      dweight *= inverse;
      dbias_.data[c] = static_cast<float>(dbias);
      dweight_.data[c] = static_cast<float>(dweight);
      const double lean = -weight * inverse * inverse * dweight / count;
      tilt[c] = static_cast<float>(lean);
      shift[c] = static_cast<float>(-weight * inverse * dbias / count - lean * mean_.data[c]);
    }

    eachBlockAndPart(view_, threads_, [&](int64_t block, int64_t, int64_t begin, int64_t end) {
      const Vec a = affine.slope.block(block), b = affine.offset.block(block), t = tilt.block(block),
                s = shift.block(block);
      eachRun(view_, block, begin, end, [&](int64_t at, int64_t vectors) {
        for (int64_t i = at; i < at + vectors * kBlock; i += kBlock) {
          const Vec g = maps.daddend != nullptr ? load(maps.daddend + i) : incoming<kTwo, kMask>(maps, i, a, b);
          store(maps.dx + i, fma(g, a, fma(load(maps.x + i), t, s)));
        }
      });
    });
  }

  Tensor &x_, &dy_, *dy2_, *y_, *bias_, &weight_, &mean_, &inverse_, &dx_, *daddend_, &dweight_, &dbias_;
  const int threads_;
  const View view_;
  std::vector<PartialSums> sums_;
};

class ChannelAffine final : public Kernel {
 public:
  explicit ChannelAffine(const Builder& b)
      : x_(b.in("x")),
        scale_(b.in("scale")),
        shift_(b.in("shift")),
        addend_(b.inOrNull("addend")),
        y_(b.out("y")),
        relu_(b.call.flag("relu")),
        threads_(b.threads) {
    checkNormed(b, x_);
    b.requireSame(x_, y_);
    if (addend_ != nullptr) b.requireSame(x_, *addend_);
    b.requireVector(scale_, x_.c());
    b.requireVector(shift_, x_.c());
  }

  void run(const Scalars&) override {
    if (x_.layout == Layout::plain) return runRows();
    const int64_t blocks = x_.blocks(), sites = x_.hw();
    parallelFor(x_.n() * blocks, sites * kBlock, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const int64_t first = item % blocks * kBlock, count = std::min<int64_t>(kBlock, x_.c() - first);
        const Vec a = loadPartial(scale_.data + first, count), b = loadPartial(shift_.data + first, count);
        const int64_t from = item * sites * kBlock, to = from + sites * kBlock;
        for (int64_t i = from; i < to; i += kBlock) {
          Vec v = fma(load(x_.data + i), a, b);
          if (addend_ != nullptr) v += load(addend_->data + i);
          store(y_.data + i, relu_ ? relu(v) : v);
        }
      }
    });
  }

 private:
  void runRows() {
    for (int64_t i = 0; i < x_.logical(); ++i) {
      float v = x_.data[i] * scale_.data[i % x_.c()] + shift_.data[i % x_.c()];
      if (addend_ != nullptr) v += addend_->data[i];
      y_.data[i] = relu_ && v < 0 ? 0 : v;
    }
  }
  Tensor &x_, &scale_, &shift_, *addend_, &y_;
  const bool relu_;
  const int threads_;
};

}  // namespace

std::unique_ptr<Kernel> makeBatchNorm(const Builder& b) { return std::make_unique<BatchNorm>(b); }
std::unique_ptr<Kernel> makeBatchNormGradient(const Builder& b) { return std::make_unique<BatchNormGradient>(b); }
std::unique_ptr<Kernel> makeChannelAffine(const Builder& b) { return std::make_unique<ChannelAffine>(b); }

}  // namespace rectio
