// A tensor of a program: its logical dims, its layout and its memory.
#pragma once
#include <string>
#include <vector>

#include "dnn.hpp"
#include "spec.hpp"
#include "vector.hpp"

namespace rectio {

enum class Layout {
  plain,    // row-major, as in JavaScript
  blocked,  // a feature map in blocks of channels
  weight,   // a convolution's weight (and its gradient, velocity, …), laid out as `desc` says
};

inline int64_t product(const Dims& dims) {
  int64_t total = 1;
  for (const int64_t dim : dims) total *= dim;
  return total;
}

struct Tensor {
  std::string name, role;
  Dims dims;
  Layout layout = Layout::plain;
  bool isIndex = false;       // uint8 instead of float
  int owner = -1;             // the tensor whose weight layout this one shares (itself, for a weight)
  dnnl::memory::desc desc{};  // only for Layout::weight, once the convolution has chosen
  bool hasDesc = false;
  float* data = nullptr;

  int64_t logical() const { return product(dims); }
  // Elements in memory, including the channels that only fill the last block.
  int64_t physical() const {
    if (layout == Layout::weight) return static_cast<int64_t>(desc.get_size() / sizeof(float));
    if (layout == Layout::blocked) return dims[0] * blocksOf(dims[1]) * kBlock * dims[2] * dims[3];
    return logical();
  }
  size_t bytes() const { return static_cast<size_t>(physical()) * (isIndex ? 1 : sizeof(float)); }
  // The registers that cover it. The last may reach past the tensor, but not past its padded slot.
  int64_t vectors() const { return (physical() + kBlock - 1) / kBlock; }
  uint8_t* index() const { return reinterpret_cast<uint8_t*>(data); }

  // Missing dimensions count as 1, so none of these reads past `dims`.
  int64_t n() const { return dim(0); }
  int64_t c() const { return dim(1); }
  int64_t h() const { return dim(2); }
  int64_t w() const { return dim(3); }
  int64_t hw() const { return h() * w(); }
  int64_t blocks() const { return blocksOf(c()); }

 private:
  int64_t dim(size_t axis) const { return axis < dims.size() ? dims[axis] : 1; }
};

}  // namespace rectio
