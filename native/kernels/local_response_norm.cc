// Local response norm: each channel divided by a power of the sum of squares of its neighbors. Windows of channels
// cross the boundaries of blocks, so each position's channels are copied into one row, with zeros before and after.
#include <cmath>

#include "../kernel.hpp"

namespace rectio {
namespace {

// One row for each thread: all channels in whole blocks, and the margins that windows reach into.
class Rows {
 public:
  Rows(int64_t blocks, int64_t margin, int threads)
      : margin_((margin + kBlock - 1) / kBlock * kBlock), length_(blocks * kBlock + 2 * margin_), threads_(threads) {}
  size_t bytes() const { return static_cast<size_t>(length_ * threads_) * sizeof(float); }
  void bind(char* memory) { memory_ = reinterpret_cast<float*>(memory); }
  // Channel 0 of a thread's row. The margins are zero and stay zero, because only channels are written.
  float* cleared(int part) const {
    float* row = memory_ + part * length_;
    std::fill_n(row, length_, 0.0f);
    return row + margin_;
  }

 private:
  const int64_t margin_, length_;
  const int threads_;
  float* memory_ = nullptr;
};

// The window of channel c is c − before … c + after, limited to the existing channels.
struct Neighborhood {
  int64_t before, after;
  float share, k;
  double beta;

  Neighborhood(const Builder& b, int64_t channels) {
    const int64_t size = b.call.integer("size", 1, kMostElements);
    before = std::min(size / 2, channels - 1), after = std::min((size - 1) / 2, channels - 1);
    share = static_cast<float>(b.call.number("alpha") / static_cast<double>(size));
    k = static_cast<float>(b.call.number("k")), beta = b.call.number("beta");
  }
  int64_t margin() const { return std::max(before, after); }

  // Σ of row[c − low … c + high] for a block's channels, the first of which is row[0].
  static Vec windowSum(const float* row, int64_t low, int64_t high) {
    Vec sum{};
    for (int64_t c = -low; c <= high; ++c) sum += loadUnaligned(row + c);
    return sum;
  }
  Vec divisor(const float* squares) const { return fma(windowSum(squares, before, after), splat(share), splat(k)); }
  Vec power(Vec s) const {
    Vec y;
    for (int lane = 0; lane < kBlock; ++lane) y[lane] = std::pow(s[lane], static_cast<float>(-beta));
    return y;
  }
};

// Calls work(part, offset of the position's first register) for every position of every example.
template <typename Work>
void eachPosition(const Tensor& x, int threads, const Work& work) {
  const int64_t blocks = x.blocks(), sites = x.hw();
  const int useful = x.n() * blocks * sites * kBlock < kSerialFloats ? 1 : threads;
  parallelParts(x.n() * sites, useful, [&](int part, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(part, (i / sites * blocks * sites + i % sites) * kBlock);
  });
}

void fillSquares(const Tensor& x, int64_t at, float* squares) {
  for (int64_t block = 0; block < x.blocks(); ++block) {
    const Vec v = load(x.data + at + block * x.hw() * kBlock);
    store(squares + block * kBlock, v * v);
  }
}

class LocalResponseNorm final : public Kernel {
 public:
  explicit LocalResponseNorm(const Builder& b)
      : x_(b.in("x")),
        y_(b.out("y")),
        near_(b, x_.c()),
        threads_(b.threads),
        squares_(x_.blocks(), near_.margin(), threads_) {
    b.requireMap(x_);
    b.requireSame(x_, y_);
  }
  size_t scratchBytes() const override { return squares_.bytes(); }
  void bind(char* scratch) override { squares_.bind(scratch); }

  void run(const Scalars&) override {
    eachPosition(x_, threads_, [&](int part, int64_t at) {
      float* squares = squares_.cleared(part);
      fillSquares(x_, at, squares);
      for (int64_t block = 0; block < x_.blocks(); ++block) {
        const int64_t here = at + block * x_.hw() * kBlock;
        const Vec y = load(x_.data + here) * near_.power(near_.divisor(squares + block * kBlock));
        store(y_.data + here, keep(usedLanes(block, x_.c()), y));
      }
    });
  }

 private:
  Tensor &x_, &y_;
  const Neighborhood near_;
  const int threads_;
  Rows squares_;
};

class LocalResponseNormGradient final : public Kernel {
 public:
  explicit LocalResponseNormGradient(const Builder& b)
      : x_(b.in("x")),
        dy_(b.in("dy")),
        dx_(b.out("dx")),
        near_(b, x_.c()),
        threads_(b.threads),
        squares_(x_.blocks(), near_.margin(), threads_),
        passed_(x_.blocks(), near_.margin(), threads_) {
    b.requireMap(x_);
    b.requireSame(x_, dy_);
    b.requireSame(x_, dx_);
  }
  size_t scratchBytes() const override { return squares_.bytes() + passed_.bytes(); }
  void bind(char* scratch) override {
    squares_.bind(scratch);
    passed_.bind(scratch + squares_.bytes());
  }

  void run(const Scalars&) override {
    const Vec lean = splat(static_cast<float>(2 * near_.beta) * near_.share);
    eachPosition(x_, threads_, [&](int part, int64_t at) {
      float *squares = squares_.cleared(part), *passed = passed_.cleared(part);
      fillSquares(x_, at, squares);
      for (int64_t block = 0; block < x_.blocks(); ++block) {
        const int64_t here = at + block * x_.hw() * kBlock;
        const Vec s = near_.divisor(squares + block * kBlock), power = near_.power(s), dy = load(dy_.data + here);
        const VecMask used = usedLanes(block, x_.c());
        store(passed + block * kBlock, keep(used, dy * load(x_.data + here) * power / s));
        store(dx_.data + here, keep(used, dy * power));
      }
      // The windows that contain a channel: its own window, mirrored.
      for (int64_t block = 0; block < x_.blocks(); ++block) {
        const int64_t here = at + block * x_.hw() * kBlock;
        const Vec through = Neighborhood::windowSum(passed + block * kBlock, near_.after, near_.before);
        store(dx_.data + here, load(dx_.data + here) - lean * load(x_.data + here) * through);
      }
    });
  }

 private:
  Tensor &x_, &dy_, &dx_;
  const Neighborhood near_;
  const int threads_;
  Rows squares_, passed_;
};

}  // namespace

std::unique_ptr<Kernel> makeLocalResponseNorm(const Builder& b) { return std::make_unique<LocalResponseNorm>(b); }
std::unique_ptr<Kernel> makeLocalResponseNormGradient(const Builder& b) {
  return std::make_unique<LocalResponseNormGradient>(b);
}

}  // namespace rectio
