// One SIMD register of channels: the unit in which feature maps are stored and worked on.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rectio {

// Feature maps lie in memory as [N, ⌈C/kBlock⌉, H, W, kBlock], oneDNN's nChw16c or nChw8c; channels that only fill the
// last block are zero, always, and every kernel keeps them so.
#if defined(__AVX512F__)
constexpr int kBlock = 16;
#else
constexpr int kBlock = 8;
#endif

typedef float Vec __attribute__((vector_size(kBlock * 4), may_alias));
typedef float VecUnaligned __attribute__((vector_size(kBlock * 4), may_alias, aligned(4)));
typedef int32_t VecMask __attribute__((vector_size(kBlock * 4), may_alias));

inline Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
inline void store(float* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
inline Vec loadUnaligned(const float* p) { return *reinterpret_cast<const VecUnaligned*>(p); }
inline void storeUnaligned(float* p, Vec v) { *reinterpret_cast<VecUnaligned*>(p) = v; }
inline Vec splat(float x) { return x - Vec{}; }

// Fused always, so that forward and backward passes that recompute a value get the same bits.
inline Vec fma(Vec a, Vec b, Vec c) {
#if defined(__AVX512F__)
  return (Vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// NaN goes through, as it must: a network that has diverged should say so.
inline Vec relu(Vec x) { return x < Vec{} ? Vec{} : x; }
// g where y > 0, else 0; NaN in y lets g through.
inline Vec maskPositive(Vec y, Vec g) { return y <= Vec{} ? Vec{} : g; }

inline float sumLanes(Vec v) {
  float total = 0;
  for (int lane = 0; lane < kBlock; ++lane) total += v[lane];
  return total;
}

// The first `count` of `values` (fewer than a block) in a register whose other lanes are zero.
inline Vec loadPartial(const float* values, int64_t count) {
  Vec v{};
  for (int64_t lane = 0; lane < kBlock && lane < count; ++lane) v[lane] = values[lane];
  return v;
}

inline int64_t blocksOf(int64_t channels) { return (channels + kBlock - 1) / kBlock; }

}  // namespace rectio
