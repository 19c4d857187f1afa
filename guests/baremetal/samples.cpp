// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/samples.h"

#include "guests/baremetal/clock.h"
#include "guests/baremetal/print.h"

namespace guest {
namespace {

void sort(std::uint64_t* values, std::size_t count) {
  for (std::size_t gap = count / 2; gap > 0; gap /= 2) {
    for (std::size_t i = gap; i < count; ++i) {
      const std::uint64_t value = values[i];
      std::size_t at = i;
      for (; at >= gap && values[at - gap] > value; at -= gap) values[at] = values[at - gap];
      values[at] = value;
    }
  }
}

}  // namespace

void Samples::add(std::uint64_t cycles) {
  if (count_ < kCapacity) values_[count_++] = cycles;
}

std::uint64_t Samples::median_of(std::size_t first, std::size_t count) {
  if (first >= count_) return 0;
  if (count > count_ - first) count = count_ - first;
  for (std::size_t i = 0; i < count; ++i) scratch_[i] = values_[first + i];
  sort(scratch_, count);
  return scratch_[count / 2];
}

void Samples::summarize(const char* name) {
  if (count_ == 0) {
    print("{} rounds=0\n", name);
    return;
  }
  sort(values_, count_);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count_; ++i) sum += values_[i];
  const auto part = [this](std::size_t percent) { return values_[count_ * percent / 100]; };
  print("{} rounds={} min={} p10={} median={} p90={} p99={} max={} mean={} unit=cycles tsc_khz={}\n", name,
        count_, values_[0], part(10), part(50), part(90), part(99), values_[count_ - 1], sum / count_,
        timestamp_khz());
}

}  // namespace guest
