// Work sharing over OpenMP's pool, which oneDNN uses too, so only one set of threads competes for the cores.
#pragma once
#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace rectio {

// Below this many floats, a second thread costs more than it saves.
constexpr int64_t kSerialFloats = 8192;

// Calls work(part, begin, end) once for every part of [0, count). The split depends only on count and threads, so sums
// over parts have the same bits in every run.
template <typename Work>
void parallelParts(int64_t count, int threads, const Work& work) {
  const int parts = static_cast<int>(std::min<int64_t>(threads, std::max<int64_t>(count, 1)));
  if (parts == 1) {
    work(0, int64_t{0}, count);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(parts)
  for (int part = 0; part < parts; ++part) work(part, count * part / parts, count * (part + 1) / parts);
}

// parallelParts for units that each touch `floatsPerUnit` floats; serial if the whole is small.
template <typename Work>
void parallelFor(int64_t count, int64_t floatsPerUnit, int threads, const Work& work) {
  const int useful = count * floatsPerUnit < kSerialFloats ? 1 : threads;
  parallelParts(count, useful, [&](int, int64_t begin, int64_t end) { work(begin, end); });
}

}  // namespace rectio
