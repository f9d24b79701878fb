// Values per channel, for the kernels that normalize.
#pragma once
#include <vector>

#include "../vector.hpp"

namespace rectio {

// One value per channel, padded to whole blocks. The filling lanes stay zero, which keeps the filling channels zero.
class ChannelValues {
 public:
  explicit ChannelValues(int64_t channels) : storage_(static_cast<size_t>(blocksOf(channels) * kBlock), 0.0f) {}
  float& operator[](int64_t channel) { return storage_[static_cast<size_t>(channel)]; }
  Vec block(int64_t block) const { return loadUnaligned(storage_.data() + block * kBlock); }

 private:
  std::vector<float> storage_;
};

// Two sums for each channel of a block, in doubles because the sums run over many examples.
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
