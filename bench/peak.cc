// Measures this machine's peak rates: fused multiply-adds alone, and memory reads alone.
//
//     g++ -O3 -march=native -fopenmp bench/peak.cc -o /tmp/peak && /tmp/peak
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

typedef float Vec __attribute__((vector_size(64)));

template <typename Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int main() {
  constexpr long kRounds = 20'000'000, kSums = 12, kLanes = 16;
  const int threads = omp_get_max_threads();
  const std::vector<Vec> memory(size_t{1} << 20, Vec{} + 1.0f);
  double gigaflops = 0, gigabytes = 0;
  float sink = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const double computing = seconds([&] {
#pragma omp parallel reduction(+ : sink)
      {
        Vec sums[kSums];
        for (long k = 0; k < kSums; ++k) sums[k] = Vec{} + static_cast<float>(k);  // all different, or they merge
        for (long round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
          for (long k = 0; k < kSums; ++k) sums[k] = sums[k] * 0.9f + 1.0001f;
        }
        for (const Vec& sum : sums) sink += sum[0];
      }
    });
    const double reading = seconds([&] {
#pragma omp parallel reduction(+ : sink)
      {
        Vec sums[4] = {};
#pragma omp for schedule(static)
        for (size_t i = 0; i < memory.size(); i += 4)
          for (size_t k = 0; k < 4; ++k) sums[k] += memory[i + k];
        sink += (sums[0] + sums[1] + sums[2] + sums[3])[0];
      }
    });
    gigaflops = std::max(gigaflops, 2e-9 * kRounds * kSums * kLanes * threads / computing);
    gigabytes = std::max(gigabytes, 1e-9 * static_cast<double>(memory.size() * sizeof(Vec)) / reading);
  }
  std::printf("%d threads: %.0f GFLOP/s, %.1f GB/s of reading (%g)\n", threads, gigaflops, gigabytes,
              static_cast<double>(sink));
}
