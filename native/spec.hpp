// A plan copied from JavaScript: plain data with checked access. Every fault is a PlanError, which becomes a JavaScript
// exception.
#pragma once
#include <cmath>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace rectio {

struct PlanError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Dims = std::vector<int64_t>;

// Larger than any real network needs; keeps products of dims and byte counts far from overflow.
constexpr int64_t kMostElements = int64_t{1} << 36;

struct TensorSpec {
  std::string name, role, type;
  Dims dims;
  int of = -1;
};

// Attributes are flattened: {window: {stride: [2, 2]}} is "window.stride" → {2, 2}.
struct CallSpec {
  std::string kind, node;
  std::map<std::string, int> in, out, update;
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, std::string> texts;

  [[noreturn]] void fail(const std::string& what) const { throw PlanError(kind + " of " + node + ": " + what); }

  double number(const std::string& name) const {
    const auto found = numbers.find(name);
    if (found == numbers.end() || found->second.size() != 1) fail("needs the number " + name);
    if (!std::isfinite(found->second[0])) fail(name + " is not finite");
    return found->second[0];
  }
  int64_t integer(const std::string& name, int64_t least, int64_t most) const {
    return whole(name, number(name), least, most);
  }
  bool flag(const std::string& name) const { return number(name) != 0; }
  // Height and width.
  std::pair<int64_t, int64_t> pair(const std::string& name, int64_t least, int64_t most) const {
    const auto found = numbers.find(name);
    if (found == numbers.end() || found->second.size() != 2) fail("needs the pair " + name);
    return {whole(name, found->second[0], least, most), whole(name, found->second[1], least, most)};
  }
  std::string text(const std::string& name) const {
    const auto found = texts.find(name);
    if (found == texts.end()) fail("needs the text " + name);
    return found->second;
  }

 private:
  int64_t whole(const std::string& name, double value, int64_t least, int64_t most) const {
    if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most)) || value != std::floor(value))
      fail(name + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return static_cast<int64_t>(value);
  }
};

struct PlanSpec {
  int64_t batch = 0;
  std::vector<TensorSpec> tensors;
  std::vector<CallSpec> calls;
  // Name → tensor id, in the order in which values are passed.
  std::vector<std::pair<std::string, int>> inputs, outputs;
};

struct Scalars {
  float learningRate = 0, averageDecay = 0;
  // Counted from 0.
  uint32_t step = 0;
};

}  // namespace rectio
