// Memory from the system, returned as soon as it is no longer needed.
#pragma once
#include <cstddef>
#include <utility>

namespace rectio {

// Anonymous memory, zeroed, in huge pages if the system grants them. All arenas together stay within the memory of the
// machine or container, because the system would grant more and then end the process when it is used.
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
