// A compiled plan: tensors in one arena, kernels in order.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "arena.hpp"
#include "kernel.hpp"

namespace rectio {

// Not thread-safe: only the compute thread may use it.
class Program {
 public:
  // Builds every kernel. Once `stopped` is set, building and running end after the current kernel. `stopped` must
  // outlive the program.
  // @throws PlanError
  Program(PlanSpec plan, int threads, Tuning tuning, const std::atomic<bool>& stopped);

  const PlanSpec& plan() const { return plan_; }
  const Tuning& tuning() const { return tuning_; }
  // Bytes of each tensor, then of each call's scratch, for the arena's layout.
  std::vector<double> sizes() const;

  // Gives every tensor, then every call's scratch, its place. Offsets are multiples of the alignment.
  void place(const std::vector<double>& offsets, double totalBytes);
  void run(const std::vector<std::vector<float>>& inputs, std::vector<std::vector<float>>& outputs,
           const Scalars& scalars);
  // Milliseconds spent in each call since the last call of this function.
  std::vector<float> profile();
  std::vector<float> read(int tensor);
  void write(int tensor, const std::vector<float>& values);

 private:
  void layOut();
  Tensor& at(int tensor);
  void requirePlaced() const;
  void requireGoing() const;
  void copyIn(Tensor& tensor, const float* logical) const;
  void copyOut(const Tensor& tensor, float* logical) const;

  PlanSpec plan_;
  const int threads_;
  Tuning tuning_;
  const std::atomic<bool>& stopped_;
  std::vector<Tensor> tensors_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
  std::vector<double> spent_;
  Arena arena_;
  bool placed_ = false;
};

}  // namespace rectio
