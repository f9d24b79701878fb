// The end of a network: linear layers, and softmax with cross entropy.
#include <cmath>

#include "../kernel.hpp"

namespace rectio {
namespace {

// x [N, in], y [N, out], weight [out, in].
void checkLinear(const Builder& b, const Tensor& x, const Tensor& weight, const Tensor& y) {
  b.requireRows(x);
  b.requireRows(y);
  b.require(weight.layout == Layout::plain && weight.dims == Dims({y.c(), x.c()}) && x.n() == y.n(),
            weight.name + " does not fit between " + x.name + " and " + y.name);
}

class Linear final : public Kernel {
 public:
  explicit Linear(const Builder& b)
      : x_(b.in("x")), weight_(b.in("weight")), bias_(b.inOrNull("bias")), y_(b.out("y")) {
    checkLinear(b, x_, weight_, y_);
    if (bias_ != nullptr) b.requireVector(*bias_, y_.c());
  }
  void run(const Scalars&) override {
    dnn::multiply(false, true, x_.n(), y_.c(), x_.c(), x_.data, weight_.data, y_.data);
    if (bias_ == nullptr) return;
    for (int64_t n = 0; n < y_.n(); ++n)
      for (int64_t c = 0; c < y_.c(); ++c) y_.data[n * y_.c() + c] += bias_->data[c];
  }

 private:
  Tensor &x_, &weight_, *bias_, &y_;
};

class LinearDataGradient final : public Kernel {
 public:
  explicit LinearDataGradient(const Builder& b) : dy_(b.in("dy")), weight_(b.in("weight")), dx_(b.out("dx")) {
    checkLinear(b, dx_, weight_, dy_);
  }
  void run(const Scalars&) override {
    dnn::multiply(false, false, dy_.n(), dx_.c(), dy_.c(), dy_.data, weight_.data, dx_.data);
  }

 private:
  Tensor &dy_, &weight_, &dx_;
};

class LinearWeightGradient final : public Kernel {
 public:
  explicit LinearWeightGradient(const Builder& b)
      : x_(b.in("x")), dy_(b.in("dy")), dweight_(b.out("dweight")), dbias_(b.outOrNull("dbias")) {
    checkLinear(b, x_, dweight_, dy_);
    if (dbias_ != nullptr) b.requireVector(*dbias_, dy_.c());
  }
  void run(const Scalars&) override {
    dnn::multiply(true, false, dy_.c(), x_.c(), x_.n(), dy_.data, x_.data, dweight_.data);
    if (dbias_ == nullptr) return;
    for (int64_t c = 0; c < dy_.c(); ++c) {
      double sum = 0;
      for (int64_t n = 0; n < dy_.n(); ++n) sum += static_cast<double>(dy_.data[n * dy_.c() + c]);
      dbias_->data[c] = static_cast<float>(sum);
    }
  }

 private:
  Tensor &x_, &dy_, &dweight_, *dbias_;
};

class SoftmaxCrossEntropy final : public Kernel {
 public:
  explicit SoftmaxCrossEntropy(const Builder& b)
      : logits_(b.in("logits")),
        targets_(b.in("targets")),
        losses_(b.out("losses")),
        correct_(b.out("correct")),
        dlogits_(b.out("dlogits")),
        smoothing_(b.call.number("labelSmoothing")),
        threads_(b.threads) {
    b.requireRows(logits_);
    b.requireSame(logits_, targets_);
    b.requireSame(logits_, dlogits_);
    b.requireVector(losses_, logits_.n());
    b.requireVector(correct_, logits_.n());
  }
  void run(const Scalars&) override {
    const int64_t classes = logits_.c();
    const double keep = 1 - smoothing_, spread = smoothing_ / static_cast<double>(classes),
                 share = 1 / static_cast<double>(logits_.n());
    parallelFor(logits_.n(), classes * 16, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        const float* z = logits_.data + n * classes;
        const float* t = targets_.data + n * classes;
        const float* largest = std::max_element(z, z + classes);
        double total = 0;
        for (int64_t k = 0; k < classes; ++k)
          total += std::exp(static_cast<double>(z[k]) - static_cast<double>(*largest));
        const double logTotal = std::log(total) + static_cast<double>(*largest);
        double loss = 0, mass = 0;
        for (int64_t k = 0; k < classes; ++k) {
          const double target = static_cast<double>(t[k]) * keep + spread;
          // A class with target 0 may have an infinite loss; 0·∞ counts as 0.
          if (target != 0) loss -= target * (static_cast<double>(z[k]) - logTotal);
          mass += target;
        }
        for (int64_t k = 0; k < classes; ++k) {
          const double target = static_cast<double>(t[k]) * keep + spread;
          dlogits_.data[n * classes + k] =
              static_cast<float>((mass * std::exp(static_cast<double>(z[k]) - logTotal) - target) * share);
        }
        losses_.data[n] = static_cast<float>(loss);
        correct_.data[n] = largest - z == std::max_element(t, t + classes) - t ? 1.0f : 0.0f;
      }
    });
  }

 private:
  Tensor &logits_, &targets_, &losses_, &correct_, &dlogits_;
  const double smoothing_;
  const int threads_;
};

}  // namespace

std::unique_ptr<Kernel> makeLinear(const Builder& b) { return std::make_unique<Linear>(b); }
std::unique_ptr<Kernel> makeLinearDataGradient(const Builder& b) { return std::make_unique<LinearDataGradient>(b); }
std::unique_ptr<Kernel> makeLinearWeightGradient(const Builder& b) { return std::make_unique<LinearWeightGradient>(b); }
std::unique_ptr<Kernel> makeSoftmaxCrossEntropy(const Builder& b) { return std::make_unique<SoftmaxCrossEntropy>(b); }

}  // namespace rectio
