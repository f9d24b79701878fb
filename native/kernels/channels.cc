// Kernels that only move data: joining, cutting and padding channels, flattening.
#include "../kernel.hpp"

namespace rectio {
namespace {

// Copies channels [from, from + count) of x to [to, to + count) of y. Both are feature maps or both are rows; the rest
// of y stays as it is.
void copyChannels(const Tensor& x, int64_t from, Tensor& y, int64_t to, int64_t count, int threads) {
  const int64_t sites = x.hw();
  if (x.layout == Layout::plain) {
    for (int64_t n = 0; n < x.n(); ++n)
      std::memmove(y.data + (n * y.c() + to) * sites, x.data + (n * x.c() + from) * sites, static_cast<size_t>(count * sites) * sizeof(float));
    return;
  }
  const int64_t xBlocks = x.blocks(), yBlocks = y.blocks();
  // Whole blocks go as they are; the last may be part of one if nothing follows it on either side.
  const bool byBlock = from % kBlock == 0 && to % kBlock == 0 && (count % kBlock == 0 || (from + count == x.c() && to + count == y.c()));
  parallelFor(x.n(), count * sites, threads, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const float* source = x.data + n * xBlocks * sites * kBlock;
      float* target = y.data + n * yBlocks * sites * kBlock;
      if (byBlock) {
        std::memmove(target + to * sites, source + from * sites, static_cast<size_t>(blocksOf(count) * sites * kBlock) * sizeof(float));
        continue;
      }
      for (int64_t c = 0; c < count; ++c) {
        const float* in = source + (from + c) / kBlock * sites * kBlock + (from + c) % kBlock;
        float* out = target + (to + c) / kBlock * sites * kBlock + (to + c) % kBlock;
        for (int64_t site = 0; site < sites; ++site) out[site * kBlock] = in[site * kBlock];
      }
    }
  });
}

void zero(Tensor& t, int threads) {
  parallelFor(t.vectors(), kBlock, threads,
              [&](int64_t begin, int64_t end) { std::fill(t.data + begin * kBlock, t.data + end * kBlock, 0.0f); });
}

void checkJoinable(const Builder& b, const Tensor& a, const Tensor& whole) {
  b.channeled(a);
  b.check(a.dims.size() == whole.dims.size() && a.layout == whole.layout && a.n() == whole.n() && a.h() == whole.h() &&
              a.w() == whole.w(),
          a.name + " and " + whole.name + " may differ in their channels only");
}

class Concat final : public Kernel {
 public:
  explicit Concat(const Builder& b) : x_(b.numbered()), y_(b.out("y")), threads_(b.threads) {
    int64_t channels = 0;
    for (const Tensor* x : x_) {
      checkJoinable(b, *x, y_);
      channels += x->c();
    }
    b.check(channels == y_.c(), y_.name + " must have the channels of all inputs");
  }
  void run(const Scalars&) override {
    // Parts that do not end on a block leave the filling channels to us.
    if (y_.layout == Layout::blocked && y_.c() % kBlock != 0) zero(y_, threads_);
    int64_t at = 0;
    for (const Tensor* x : x_) {
      copyChannels(*x, 0, y_, at, x->c(), threads_);
      at += x->c();
    }
  }

 private:
  const std::vector<Tensor*> x_;
  Tensor& y_;
  const int threads_;
};

class SliceChannels final : public Kernel {
 public:
  explicit SliceChannels(const Builder& b)
      : x_(b.in("x")), y_(b.out("y")), start_(b.call.integer("start", 0, kMostElements)), threads_(b.threads) {
    checkJoinable(b, x_, y_);
    b.check(start_ + y_.c() <= x_.c(), "the slice reaches past the channels of " + x_.name);
  }
  void run(const Scalars&) override {
    if (y_.layout == Layout::blocked && y_.c() % kBlock != 0) zero(y_, threads_);
    copyChannels(x_, start_, y_, 0, y_.c(), threads_);
  }

 private:
  Tensor &x_, &y_;
  const int64_t start_;
  const int threads_;
};

class PadChannels final : public Kernel {
 public:
  explicit PadChannels(const Builder& b)
      : x_(b.in("x")), y_(b.out("y")), before_(b.call.integer("before", 0, kMostElements)), threads_(b.threads) {
    checkJoinable(b, x_, y_);
    b.check(before_ + x_.c() <= y_.c(), y_.name + " has too few channels");
  }
  void run(const Scalars&) override {
    zero(y_, threads_);
    copyChannels(x_, 0, y_, before_, x_.c(), threads_);
  }

 private:
  Tensor &x_, &y_;
  const int64_t before_;
  const int threads_;
};

// Between a feature map in blocks and its rows [N, C·H·W].
class Flatten final : public Kernel {
 public:
  Flatten(const Builder& b, Tensor& map, Tensor& rows, bool toRows) : map_(map), rows_(rows), toRows_(toRows), threads_(b.threads) {
    b.map(map_);
    b.rows(rows_);
    b.check(rows_.n() == map_.n() && rows_.c() == map_.c() * map_.hw(), rows_.name + " must hold the elements of " + map_.name);
  }
  void run(const Scalars&) override {
    const int64_t blocks = map_.blocks(), sites = map_.hw(), channels = map_.c();
    parallelFor(map_.n(), channels * sites, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        float* map = map_.data + n * blocks * sites * kBlock;
        float* rows = rows_.data + n * channels * sites;
        if (!toRows_ && channels % kBlock != 0) std::fill_n(map, blocks * sites * kBlock, 0.0f);
        for (int64_t c = 0; c < channels; ++c) {
          float* lane = map + c / kBlock * sites * kBlock + c % kBlock;
          for (int64_t site = 0; site < sites; ++site) {
            if (toRows_)
              rows[c * sites + site] = lane[site * kBlock];
            else
              lane[site * kBlock] = rows[c * sites + site];
          }
        }
      }
    });
  }

 private:
  Tensor &map_, &rows_;
  const bool toRows_;
  const int threads_;
};

// Rows flatten to themselves.
class CopyRows final : public Kernel {
 public:
  CopyRows(const Builder& b, Tensor& x, Tensor& y) : x_(x), y_(y) {
    b.rows(x_);
    b.same(x_, y_);
  }
  void run(const Scalars&) override { std::memmove(y_.data, x_.data, y_.bytes()); }

 private:
  Tensor &x_, &y_;
};

}  // namespace

std::unique_ptr<Kernel> makeConcat(const Builder& b) { return std::make_unique<Concat>(b); }
std::unique_ptr<Kernel> makeSliceChannels(const Builder& b) { return std::make_unique<SliceChannels>(b); }
std::unique_ptr<Kernel> makePadChannels(const Builder& b) { return std::make_unique<PadChannels>(b); }
std::unique_ptr<Kernel> makeFlatten(const Builder& b) {
  if (b.in("x").layout == Layout::plain) return std::make_unique<CopyRows>(b, b.in("x"), b.out("y"));
  return std::make_unique<Flatten>(b, b.in("x"), b.out("y"), true);
}
std::unique_ptr<Kernel> makeUnflatten(const Builder& b) {
  if (b.out("y").layout == Layout::plain) return std::make_unique<CopyRows>(b, b.in("x"), b.out("y"));
  return std::make_unique<Flatten>(b, b.out("y"), b.in("x"), false);
}

}  // namespace rectio
