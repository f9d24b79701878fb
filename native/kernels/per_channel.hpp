// What kernels that normalize gather and use for each channel.
#pragma once
#include <vector>

#include "../vector.hpp"

namespace rectio {

// Per channel, padded to whole blocks; the filling lanes stay zero, which keeps the filling channels zero.
class ChannelValues {
 public:
  explicit ChannelValues(int64_t channels) : storage_(static_cast<size_t>(blocksOf(channels) * kBlock), 0.0f) {}
  float& operator[](int64_t channel) { return storage_[static_cast<size_t>(channel)]; }
  Vec block(int64_t block) const { return loadUnaligned(storage_.data() + block * kBlock); }

 private:
  std::vector<float> storage_;
};

// Two sums for each channel of a block; doubles, so that long sums over many examples stay exact enough.
struct PartialSums {
  double first[kBlock] = {}, second[kBlock] = {};
  void add(Vec a, Vec b) {
    for (int lane = 0; lane < kBlock; ++lane) {
      first[lane] += static_cast<double>(a[lane]);
      second[lane] += static_cast<double>(b[lane]);
    }
  }
};

}  // namespace rectio
