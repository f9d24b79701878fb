// Layer norm over the channels of each position. Channels are spread over lanes and blocks, so kBlock positions are
// processed together and their sums over lanes form one register.
#include <cmath>

#include "../kernel.hpp"
#include "per_channel.hpp"

namespace rectio {
namespace {

// A common view of feature maps in blocks and of rows [N, C, …].
struct Positions {
  int64_t n, channels, blocks, sites;
  bool blocked;

  Positions(const Builder& b, const Tensor& x)
      : n(x.n()), channels(x.c()), blocks(x.blocks()), sites(x.hw()), blocked(x.layout == Layout::blocked) {
    b.requireChannels(x);
    // Values per channel are allocated outside the arena, which checks for room only within itself.
    b.require(channels <= 1 << 20, x.name + " has too many channels");
  }
  void check(const Builder& b, const Tensor& mean, const Tensor& inverse) const {
    b.requireVector(mean, n * sites);
    b.requireVector(inverse, n * sites);
  }
  int64_t tiles() const { return (sites + kBlock - 1) / kBlock; }
  // Where the registers of channels of position `site` begin; those of the next block lie `step()` behind.
  int64_t start(int64_t example, int64_t site) const { return (example * blocks * sites + site) * kBlock; }
  int64_t step() const { return sites * kBlock; }

  // Calls work(part, example, first site, number of sites) for each run of at most kBlock positions.
  template <typename Work>
  void eachTile(int threads, const Work& work) const {
    const int useful = n * sites * channels < kSerialFloats ? 1 : threads;
    parallelParts(n * tiles(), useful, [&](int part, int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const int64_t first = item % tiles() * kBlock;
        work(part, item / tiles(), first, std::min<int64_t>(kBlock, sites - first));
      }
    });
  }
};

class LayerNorm final : public Kernel {
 public:
  explicit LayerNorm(const Builder& b)
      : x_(b.in("x")),
        weight_(b.in("weight")),
        bias_(b.in("bias")),
        y_(b.out("y")),
        mean_(b.out("mean")),
        inverse_(b.out("inverseDeviation")),
        epsilon_(b.call.number("epsilon")),
        threads_(b.threads),
        at_(b, x_) {
    b.requireSame(x_, y_);
    b.requireVector(weight_, at_.channels);
    b.requireVector(bias_, at_.channels);
    at_.check(b, mean_, inverse_);
  }

  void run(const Scalars&) override {
    if (!at_.blocked) return runRows();
    ChannelValues weight(at_.channels), bias(at_.channels);
    for (int64_t c = 0; c < at_.channels; ++c) weight[c] = weight_.data[c], bias[c] = bias_.data[c];
    const VecMask used = usedLanes(at_.blocks - 1, at_.channels);
    const float share = 1 / static_cast<float>(at_.channels);

    at_.eachTile(threads_, [&](int, int64_t n, int64_t first, int64_t count) {
      const float* x = x_.data + at_.start(n, first);
      float* y = y_.data + at_.start(n, first);
      Vec sums[kBlock] = {}, squares[kBlock] = {};
      for (int64_t block = 0; block < at_.blocks; ++block)
        for (int64_t i = 0; i < count; ++i) sums[i] += load(x + block * at_.step() + i * kBlock);
      const Vec mean = sumEach(sums) * splat(share);
      // Sum squares of differences: a difference of squares would lose digits if the mean is large.
      for (int64_t block = 0; block < at_.blocks; ++block)
        for (int64_t i = 0; i < count; ++i) {
          Vec d = load(x + block * at_.step() + i * kBlock) - splat(mean[i]);
          if (block == at_.blocks - 1) d = keep(used, d);
          squares[i] = fma(d, d, squares[i]);
        }
      const Vec variance = sumEach(squares) * splat(share);
      Vec inverse{};
      for (int64_t i = 0; i < count; ++i) {
        inverse[i] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[i]) + epsilon_));
        mean_.data[n * at_.sites + first + i] = mean[i];
        inverse_.data[n * at_.sites + first + i] = inverse[i];
      }
      for (int64_t block = 0; block < at_.blocks; ++block) {
        const Vec a = weight.block(block), b = bias.block(block);
        for (int64_t i = 0; i < count; ++i) {
          const int64_t here = block * at_.step() + i * kBlock;
          const Vec v = fma((load(x + here) - splat(mean[i])) * splat(inverse[i]), a, b);
          store(y + here, block == at_.blocks - 1 ? keep(used, v) : v);
        }
      }
    });
  }

 private:
  void runRows() {
    parallelFor(at_.n, at_.channels * at_.sites, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t position = begin * at_.sites; position < end * at_.sites; ++position) {
        const int64_t start = position / at_.sites * at_.channels * at_.sites + position % at_.sites;
        double sum = 0, squares = 0;
        for (int64_t c = 0; c < at_.channels; ++c) sum += static_cast<double>(x_.data[start + c * at_.sites]);
        const double mean = sum / static_cast<double>(at_.channels);
        for (int64_t c = 0; c < at_.channels; ++c) {
          const double d = static_cast<double>(x_.data[start + c * at_.sites]) - mean;
          squares += d * d;
        }
        const double inverse = 1 / std::sqrt(squares / static_cast<double>(at_.channels) + epsilon_);
        mean_.data[position] = static_cast<float>(mean);
        inverse_.data[position] = static_cast<float>(inverse);
        for (int64_t c = 0; c < at_.channels; ++c) {
          const int64_t i = start + c * at_.sites;
          y_.data[i] =
              static_cast<float>((static_cast<double>(x_.data[i]) - mean) * inverse) * weight_.data[c] + bias_.data[c];
        }
      }
    });
  }

  Tensor &x_, &weight_, &bias_, &y_, &mean_, &inverse_;
  const double epsilon_;
  const int threads_;
  const Positions at_;
};

class LayerNormGradient final : public Kernel {
 public:
  explicit LayerNormGradient(const Builder& b)
      : x_(b.in("x")),
        dy_(b.in("dy")),
        weight_(b.in("weight")),
        mean_(b.in("mean")),
        inverse_(b.in("inverseDeviation")),
        dx_(b.out("dx")),
        dweight_(b.out("dweight")),
        dbias_(b.out("dbias")),
        threads_(b.threads),
        at_(b, x_) {
    b.requireSame(x_, dy_);
    b.requireSame(x_, dx_);
    for (const Tensor* t : {&weight_, &dweight_, &dbias_}) b.requireVector(*t, at_.channels);
    at_.check(b, mean_, inverse_);
    sums_.resize(static_cast<size_t>(threads_ * at_.blocks));
  }

  void run(const Scalars&) override {
    std::fill(sums_.begin(), sums_.end(), PartialSums{});
    if (at_.blocked)
      runBlocks();
    else
      runRows();
    for (int64_t c = 0; c < at_.channels; ++c) {
      double dbias = 0, dweight = 0;
      for (int part = 0; part < threads_; ++part) {
        const PartialSums& sums = sumsOf(part, c / kBlock);
        dbias += sums.first[c % kBlock];
        dweight += sums.second[c % kBlock];
      }
      dbias_.data[c] = static_cast<float>(dbias);
      dweight_.data[c] = static_cast<float>(dweight);
    }
  }

 private:
  PartialSums& sumsOf(int64_t part, int64_t block) { return sums_[static_cast<size_t>(part * at_.blocks + block)]; }

  void runBlocks() {
    ChannelValues weight(at_.channels);
    for (int64_t c = 0; c < at_.channels; ++c) weight[c] = weight_.data[c];
    const VecMask used = usedLanes(at_.blocks - 1, at_.channels);
    const float share = 1 / static_cast<float>(at_.channels);

    at_.eachTile(threads_, [&](int part, int64_t n, int64_t first, int64_t count) {
      const float *x = x_.data + at_.start(n, first), *dy = dy_.data + at_.start(n, first);
      const float *mean = mean_.data + n * at_.sites + first, *inverse = inverse_.data + n * at_.sites + first;
      float* dx = dx_.data + at_.start(n, first);
      const auto normalized = [&](int64_t here, int64_t i) {
        return (load(x + here) - splat(mean[i])) * splat(inverse[i]);
      };
      Vec sums[kBlock] = {}, products[kBlock] = {};
      for (int64_t block = 0; block < at_.blocks; ++block) {
        const Vec a = weight.block(block);
        Vec dbias{}, dweight{};
        for (int64_t i = 0; i < count; ++i) {
          const int64_t here = block * at_.step() + i * kBlock;
          const Vec d = load(dy + here), g = d * a;
          const Vec by = block == at_.blocks - 1 ? keep(used, normalized(here, i)) : normalized(here, i);
          dbias += d;
          dweight = fma(d, by, dweight);
          sums[i] += g;
          products[i] = fma(g, by, products[i]);
        }
        sumsOf(part, block).add(dbias, dweight);
      }
      const Vec sum = sumEach(sums) * splat(share), product = sumEach(products) * splat(share);
      for (int64_t block = 0; block < at_.blocks; ++block) {
        const Vec a = weight.block(block);
        for (int64_t i = 0; i < count; ++i) {
          const int64_t here = block * at_.step() + i * kBlock;
          const Vec v =
              splat(inverse[i]) * (load(dy + here) * a - fma(normalized(here, i), splat(product[i]), splat(sum[i])));
          store(dx + here, block == at_.blocks - 1 ? keep(used, v) : v);
        }
      }
    });
  }

  void runRows() {
    const int useful = at_.n * at_.sites * at_.channels < kSerialFloats ? 1 : threads_;
    parallelParts(at_.n, useful, [&](int part, int64_t begin, int64_t end) {
      for (int64_t position = begin * at_.sites; position < end * at_.sites; ++position) {
        const int64_t start = position / at_.sites * at_.channels * at_.sites + position % at_.sites;
        const double mean = mean_.data[position], inverse = inverse_.data[position];
        const auto normalized = [&](int64_t i) { return (static_cast<double>(x_.data[i]) - mean) * inverse; };
        double sum = 0, product = 0;
        for (int64_t c = 0; c < at_.channels; ++c) {
          const int64_t i = start + c * at_.sites;
          const double d = dy_.data[i], g = d * static_cast<double>(weight_.data[c]);
          PartialSums& sums = sumsOf(part, c / kBlock);
          sums.first[c % kBlock] += d;
          sums.second[c % kBlock] += d * normalized(i);
          sum += g;
          product += g * normalized(i);
        }
        for (int64_t c = 0; c < at_.channels; ++c) {
          const int64_t i = start + c * at_.sites;
          const double g = static_cast<double>(dy_.data[i]) * static_cast<double>(weight_.data[c]);
          dx_.data[i] =
              static_cast<float>(inverse * (g - (sum + normalized(i) * product) / static_cast<double>(at_.channels)));
        }
      }
    });
  }

  Tensor &x_, &dy_, &weight_, &mean_, &inverse_, &dx_, &dweight_, &dbias_;
  const int threads_;
  const Positions at_;
  std::vector<PartialSums> sums_;
};

}  // namespace

std::unique_ptr<Kernel> makeLayerNorm(const Builder& b) { return std::make_unique<LayerNorm>(b); }
std::unique_ptr<Kernel> makeLayerNormGradient(const Builder& b) { return std::make_unique<LayerNormGradient>(b); }

}  // namespace rectio
