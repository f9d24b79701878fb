// Feature maps multiplied by a gate: one value for each channel of each example.
#include "../kernel.hpp"

namespace rectio {
namespace {

void checkGate(const Builder& b, const Tensor& x, const Tensor& gate) {
  b.requireMap(x);
  b.requireMap(gate);
  b.require(gate.n() == x.n() && gate.c() == x.c() && gate.hw() == 1, gate.name + " must be [N, C, 1, 1]");
}

// Calls work(offset of the block in a map, offset of its gate) for every block of every example.
template <typename Work>
void eachGate(const Tensor& x, int threads, const Work& work) {
  const int64_t size = x.hw() * kBlock;
  parallelFor(x.n() * x.blocks(), size, threads, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) work(item * size, item * kBlock);
  });
}

class Multiply final : public Kernel {
 public:
  explicit Multiply(const Builder& b) : x_(b.in("x")), gate_(b.in("gate")), y_(b.out("y")), threads_(b.threads) {
    checkGate(b, x_, gate_);
    b.requireSame(x_, y_);
  }
  void run(const Scalars&) override {
    const int64_t size = x_.hw() * kBlock;
    eachGate(x_, threads_, [&](int64_t map, int64_t at) {
      const Vec gate = load(gate_.data + at);
      for (int64_t i = map; i < map + size; i += kBlock) store(y_.data + i, load(x_.data + i) * gate);
    });
  }

 private:
  Tensor &x_, &gate_, &y_;
  const int threads_;
};

class MultiplyGradient final : public Kernel {
 public:
  explicit MultiplyGradient(const Builder& b)
      : x_(b.in("x")),
        gate_(b.in("gate")),
        dy_(b.in("dy")),
        dgate_(b.out("dgate")),
        dx_(b.outOrNull("dx")),
        threads_(b.threads) {
    checkGate(b, x_, gate_);
    b.requireSame(x_, dy_);
    b.requireSame(gate_, dgate_);
    if (dx_ != nullptr) b.requireSame(x_, *dx_);
  }
  void run(const Scalars&) override {
    const int64_t sites = x_.hw();
    eachGate(x_, threads_, [&](int64_t map, int64_t at) {
      const Vec gate = load(gate_.data + at);
      Vec sums[4] = {};
      for (int64_t site = 0; site < sites; ++site) {
        const int64_t i = map + site * kBlock;
        const Vec dy = load(dy_.data + i);
        sums[site % 4] = fma(dy, load(x_.data + i), sums[site % 4]);
        if (dx_ != nullptr) store(dx_->data + i, dy * gate);
      }
      store(dgate_.data + at, (sums[0] + sums[1]) + (sums[2] + sums[3]));
    });
  }

 private:
  Tensor &x_, &gate_, &dy_, &dgate_, *dx_;
  const int threads_;
};

}  // namespace

std::unique_ptr<Kernel> makeMultiply(const Builder& b) { return std::make_unique<Multiply>(b); }
std::unique_ptr<Kernel> makeMultiplyGradient(const Builder& b) { return std::make_unique<MultiplyGradient>(b); }

}  // namespace rectio
