// Pooling over feature maps in blocks of channels, forward and backward.
#include <limits>

#include "../kernel.hpp"

namespace rectio {
namespace {

// The part of a window that lies inside the map, along one axis.
struct Span {
  int64_t begin, end;
};

struct Pooling {
  Tensor &small, &large;  // the pooled map and the one it was pooled from (or their gradients)
  int64_t kh, kw, sh, sw, ph, pw;
  int threads;

  Pooling(const Builder& b, Tensor& small, Tensor& large) : small(small), large(large), threads(b.threads) {
    b.requireMap(small);
    b.requireMap(large);
    b.require(small.n() == large.n() && small.c() == large.c(),
              small.name + " and " + large.name + " must have the same batch and channels");
    const auto kernel = b.call.pair("window.kernel", 1, 1 << 14), stride = b.call.pair("window.stride", 1, 1 << 14),
               padding = b.call.pair("window.padding", 0, 1 << 14);
    kh = kernel.first, kw = kernel.second, sh = stride.first, sw = stride.second, ph = padding.first,
    pw = padding.second;
    b.require(2 * ph <= kh && 2 * pw <= kw, "padding is more than half of the window");
    // Every window starts inside the map or its near padding, so none is empty.
    b.require((small.h() - 1) * sh - ph < large.h() && (small.w() - 1) * sw - pw < large.w(),
              small.name + " has windows outside " + large.name);
  }

  Span rows(int64_t oh) const { return clip(oh * sh - ph, kh, large.h()); }
  Span columns(int64_t ow) const { return clip(ow * sw - pw, kw, large.w()); }

  // Calls work(offset of the block in `small`, offset of the block in `large`) for every example and block.
  template <typename Work>
  void eachBlock(const Work& work) const {
    parallelFor(small.n() * small.blocks(), large.hw() * kBlock, threads, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) work(item * small.hw() * kBlock, item * large.hw() * kBlock);
    });
  }
  // Calls work(offset of the site in `small`, its rows, its columns) for every window of one block.
  template <typename Work>
  void eachWindow(int64_t smallBlock, const Work& work) const {
    for (int64_t oh = 0; oh < small.h(); ++oh)
      for (int64_t ow = 0; ow < small.w(); ++ow) work(smallBlock + (oh * small.w() + ow) * kBlock, oh, ow);
  }
  int64_t site(int64_t h, int64_t w) const { return (h * large.w() + w) * kBlock; }

 private:
  static Span clip(int64_t start, int64_t size, int64_t limit) {
    return {std::max<int64_t>(0, start), std::min(limit, start + size)};
  }
};

class MaxPool final : public Kernel {
 public:
  explicit MaxPool(const Builder& b) : pool_(b, b.out("y"), b.in("x")), index_(b.outOrNull("index")) {
    if (index_ != nullptr) {
      b.requireSame(*index_, pool_.small);
      b.require(index_->isIndex, index_->name + " must hold bytes");
      b.require(pool_.kh * pool_.kw <= 256, "the window is too large for its index");
    }
  }
  void run(const Scalars&) override {
    pool_.eachBlock([&](int64_t small, int64_t large) {
      const float* x = pool_.large.data + large;
      pool_.eachWindow(small, [&](int64_t at, int64_t oh, int64_t ow) {
        const Span rows = pool_.rows(oh), columns = pool_.columns(ow);
        Vec best = load(x + pool_.site(rows.begin, columns.begin));
        VecMask place = VecMask{} + static_cast<int32_t>(number(oh, ow, rows.begin, columns.begin));
        for (int64_t h = rows.begin; h < rows.end; ++h)
          for (int64_t w = columns.begin; w < columns.end; ++w) {
            const Vec v = load(x + pool_.site(h, w));
            // The first NaN wins.
            const VecMask better = (v > best) | ((v != v) & (best == best));
            best = better ? v : best;
            place = better ? VecMask{} + static_cast<int32_t>(number(oh, ow, h, w)) : place;
          }
        store(pool_.small.data + at, best);
        if (index_ != nullptr)
          for (int lane = 0; lane < kBlock; ++lane) index_->index()[at + lane] = static_cast<uint8_t>(place[lane]);
      });
    });
  }

 private:
  // The position within the whole window, including padding.
  int64_t number(int64_t oh, int64_t ow, int64_t h, int64_t w) const {
    return (h - (oh * pool_.sh - pool_.ph)) * pool_.kw + (w - (ow * pool_.sw - pool_.pw));
  }
  const Pooling pool_;
  Tensor* index_;
};

class MaxPoolGradient final : public Kernel {
 public:
  explicit MaxPoolGradient(const Builder& b) : pool_(b, b.in("dy"), b.out("dx")), index_(b.in("index")) {
    b.requireSame(index_, pool_.small);
    b.require(index_.isIndex, index_.name + " must hold bytes");
  }
  void run(const Scalars&) override {
    pool_.eachBlock([&](int64_t small, int64_t large) {
      float* dx = pool_.large.data + large;
      std::fill_n(dx, pool_.large.hw() * kBlock, 0.0f);
      pool_.eachWindow(small, [&](int64_t at, int64_t oh, int64_t ow) {
        for (int lane = 0; lane < kBlock; ++lane) {
          const int64_t place = index_.index()[at + lane];
          const int64_t h = oh * pool_.sh - pool_.ph + place / pool_.kw,
                        w = ow * pool_.sw - pool_.pw + place % pool_.kw;
          // The index is not trusted: skip positions outside the map.
          if (h < 0 || w < 0 || h >= pool_.large.h() || w >= pool_.large.w()) continue;
          dx[pool_.site(h, w) + lane] += pool_.small.data[at + lane];
        }
      });
    });
  }

 private:
  const Pooling pool_;
  Tensor& index_;
};

class AveragePool final : public Kernel {
 public:
  AveragePool(const Builder& b, Tensor& small, Tensor& large, bool backward)
      : pool_(b, small, large), countPadding_(b.call.flag("countPadding")), backward_(backward) {}

  void run(const Scalars&) override {
    pool_.eachBlock([&](int64_t small, int64_t large) {
      float* map = pool_.large.data + large;
      if (backward_) std::fill_n(map, pool_.large.hw() * kBlock, 0.0f);
      pool_.eachWindow(small, [&](int64_t at, int64_t oh, int64_t ow) {
        const Span rows = pool_.rows(oh), columns = pool_.columns(ow);
        const Vec share = splat(1.0f / static_cast<float>(divisor(oh, ow, rows, columns)));
        float* pooled = pool_.small.data + at;
        Vec sum{};
        for (int64_t h = rows.begin; h < rows.end; ++h)
          for (int64_t w = columns.begin; w < columns.end; ++w) {
            float* here = map + pool_.site(h, w);
            if (backward_)
              store(here, fma(load(pooled), share, load(here)));
            else
              sum += load(here);
          }
        if (!backward_) store(pooled, sum * share);
      });
    });
  }

 private:
  // Counts as PyTorch does: padding belongs to the window, but the part of a rounded-up last window beyond it does not.
  int64_t divisor(int64_t oh, int64_t ow, Span rows, Span columns) const {
    if (!countPadding_) return (rows.end - rows.begin) * (columns.end - columns.begin);
    const int64_t top = oh * pool_.sh - pool_.ph, left = ow * pool_.sw - pool_.pw;
    return (std::min(top + pool_.kh, pool_.large.h() + pool_.ph) - top) *
           (std::min(left + pool_.kw, pool_.large.w() + pool_.pw) - left);
  }
  const Pooling pool_;
  const bool countPadding_, backward_;
};

class GlobalAveragePool final : public Kernel {
 public:
  GlobalAveragePool(const Builder& b, Tensor& small, Tensor& large, bool backward)
      : small_(small), large_(large), backward_(backward), threads_(b.threads) {
    b.requireMap(small);
    b.requireMap(large);
    b.require(small.n() == large.n() && small.c() == large.c() && small.hw() == 1,
              small.name + " must be [N, C, 1, 1]");
  }
  void run(const Scalars&) override {
    const int64_t sites = large_.hw();
    const Vec share = splat(1.0f / static_cast<float>(sites));
    parallelFor(large_.n() * large_.blocks(), sites * kBlock, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        float* map = large_.data + item * sites * kBlock;
        float* pooled = small_.data + item * kBlock;
        if (backward_) {
          const Vec each = load(pooled) * share;
          for (int64_t site = 0; site < sites; ++site) store(map + site * kBlock, each);
        } else {
          Vec sum{};
          for (int64_t site = 0; site < sites; ++site) sum += load(map + site * kBlock);
          store(pooled, sum * share);
        }
      }
    });
  }

 private:
  Tensor &small_, &large_;
  const bool backward_;
  const int threads_;
};

// Means over as many windows as `small` has sites, for any size of `large`. Neighboring windows may share sites.
class AdaptiveAveragePool final : public Kernel {
 public:
  AdaptiveAveragePool(const Builder& b, Tensor& small, Tensor& large, bool backward)
      : small_(small), large_(large), backward_(backward), threads_(b.threads) {
    b.requireMap(small);
    b.requireMap(large);
    b.require(small.n() == large.n() && small.c() == large.c(),
              small.name + " and " + large.name + " must have the same batch and channels");
  }
  void run(const Scalars&) override {
    const int64_t sites = large_.hw();
    parallelFor(
        large_.n() * large_.blocks(), std::max(sites, small_.hw()) * kBlock, threads_, [&](int64_t begin, int64_t end) {
          for (int64_t item = begin; item < end; ++item) {
            float *map = large_.data + item * sites * kBlock, *pooled = small_.data + item * small_.hw() * kBlock;
            if (backward_) std::fill_n(map, sites * kBlock, 0.0f);
            for (int64_t oh = 0; oh < small_.h(); ++oh)
              for (int64_t ow = 0; ow < small_.w(); ++ow, pooled += kBlock)
                pool(map, pooled, spanOf(oh, small_.h(), large_.h()), spanOf(ow, small_.w(), large_.w()));
          }
        });
  }

 private:
  static Span spanOf(int64_t window, int64_t windows, int64_t size) {
    return {window * size / windows, ((window + 1) * size + windows - 1) / windows};
  }
  void pool(float* map, float* pooled, Span rows, Span columns) const {
    const Vec share = splat(1.0f / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin)));
    Vec sum{};
    for (int64_t h = rows.begin; h < rows.end; ++h)
      for (int64_t w = columns.begin; w < columns.end; ++w) {
        float* here = map + (h * large_.w() + w) * kBlock;
        if (backward_)
          store(here, fma(load(pooled), share, load(here)));
        else
          sum += load(here);
      }
    if (!backward_) store(pooled, sum * share);
  }

  Tensor &small_, &large_;
  const bool backward_;
  const int threads_;
};

}  // namespace

std::unique_ptr<Kernel> makeMaxPool(const Builder& b) { return std::make_unique<MaxPool>(b); }
std::unique_ptr<Kernel> makeMaxPoolGradient(const Builder& b) { return std::make_unique<MaxPoolGradient>(b); }
std::unique_ptr<Kernel> makeAveragePool(const Builder& b) {
  return std::make_unique<AveragePool>(b, b.out("y"), b.in("x"), false);
}
std::unique_ptr<Kernel> makeAveragePoolGradient(const Builder& b) {
  return std::make_unique<AveragePool>(b, b.in("dy"), b.out("dx"), true);
}
std::unique_ptr<Kernel> makeGlobalAveragePool(const Builder& b) {
  return std::make_unique<GlobalAveragePool>(b, b.out("y"), b.in("x"), false);
}
std::unique_ptr<Kernel> makeGlobalAveragePoolGradient(const Builder& b) {
  return std::make_unique<GlobalAveragePool>(b, b.in("dy"), b.out("dx"), true);
}
std::unique_ptr<Kernel> makeAdaptiveAveragePool(const Builder& b) {
  return std::make_unique<AdaptiveAveragePool>(b, b.out("y"), b.in("x"), false);
}
std::unique_ptr<Kernel> makeAdaptiveAveragePoolGradient(const Builder& b) {
  return std::make_unique<AdaptiveAveragePool>(b, b.in("dy"), b.out("dx"), true);
}

}  // namespace rectio
