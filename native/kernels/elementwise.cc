// Elementwise kernels: activations, sums, dropout, learned scales.
#include <cmath>

#include "../kernel.hpp"

namespace rectio {
namespace {

// Filling channels must stay zero, so a function with f(0) ≠ 0 clears them.
void wipeFilling(Tensor& t, int threads) {
  if (t.layout != Layout::blocked || t.c() % kBlock == 0) return;
  const int64_t blocks = t.blocks(), sites = t.hw(), used = t.c() % kBlock;
  parallelFor(t.n(), sites * kBlock, threads, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      for (int64_t site = 0; site < sites; ++site) {
        float* at = t.data + ((n * blocks + blocks - 1) * sites + site) * kBlock;
        std::fill(at + used, at + kBlock, 0.0f);
      }
  });
}

constexpr float kInverseSqrt2 = 0.70710678118654752f, kInverseSqrt2Pi = 0.39894228040143268f;

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }
float normalCdf(float x) { return 0.5f * std::erfc(-x * kInverseSqrt2); }

template <typename F>
Vec lanes(Vec x, F f) {
  Vec y;
  for (int lane = 0; lane < kBlock; ++lane) y[lane] = f(x[lane]);
  return y;
}

// The functions without learned parameters: value from x, derivative from what was saved (y for relu and relu6, else
// x).
enum class Function { relu, leakyRelu, relu6, silu, gelu, sigmoid, hardSwish, hardSigmoid };

inline Vec clipToSix(Vec x) {
  const Vec positive = relu(x);
  return positive > splat(6) ? splat(6) : positive;
}

template <Function kFunction>
Vec value(Vec x, Vec slope) {
  if constexpr (kFunction == Function::relu) return relu(x);
  if constexpr (kFunction == Function::leakyRelu) return x < Vec{} ? x * slope : x;
  if constexpr (kFunction == Function::relu6) return clipToSix(x);
  if constexpr (kFunction == Function::silu) return lanes(x, [](float v) { return v * sigmoid(v); });
  if constexpr (kFunction == Function::gelu) return lanes(x, [](float v) { return v * normalCdf(v); });
  if constexpr (kFunction == Function::sigmoid) return lanes(x, sigmoid);
  if constexpr (kFunction == Function::hardSwish) return x * clipToSix(x + splat(3)) * splat(1.0f / 6);
  if constexpr (kFunction == Function::hardSigmoid) return clipToSix(x + splat(3)) * splat(1.0f / 6);
}

template <Function kFunction>
Vec derivative(Vec saved, Vec slope) {
  const Vec one = splat(1);
  if constexpr (kFunction == Function::relu) return saved > Vec{} ? one : Vec{};
  if constexpr (kFunction == Function::leakyRelu) return saved > Vec{} ? one : slope;
  if constexpr (kFunction == Function::relu6) return (saved > Vec{}) & (saved < splat(6)) ? one : Vec{};
  if constexpr (kFunction == Function::silu)
    return lanes(saved, [](float v) {
      const float s = sigmoid(v);
      return s * (1 + v * (1 - s));
    });
  if constexpr (kFunction == Function::gelu)
    return lanes(saved, [](float v) { return normalCdf(v) + v * kInverseSqrt2Pi * std::exp(-0.5f * v * v); });
  if constexpr (kFunction == Function::sigmoid)
    return lanes(saved, [](float v) {
      const float s = sigmoid(v);
      return s * (1 - s);
    });
  if constexpr (kFunction == Function::hardSwish) {
    const Vec between = fma(saved, splat(1.0f / 3), splat(0.5f));
    return saved <= splat(-3) ? Vec{} : saved >= splat(3) ? one : between;
  }
  if constexpr (kFunction == Function::hardSigmoid)
    return (saved > splat(-3)) & (saved < splat(3)) ? splat(1.0f / 6) : Vec{};
}

template <Function kFunction>
void forwardPass(const Tensor& x, Tensor& y, float slope, int threads) {
  parallelFor(x.vectors(), kBlock, threads, [&](int64_t begin, int64_t end) {
    const Vec a = splat(slope);
    for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock)
      store(y.data + i, value<kFunction>(load(x.data + i), a));
  });
}
template <Function kFunction>
void backwardPass(const Tensor& saved, const Tensor& dy, Tensor& dx, float slope, int threads) {
  parallelFor(saved.vectors(), kBlock, threads, [&](int64_t begin, int64_t end) {
    const Vec a = splat(slope);
    for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock)
      store(dx.data + i, load(dy.data + i) * derivative<kFunction>(load(saved.data + i), a));
  });
}

struct FunctionRow {
  void (*forward)(const Tensor&, Tensor&, float, int);
  void (*backward)(const Tensor&, const Tensor&, Tensor&, float, int);
  bool zeroAtZero;
};
template <Function kFunction>
constexpr FunctionRow row(bool zeroAtZero) {
  return {forwardPass<kFunction>, backwardPass<kFunction>, zeroAtZero};
}

const FunctionRow& functionRow(const Builder& b) {
  static const std::map<std::string, FunctionRow> rows{
      {"relu", row<Function::relu>(true)},           {"leakyRelu", row<Function::leakyRelu>(true)},
      {"relu6", row<Function::relu6>(true)},         {"silu", row<Function::silu>(true)},
      {"gelu", row<Function::gelu>(true)},           {"sigmoid", row<Function::sigmoid>(false)},
      {"hardSwish", row<Function::hardSwish>(true)}, {"hardSigmoid", row<Function::hardSigmoid>(false)},
  };
  const auto found = rows.find(b.call.text("function.name"));
  if (found == rows.end()) b.fail("unknown function " + b.call.text("function.name"));
  return found->second;
}

float slopeOf(const Builder& b) {
  return b.call.text("function.name") == "leakyRelu" ? static_cast<float>(b.call.number("function.slope")) : 0.0f;
}

class Activation final : public Kernel {
 public:
  explicit Activation(const Builder& b)
      : x_(b.in("x")), y_(b.out("y")), row_(functionRow(b)), slope_(slopeOf(b)), threads_(b.threads) {
    b.requireSame(x_, y_);
  }
  void run(const Scalars&) override {
    row_.forward(x_, y_, slope_, threads_);
    if (!row_.zeroAtZero) wipeFilling(y_, threads_);
  }

 private:
  Tensor &x_, &y_;
  const FunctionRow row_;
  const float slope_;
  const int threads_;
};

class ActivationGradient final : public Kernel {
 public:
  explicit ActivationGradient(const Builder& b)
      : saved_(b.in("saved")),
        dy_(b.in("dy")),
        dx_(b.out("dx")),
        row_(functionRow(b)),
        slope_(slopeOf(b)),
        threads_(b.threads) {
    b.requireSame(saved_, dy_);
    b.requireSame(saved_, dx_);
  }
  void run(const Scalars&) override { row_.backward(saved_, dy_, dx_, slope_, threads_); }

 private:
  Tensor &saved_, &dy_, &dx_;
  const FunctionRow row_;
  const float slope_;
  const int threads_;
};

// A learned factor for each channel (or one for all), laid over a feature map or rows of vectors: calls
// work(offset, vector of factors) for runs of one register each, or element by element for rows.
class ChannelFactors {
 public:
  ChannelFactors(const Builder& b, const Tensor& x, const Tensor& weight) : x_(x), weight_(weight) {
    b.requireChannels(x);
    b.require(weight.layout == Layout::plain && (weight.logical() == x.c() || weight.logical() == 1),
              weight.name + " must hold one value, or one for each channel");
  }
  bool shared() const { return weight_.logical() == 1 && x_.c() != 1; }
  Vec block(int64_t block) const {
    const int64_t first = block * kBlock;
    return shared() ? splat(weight_.data[0]) : loadPartial(weight_.data + first, x_.c() - first);
  }
  float channel(int64_t c) const { return weight_.data[shared() ? 0 : c]; }
  // Sums per channel, added up into the weight's gradient.
  void collect(const std::vector<double>& perChannel, Tensor& gradient) const {
    if (!shared()) {
      for (int64_t c = 0; c < x_.c(); ++c) gradient.data[c] = static_cast<float>(perChannel[static_cast<size_t>(c)]);
      return;
    }
    double total = 0;
    for (const double value : perChannel) total += value;
    gradient.data[0] = static_cast<float>(total);
  }

 private:
  const Tensor &x_, &weight_;
};

// y = combine(x, factor), elementwise.
template <typename Combine>
void withFactors(const Tensor& x, Tensor& y, const ChannelFactors& factors, int threads, const Combine& combine) {
  if (x.layout == Layout::plain) {
    for (int64_t i = 0; i < x.logical(); ++i)
      y.data[i] = combine(splat(x.data[i]), splat(factors.channel(i / x.hw() % x.c())))[0];
    return;
  }
  const int64_t blocks = x.blocks(), sites = x.hw();
  parallelFor(x.n() * blocks, sites * kBlock, threads, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const Vec factor = factors.block(item % blocks);
      for (int64_t i = item * sites * kBlock; i < (item + 1) * sites * kBlock; i += kBlock)
        store(y.data + i, combine(load(x.data + i), factor));
    }
  });
}

// Σ over examples and sites of terms(x, dy), per channel.
template <typename Term>
std::vector<double> channelSums(const Tensor& x, const Tensor& dy, int threads, const Term& term) {
  std::vector<double> sums(static_cast<size_t>(x.c()), 0.0);
  if (x.layout == Layout::plain) {
    for (int64_t i = 0; i < x.logical(); ++i)
      sums[static_cast<size_t>(i / x.hw() % x.c())] +=
          static_cast<double>(term(splat(x.data[i]), splat(dy.data[i]))[0]);
    return sums;
  }
  const int64_t blocks = x.blocks(), sites = x.hw();
  parallelFor(blocks, x.n() * sites * kBlock, threads, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      for (int64_t n = 0; n < x.n(); ++n) {
        Vec sum{};
        for (int64_t site = 0; site < sites; ++site) {
          const int64_t i = ((n * blocks + block) * sites + site) * kBlock;
          sum += term(load(x.data + i), load(dy.data + i));
        }
        for (int64_t c = block * kBlock; c < std::min(x.c(), (block + 1) * kBlock); ++c)
          sums[static_cast<size_t>(c)] += static_cast<double>(sum[c % kBlock]);
      }
  });
  return sums;
}

class Prelu final : public Kernel {
 public:
  explicit Prelu(const Builder& b)
      : x_(b.in("x")), y_(b.out("y")), factors_(b, x_, b.in("weight")), threads_(b.threads) {
    b.requireSame(x_, y_);
  }
  void run(const Scalars&) override {
    withFactors(x_, y_, factors_, threads_, [](Vec x, Vec slope) { return x < Vec{} ? x * slope : x; });
  }

 private:
  Tensor &x_, &y_;
  const ChannelFactors factors_;
  const int threads_;
};

class PreluGradient final : public Kernel {
 public:
  explicit PreluGradient(const Builder& b)
      : x_(b.in("saved")),
        dy_(b.in("dy")),
        dx_(b.out("dx")),
        dweight_(b.out("dweight")),
        factors_(b, x_, b.in("weight")),
        threads_(b.threads) {
    b.requireSame(x_, dy_);
    b.requireSame(x_, dx_);
    b.requireSame(dweight_, b.in("weight"));
  }
  void run(const Scalars&) override {
    factors_.collect(channelSums(x_, dy_, threads_, [](Vec x, Vec dy) { return x < Vec{} ? x * dy : Vec{}; }),
                     dweight_);
    withFactors(x_, dx_, factors_, threads_, [](Vec x, Vec slope) { return x > Vec{} ? splat(1) : slope; });
    parallelFor(x_.vectors(), kBlock, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock)
        store(dx_.data + i, load(dx_.data + i) * load(dy_.data + i));
    });
  }

 private:
  Tensor &x_, &dy_, &dx_, &dweight_;
  const ChannelFactors factors_;
  const int threads_;
};

class Scale final : public Kernel {
 public:
  explicit Scale(const Builder& b)
      : x_(b.in("x")), y_(b.out("y")), factors_(b, x_, b.in("weight")), threads_(b.threads) {
    b.requireSame(x_, y_);
  }
  void run(const Scalars&) override {
    withFactors(x_, y_, factors_, threads_, [](Vec x, Vec factor) { return x * factor; });
  }

 private:
  Tensor &x_, &y_;
  const ChannelFactors factors_;
  const int threads_;
};

class ScaleGradient final : public Kernel {
 public:
  explicit ScaleGradient(const Builder& b)
      : x_(b.in("x")),
        dy_(b.in("dy")),
        dweight_(b.out("dweight")),
        dx_(b.outOrNull("dx")),
        factors_(b, x_, b.in("weight")),
        threads_(b.threads) {
    b.requireSame(x_, dy_);
    if (dx_ != nullptr) b.requireSame(x_, *dx_);
    b.requireSame(dweight_, b.in("weight"));
  }
  void run(const Scalars&) override {
    factors_.collect(channelSums(x_, dy_, threads_, [](Vec x, Vec dy) { return x * dy; }), dweight_);
    if (dx_ != nullptr) withFactors(dy_, *dx_, factors_, threads_, [](Vec dy, Vec factor) { return dy * factor; });
  }

 private:
  Tensor &x_, &dy_, &dweight_, *dx_;
  const ChannelFactors factors_;
  const int threads_;
};

// The offset of element (c, site) from the start of its example.
int64_t placeOf(const Tensor& x, int64_t c, int64_t site) {
  if (x.layout == Layout::plain) return c * x.hw() + site;
  return (c / kBlock * x.hw() + site) * kBlock + c % kBlock;
}
int64_t exampleSize(const Tensor& x) { return x.physical() / x.n(); }

void checkElementWeight(const Builder& b, const Tensor& x, const Tensor& weight) {
  b.requireChannels(x);
  b.requireVector(weight, x.c() * x.hw());
}

class ElementScale final : public Kernel {
 public:
  explicit ElementScale(const Builder& b)
      : x_(b.in("x")), weight_(b.in("weight")), y_(b.out("y")), threads_(b.threads) {
    b.requireSame(x_, y_);
    checkElementWeight(b, x_, weight_);
  }
  void run(const Scalars&) override {
    const int64_t size = exampleSize(x_);
    parallelFor(x_.n(), size, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        if (x_.layout == Layout::blocked) std::fill_n(y_.data + n * size, size, 0.0f);
        for (int64_t c = 0; c < x_.c(); ++c)
          for (int64_t site = 0; site < x_.hw(); ++site) {
            const int64_t at = n * size + placeOf(x_, c, site);
            y_.data[at] = x_.data[at] * weight_.data[c * x_.hw() + site];
          }
      }
    });
  }

 private:
  Tensor &x_, &weight_, &y_;
  const int threads_;
};

class ElementScaleGradient final : public Kernel {
 public:
  explicit ElementScaleGradient(const Builder& b)
      : x_(b.in("x")),
        weight_(b.in("weight")),
        dy_(b.in("dy")),
        dweight_(b.out("dweight")),
        dx_(b.outOrNull("dx")),
        threads_(b.threads) {
    b.requireSame(x_, dy_);
    if (dx_ != nullptr) b.requireSame(x_, *dx_);
    checkElementWeight(b, x_, weight_);
    b.requireSame(dweight_, weight_);
  }
  void run(const Scalars&) override {
    const int64_t size = exampleSize(x_), sites = x_.hw();
    if (dx_ != nullptr) std::fill_n(dx_->data, dx_->physical(), 0.0f);
    parallelFor(x_.c(), x_.n() * sites, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c)
        for (int64_t site = 0; site < sites; ++site) {
          double sum = 0;
          for (int64_t n = 0; n < x_.n(); ++n) {
            const int64_t at = n * size + placeOf(x_, c, site);
            sum += static_cast<double>(x_.data[at]) * static_cast<double>(dy_.data[at]);
            if (dx_ != nullptr) dx_->data[at] = dy_.data[at] * weight_.data[c * sites + site];
          }
          dweight_.data[c * sites + site] = static_cast<float>(sum);
        }
    });
  }

 private:
  Tensor &x_, &weight_, &dy_, &dweight_, *dx_;
  const int threads_;
};

class Sum final : public Kernel {
 public:
  explicit Sum(const Builder& b) : x_(b.numbered()), y_(b.out("y")), relu_(b.call.flag("relu")), threads_(b.threads) {
    for (const Tensor* x : x_) b.requireSame(*x, y_);
  }
  void run(const Scalars&) override {
    parallelFor(y_.vectors(), kBlock, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock) {
        Vec total = load(x_[0]->data + i);
        for (size_t k = 1; k < x_.size(); ++k) total += load(x_[k]->data + i);
        store(y_.data + i, relu_ ? relu(total) : total);
      }
    });
  }

 private:
  const std::vector<Tensor*> x_;
  Tensor& y_;
  const bool relu_;
  const int threads_;
};

// Philox4x32-10 (Salmon et al. 2011); the same words as src/base/random.ts.
void philox(uint32_t counter[4], uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xd2511f53} * counter[0], b = uint64_t{0xcd9e8d57} * counter[2];
    const uint32_t next[4] = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(b),
                              static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(a)};
    std::copy(next, next + 4, counter);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
}

// The random draws of dropout: one number for each element, or one for each example.
struct Draws {
  double rate;
  uint32_t seed, stream;

  explicit Draws(const Builder& b)
      : rate(b.call.number("rate")),
        seed(static_cast<uint32_t>(b.call.integer("seed", 0, 0xffffffff))),
        stream(static_cast<uint32_t>(b.call.integer("stream", 0, 0xffffffff))) {
    b.require(rate >= 0 && rate < 1, "rate must be at least 0 and below 1");
  }
  uint64_t threshold() const { return static_cast<uint64_t>(std::floor(rate * 4294967296.0)); }
  float factor() const { return static_cast<float>(1 / (1 - rate)); }
  // The random words for elements 4·block to 4·block + 3.
  void draw(int64_t block, uint32_t step, uint32_t words[4]) const {
    words[0] = static_cast<uint32_t>(block), words[1] = step, words[2] = stream, words[3] = 0;
    philox(words, seed, 0x64726f70);
  }
};

class Dropout final : public Kernel {
 public:
  explicit Dropout(const Builder& b) : x_(b.in("x")), y_(b.out("y")), draws_(b), threads_(b.threads) {
    b.requireChannels(x_);
    b.requireSame(x_, y_);
  }
  void run(const Scalars& scalars) override {
    const uint64_t threshold = draws_.threshold();
    const float factor = draws_.factor();
    const int64_t channels = x_.c(), sites = x_.hw(), size = exampleSize(x_);
    parallelFor(x_.n(), size, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        if (x_.layout == Layout::blocked) std::fill_n(y_.data + n * size, size, 0.0f);
        uint32_t words[4] = {};
        int64_t drawn = -1;
        for (int64_t c = 0; c < channels; ++c)
          for (int64_t site = 0; site < sites; ++site) {
            const int64_t element = (n * channels + c) * sites + site;
            if (element / 4 != drawn) {
              drawn = element / 4;
              draws_.draw(drawn, scalars.step, words);
            }
            const int64_t at = n * size + placeOf(x_, c, site);
            y_.data[at] = words[element % 4] >= threshold ? x_.data[at] * factor : 0.0f;
          }
      }
    });
  }

 private:
  Tensor &x_, &y_;
  const Draws draws_;
  const int threads_;
};

class ExampleDropout final : public Kernel {
 public:
  explicit ExampleDropout(const Builder& b) : x_(b.in("x")), y_(b.out("y")), draws_(b), threads_(b.threads) {
    b.requireChannels(x_);
    b.requireSame(x_, y_);
  }
  void run(const Scalars& scalars) override {
    const uint64_t threshold = draws_.threshold();
    const float factor = draws_.factor();
    const int64_t size = exampleSize(x_);
    parallelFor(x_.n(), size, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        uint32_t words[4];
        draws_.draw(n / 4, scalars.step, words);
        const bool kept = words[n % 4] >= threshold;
        for (int64_t i = n * size; i < (n + 1) * size; ++i) y_.data[i] = kept ? x_.data[i] * factor : 0.0f;
      }
    });
  }

 private:
  Tensor &x_, &y_;
  const Draws draws_;
  const int threads_;
};

// Whether `per` says element, and not the other word.
bool perElement(const Builder& b, const std::string& other) {
  const std::string per = b.call.text("per");
  b.require(per == other || per == "element", "per must be " + other + " or element");
  return per == "element";
}

}  // namespace

std::unique_ptr<Kernel> makeActivation(const Builder& b) {
  if (b.call.text("function.name") == "prelu") return std::make_unique<Prelu>(b);
  return std::make_unique<Activation>(b);
}
std::unique_ptr<Kernel> makeActivationGradient(const Builder& b) {
  if (b.call.text("function.name") == "prelu") return std::make_unique<PreluGradient>(b);
  return std::make_unique<ActivationGradient>(b);
}
std::unique_ptr<Kernel> makeSum(const Builder& b) { return std::make_unique<Sum>(b); }
std::unique_ptr<Kernel> makeDropout(const Builder& b) {
  if (perElement(b, "example")) return std::make_unique<Dropout>(b);
  return std::make_unique<ExampleDropout>(b);
}
std::unique_ptr<Kernel> makeScale(const Builder& b) {
  if (perElement(b, "channel")) return std::make_unique<ElementScale>(b);
  return std::make_unique<Scale>(b);
}
std::unique_ptr<Kernel> makeScaleGradient(const Builder& b) {
  if (perElement(b, "channel")) return std::make_unique<ElementScaleGradient>(b);
  return std::make_unique<ScaleGradient>(b);
}

}  // namespace rectio
