// Memory straight from the system, given back as soon as it is not needed.
#pragma once
#include <cstddef>
#include <utility>

namespace rectio {

// Anonymous memory, zero at first, in huge pages where the system grants them. All arenas together never take more than
// the machine (or the container) has: the system would promise it and end the process when it is used.
// @throws PlanError beginning with "not enough memory"
class Arena {
 public:
  Arena() = default;
  explicit Arena(size_t bytes);
  ~Arena();
  Arena(Arena&& other) noexcept { swap(other); }
  Arena& operator=(Arena&& other) noexcept {
    swap(other);
    return *this;
  }
  char* data() const { return data_; }

 private:
  void swap(Arena& other) {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace rectio
