// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Measured durations and what a bench says of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guest {

class Samples {
 public:
  static constexpr std::size_t kCapacity = 20'000;

  // Beyond kCapacity they are dropped.
  void add(std::uint64_t cycles);
  std::size_t count() const { return count_; }

  // Median of `count` samples from `first` on, in order of arrival; only before summarize().
  std::uint64_t median_of(std::size_t first, std::size_t count);

  // Prints `NAME rounds=… min=… p10=… median=… p90=… p99=… max=… mean=… unit=cycles tsc_khz=…` in one line.
  // Sorts.
  void summarize(const char* name);

 private:
  std::size_t count_ = 0;
  std::uint64_t values_[kCapacity] = {};
  std::uint64_t scratch_[kCapacity] = {};
};

}  // namespace guest
