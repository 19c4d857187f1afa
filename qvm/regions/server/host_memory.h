// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How much memory the host could still give to regions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "qvm/base/control_groups.h"

namespace qvm::regions {

// Bytes that can be reserved without driving the host, or a control group of this process (of either
// version), out of memory. What the kernel would take back first, like cached files, counts as free; a
// sixteenth of the host's memory, and of each group's, is left for everybody else. Empty if the kernel does
// not say.
std::optional<std::uint64_t> spare_memory(const ReadText& read = read_text);

// Whether little can be had: asking the kernel would take longer than giving, so it is asked now and then.
// Many who want little each must not drive the host out of memory either. Any thread may use it.
class SmallChange {
 public:
  using Ask = std::function<std::optional<std::uint64_t>()>;       // as spare_memory()
  static constexpr std::uint64_t kMost = std::uint64_t{16} << 20;  // is taken before asking again
  static constexpr std::chrono::seconds kFresh{1};                 // an answer holds so long

  explicit SmallChange(Ask ask) : x_ask(std::move(ask)) {}
  // bytes: at most kMost.
  bool take(std::uint64_t bytes, std::chrono::steady_clock::time_point now);

 private:
  Ask x_ask;
  std::mutex x_mutex;
  std::uint64_t x_left = 0;                         // guarded by x_mutex
  std::chrono::steady_clock::time_point x_asked{};  // guarded by x_mutex
};

}  // namespace qvm::regions
