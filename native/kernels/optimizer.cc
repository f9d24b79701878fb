// In-place updates of parameters, in any layout. Filling elements are zero and stay zero.
#include <cmath>

#include "../kernel.hpp"

namespace rectio {
namespace {

// The factor that scales a gradient of the given norm down to the limit.
float clipFactor(const Tensor* norm, double limit) {
  if (norm == nullptr) return 1;
  const double length = static_cast<double>(norm->data[0]);
  return length > limit ? static_cast<float>(limit / length) : 1.0f;
}

Tensor* clippingNorm(const Builder& b, double& limit) {
  Tensor* norm = b.inOrNull("norm");
  if (norm == nullptr) return nullptr;
  b.requireVector(*norm, 1);
  limit = b.call.number("clipNorm");
  b.require(limit > 0, "clipNorm must be above 0");
  return norm;
}

class GradientNorm final : public Kernel {
 public:
  explicit GradientNorm(const Builder& b) : x_(b.numbered()), norm_(b.out("norm")), threads_(b.threads) {
    b.requireVector(norm_, 1);
  }
  void run(const Scalars&) override {
    double total = 0;
    for (const Tensor* x : x_) {
      const int64_t count = x->physical();
      std::vector<double> sums(static_cast<size_t>(threads_), 0.0);
      parallelParts(count, count < kSerialFloats ? 1 : threads_, [&](int part, int64_t begin, int64_t end) {
        double sum = 0;
        for (int64_t i = begin; i < end; ++i) sum += static_cast<double>(x->data[i]) * static_cast<double>(x->data[i]);
        sums[static_cast<size_t>(part)] = sum;
      });
      for (const double sum : sums) total += sum;
    }
    norm_.data[0] = static_cast<float>(std::sqrt(total));
  }

 private:
  const std::vector<Tensor*> x_;
  Tensor& norm_;
  const int threads_;
};

class Sgd final : public Kernel {
 public:
  explicit Sgd(const Builder& b)
      : gradient_(b.in("gradient")),
        norm_(clippingNorm(b, limit_)),
        parameter_(b.update("parameter")),
        momentum_(static_cast<float>(b.call.number("momentum"))),
        decay_(static_cast<float>(b.call.number("weightDecay"))),
        nesterov_(b.call.flag("nesterov")),
        threads_(b.threads) {
    b.requireSame(gradient_, parameter_);
    if (momentum_ == 0) return;
    velocity_ = &b.update("velocity");
    b.requireSame(*velocity_, parameter_);
  }
  void run(const Scalars& scalars) override {
    const Vec rate = splat(scalars.learningRate), factor = splat(clipFactor(norm_, limit_)), decay = splat(decay_),
              momentum = splat(momentum_);
    parallelFor(parameter_.vectors(), kBlock, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock) {
        const Vec p = load(parameter_.data + i);
        const Vec g = fma(decay, p, load(gradient_.data + i) * factor);
        Vec direction = g;
        if (velocity_ != nullptr) {
          const Vec v = fma(momentum, load(velocity_->data + i), g);
          store(velocity_->data + i, v);
          direction = nesterov_ ? fma(momentum, v, g) : v;
        }
        store(parameter_.data + i, p - rate * direction);
      }
    });
  }

 private:
  double limit_ = 0;
  Tensor &gradient_, *norm_, &parameter_, *velocity_ = nullptr;
  const float momentum_, decay_;
  const bool nesterov_;
  const int threads_;
};

class AdamW final : public Kernel {
 public:
  explicit AdamW(const Builder& b)
      : gradient_(b.in("gradient")),
        norm_(clippingNorm(b, limit_)),
        parameter_(b.update("parameter")),
        first_(b.update("firstMoment")),
        second_(b.update("secondMoment")),
        beta1_(b.call.number("beta1")),
        beta2_(b.call.number("beta2")),
        epsilon_(b.call.number("epsilon")),
        decay_(b.call.number("weightDecay")),
        threads_(b.threads) {
    for (const Tensor* t : {&gradient_, &first_, &second_}) b.requireSame(*t, parameter_);
  }
  void run(const Scalars& scalars) override {
    const double rate = static_cast<double>(scalars.learningRate), count = static_cast<double>(scalars.step) + 1;
    const float factor = clipFactor(norm_, limit_), shrink = static_cast<float>(1 - rate * decay_);
    const float pace = static_cast<float>(rate / (1 - std::pow(beta1_, count)));
    const float spread = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2_, count)));
    const float keep1 = static_cast<float>(beta1_), take1 = static_cast<float>(1 - beta1_);
    const float keep2 = static_cast<float>(beta2_), take2 = static_cast<float>(1 - beta2_),
                epsilon = static_cast<float>(epsilon_);
    parallelFor(parameter_.physical(), 1, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float g = gradient_.data[i] * factor;
        const float m = keep1 * first_.data[i] + take1 * g;
        const float v = keep2 * second_.data[i] + take2 * g * g;
        first_.data[i] = m;
        second_.data[i] = v;
        parameter_.data[i] = parameter_.data[i] * shrink - pace * m / (std::sqrt(v) * spread + epsilon);
      }
    });
  }

 private:
  double limit_ = 0;
  Tensor &gradient_, *norm_, &parameter_, &first_, &second_;
  const double beta1_, beta2_, epsilon_, decay_;
  const int threads_;
};

class MovingAverage final : public Kernel {
 public:
  explicit MovingAverage(const Builder& b) : x_(b.in("x")), average_(b.update("average")), threads_(b.threads) {
    b.requireSame(x_, average_);
  }
  void run(const Scalars& scalars) override {
    const Vec keep = splat(scalars.averageDecay), take = splat(1 - scalars.averageDecay);
    parallelFor(x_.vectors(), kBlock, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * kBlock; i < end * kBlock; i += kBlock)
        store(average_.data + i, fma(keep, load(average_.data + i), take * load(x_.data + i)));
    });
  }

 private:
  Tensor &x_, &average_;
  const int threads_;
};

}  // namespace

std::unique_ptr<Kernel> makeGradientNorm(const Builder& b) { return std::make_unique<GradientNorm>(b); }
std::unique_ptr<Kernel> makeSgd(const Builder& b) { return std::make_unique<Sgd>(b); }
std::unique_ptr<Kernel> makeAdamW(const Builder& b) { return std::make_unique<AdamW>(b); }
std::unique_ptr<Kernel> makeMovingAverage(const Builder& b) { return std::make_unique<MovingAverage>(b); }

}  // namespace rectio
