// One SIMD register of channels: the unit in which feature maps are stored and processed.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rectio {

// Feature maps have the layout [N, ⌈C/kBlock⌉, H, W, kBlock], oneDNN's nChw16c or nChw8c. Channels that only fill the
// last block are always zero, and every kernel keeps them zero.
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

// Always fused, so forward and backward passes that recompute a value get the same bits.
inline Vec fma(Vec a, Vec b, Vec c) {
#if defined(__AVX512F__)
  return (Vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// Keeps NaN, so that a diverged network is noticed.
inline Vec relu(Vec x) { return x < Vec{} ? Vec{} : x; }
// g where y > 0, else 0; NaN in y lets g through.
inline Vec maskPositive(Vec y, Vec g) { return y <= Vec{} ? Vec{} : g; }

// Lane i: the sum of the lanes of v[i]. Leaves intermediate sums in v.
inline Vec sumEach(Vec v[kBlock]) {
  for (int left = kBlock / 2; left > 0; left /= 2)
    for (int i = 0; i < left; ++i) {
      const Vec a = v[i], b = v[i + left];
#if defined(__AVX512F__)
      v[i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23) +
             __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
      v[i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11) +
             __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#endif
    }
  return v[0];
}

// All ones in the lanes of `block` that hold one of `channels` channels, zero in those that fill it up.
inline VecMask usedLanes(int64_t block, int64_t channels) {
  VecMask used;
  for (int lane = 0; lane < kBlock; ++lane) used[lane] = block * kBlock + lane < channels ? -1 : 0;
  return used;
}
inline Vec keep(VecMask lanes, Vec v) { return (Vec)(lanes & (VecMask)v); }

// Lane i: v's lane lanes[i], each from 0 to kBlock − 1.
inline Vec permute(Vec v, VecMask lanes) {
#if defined(__AVX512F__)
  // Masked with all lanes, because GCC 12 warns about its own header otherwise.
  return (Vec)_mm512_maskz_permutexvar_ps(0xffff, (__m512i)lanes, (__m512)v);
#elif defined(__AVX2__)
  return (Vec)_mm256_permutevar8x32_ps((__m256)v, (__m256i)lanes);
#else
  Vec y;
  for (int lane = 0; lane < kBlock; ++lane) y[lane] = v[lanes[lane]];
  return y;
#endif
}

// The first `count` of `values` (fewer than a block) in a register whose other lanes are zero.
inline Vec loadPartial(const float* values, int64_t count) {
  Vec v{};
  for (int64_t lane = 0; lane < kBlock && lane < count; ++lane) v[lane] = values[lane];
  return v;
}

inline int64_t blocksOf(int64_t channels) { return (channels + kBlock - 1) / kBlock; }

}  // namespace rectio
