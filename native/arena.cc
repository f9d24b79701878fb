#include "arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>

#include "spec.hpp"

namespace rectio {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

// The memory that this process may fill: the machine's, or the limit of its control group (a container or batch job).
size_t memoryLimit() {
  size_t limit = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    size_t bytes;  // Not read if the file is missing or says "max".
    if (std::ifstream(file) >> bytes && bytes > 0) limit = std::min(limit, bytes);
  }
  return limit;
}

std::atomic<size_t> taken{0};

}  // namespace

Arena::Arena(size_t bytes) {
  static const size_t limit = memoryLimit();
  const size_t whole = (std::max<size_t>(bytes, 1) + kHugePage - 1) / kHugePage * kHugePage;
  const bool fits = taken.fetch_add(whole) + whole <= limit;
  void* memory = fits ? mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
  if (memory == MAP_FAILED) {
    taken -= whole;
    throw PlanError("not enough memory for " + std::to_string(bytes >> 20) + " MiB");
  }
  data_ = static_cast<char*>(memory);
  bytes_ = whole;
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes_, MADV_HUGEPAGE);  // Optional: without huge pages everything is a little slower.
#endif
}

Arena::~Arena() {
  if (data_ == nullptr) return;
  munmap(data_, bytes_);
  taken -= bytes_;
}

}  // namespace rectio
