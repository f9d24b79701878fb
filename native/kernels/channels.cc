// Kernels that only move data: joining, cutting, padding and shuffling channels, flattening.
#include <optional>

#include "../kernel.hpp"

namespace rectio {
namespace {

// For each channel of a feature map, the channel of another map that it copies, or none. Each register of the result is
// assembled from the few registers that its channels come from, and written once.
class ChannelMap {
 public:
  ChannelMap(const Builder& b, Tensor& y) : y_(y), threads_(b.threads), routes_(static_cast<size_t>(y.blocks())) {
    b.requireMap(y);
    b.require(y.c() <= 1 << 20, y.name + " has too many channels");
  }

  // Channels [from, from + count) of x become [to, to + count) of y, which must be unassigned.
  void take(const Tensor& x, int64_t from, int64_t to, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      Piece& piece = pieceOf(routes_[static_cast<size_t>((to + i) / kBlock)], x, (from + i) / kBlock);
      piece.lanes[(to + i) % kBlock] = static_cast<int32_t>((from + i) % kBlock);
      piece.used[(to + i) % kBlock] = -1;
    }
  }

  void run() const {
    const int64_t blocks = y_.blocks(), size = y_.hw() * kBlock;
    parallelFor(y_.n() * blocks, size, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const Route& route = routes_[static_cast<size_t>(item % blocks)];
        float* to = y_.data + item * size;
        if (route.size() == 1 && route[0].whole())
          std::memmove(to, route[0].from(item / blocks, size), static_cast<size_t>(size) * sizeof(float));
        else
          gather(route, item / blocks, size, to);
      }
    });
  }

 private:
  struct Piece {
    const Tensor* x;
    int64_t block;
    VecMask lanes, used;

    const float* from(int64_t n, int64_t size) const { return x->data + (n * x->blocks() + block) * size; }
    // Every lane keeps its position, or is filling on both sides.
    bool whole() const {
      for (int lane = 0; lane < kBlock; ++lane)
        if (used[lane] != 0 ? lanes[lane] != lane : block * kBlock + lane < x->c()) return false;
      return true;
    }
  };
  using Route = std::vector<Piece>;

  static Piece& pieceOf(Route& route, const Tensor& x, int64_t block) {
    for (Piece& piece : route)
      if (piece.x == &x && piece.block == block) return piece;
    return route.emplace_back(Piece{&x, block, VecMask{}, VecMask{}});
  }

  static void gather(const Route& route, int64_t n, int64_t size, float* to) {
    switch (route.size()) {
      case 1:
        return gatherFrom<1>(route, n, size, to);
      case 2:
        return gatherFrom<2>(route, n, size, to);
      case 3:
        return gatherFrom<3>(route, n, size, to);
      default:
        return gatherFrom<kBlock>(route, n, size, to);
    }
  }
  // From at most kMost registers, or fewer than kBlock.
  template <int kMost>
  static void gatherFrom(const Route& route, int64_t n, int64_t size, float* to) {
    const float* from[kMost];
    VecMask lanes[kMost], used[kMost];
    const int count = kMost < kBlock ? kMost : static_cast<int>(route.size());
    for (int k = 0; k < count; ++k) {
      const Piece& piece = route[static_cast<size_t>(k)];
      from[k] = piece.from(n, size), lanes[k] = piece.lanes, used[k] = piece.used;
    }
    for (int64_t i = 0; i < size; i += kBlock) {
      VecMask joined{};
      for (int k = 0; k < count; ++k) joined |= (VecMask)keep(used[k], permute(load(from[k] + i), lanes[k]));
      store(to + i, (Vec)joined);
    }
  }

  Tensor& y_;
  const int threads_;
  std::vector<Route> routes_;
};

// Copies channels [from, from + count) of the rows of x to [to, to + count) of y's.
void copyRows(const Tensor& x, int64_t from, Tensor& y, int64_t to, int64_t count) {
  const int64_t sites = x.hw();
  for (int64_t n = 0; n < x.n(); ++n)
    std::memmove(y.data + (n * y.c() + to) * sites, x.data + (n * x.c() + from) * sites,
                 static_cast<size_t>(count * sites) * sizeof(float));
}

void checkJoinable(const Builder& b, const Tensor& a, const Tensor& whole) {
  b.requireChannels(a);
  b.require(a.dims.size() == whole.dims.size() && a.layout == whole.layout && a.n() == whole.n() &&
                a.h() == whole.h() && a.w() == whole.w(),
            a.name + " and " + whole.name + " may differ in their channels only");
}

// Copies runs of channels of one or several tensors into one tensor; all other channels become zero.
class CopyChannels final : public Kernel {
 public:
  struct Run {
    const Tensor& x;
    int64_t from, to, count;
  };
  CopyChannels(const Builder& b, Tensor& y, std::vector<Run> runs) : y_(y), runs_(std::move(runs)) {
    if (y_.layout != Layout::blocked) return;
    map_.emplace(b, y_);
    for (const Run& run : runs_) map_->take(run.x, run.from, run.to, run.count);
  }
  void run(const Scalars&) override {
    if (map_) return map_->run();
    int64_t copied = 0;
    for (const Run& run : runs_) copied += run.count;
    if (copied < y_.c()) std::fill_n(y_.data, y_.logical(), 0.0f);
    for (const Run& run : runs_) copyRows(run.x, run.from, y_, run.to, run.count);
  }

 private:
  Tensor& y_;
  const std::vector<Run> runs_;
  std::optional<ChannelMap> map_;
};

// Between a feature map in blocks and its rows [N, C·H·W].
class Flatten final : public Kernel {
 public:
  Flatten(const Builder& b, Tensor& map, Tensor& rows, bool toRows)
      : map_(map), rows_(rows), toRows_(toRows), threads_(b.threads) {
    b.requireMap(map_);
    b.requireRows(rows_);
    b.require(rows_.n() == map_.n() && rows_.c() == map_.c() * map_.hw(),
              rows_.name + " must hold the elements of " + map_.name);
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
    b.requireRows(x_);
    b.requireSame(x_, y_);
  }
  void run(const Scalars&) override { std::memmove(y_.data, x_.data, y_.bytes()); }

 private:
  Tensor &x_, &y_;
};

}  // namespace

std::unique_ptr<Kernel> makeConcat(const Builder& b) {
  Tensor& y = b.out("y");
  std::vector<CopyChannels::Run> runs;
  int64_t channels = 0;
  for (const Tensor* x : b.numbered()) {
    checkJoinable(b, *x, y);
    runs.push_back({*x, 0, channels, x->c()});
    channels += x->c();
  }
  b.require(channels == y.c(), y.name + " must have the channels of all inputs");
  return std::make_unique<CopyChannels>(b, y, std::move(runs));
}
std::unique_ptr<Kernel> makeSliceChannels(const Builder& b) {
  Tensor &x = b.in("x"), &y = b.out("y");
  const int64_t start = b.call.integer("start", 0, kMostElements);
  checkJoinable(b, x, y);
  b.require(start + y.c() <= x.c(), "the slice reaches past the channels of " + x.name);
  return std::make_unique<CopyChannels>(b, y, std::vector<CopyChannels::Run>{{x, start, 0, y.c()}});
}
std::unique_ptr<Kernel> makePadChannels(const Builder& b) {
  Tensor &x = b.in("x"), &y = b.out("y");
  const int64_t before = b.call.integer("before", 0, kMostElements);
  checkJoinable(b, x, y);
  b.require(before + x.c() <= y.c(), y.name + " has too few channels");
  return std::make_unique<CopyChannels>(b, y, std::vector<CopyChannels::Run>{{x, 0, before, x.c()}});
}
std::unique_ptr<Kernel> makeChannelShuffle(const Builder& b) {
  Tensor &x = b.in("x"), &y = b.out("y");
  b.requireMap(x);
  b.requireSame(x, y);
  const int64_t groups = b.call.integer("groups", 1, x.c()), width = x.c() / groups;
  b.require(width * groups == x.c(), "the channels of " + x.name + " must fall into equal groups");
  b.require(x.c() <= 1 << 20, x.name + " has too many channels");
  std::vector<CopyChannels::Run> runs;
  for (int64_t c = 0; c < x.c(); ++c) runs.push_back({x, c, c % width * groups + c / width, 1});
  return std::make_unique<CopyChannels>(b, y, std::move(runs));
}
std::unique_ptr<Kernel> makeFlatten(const Builder& b) {
  if (b.in("x").layout == Layout::plain) return std::make_unique<CopyRows>(b, b.in("x"), b.out("y"));
  return std::make_unique<Flatten>(b, b.in("x"), b.out("y"), true);
}
std::unique_ptr<Kernel> makeUnflatten(const Builder& b) {
  if (b.out("y").layout == Layout::plain) return std::make_unique<CopyRows>(b, b.in("x"), b.out("y"));
  return std::make_unique<Flatten>(b, b.out("y"), b.in("x"), false);
}

}  // namespace rectio
