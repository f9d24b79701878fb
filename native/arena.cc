#include "arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "spec.hpp"

namespace rectio {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

Arena::Arena(size_t bytes) : bytes_((std::max<size_t>(bytes, 1) + kHugePage - 1) / kHugePage * kHugePage) {
  void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw PlanError("not enough memory for " + std::to_string(bytes >> 20) + " MiB");
  data_ = static_cast<char*>(memory);
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes_, MADV_HUGEPAGE);  // A wish, not a need: without it everything works, a little slower.
#endif
}

Arena::~Arena() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

}  // namespace rectio
