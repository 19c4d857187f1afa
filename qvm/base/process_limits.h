// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The kernel's limits of this process: raised as far as they go and make sense, and explained when they are
// too small.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "qvm/base/result.h"

namespace qvm {

struct ProcessLimit {
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t soft = kNone;
  std::uint64_t hard = kNone;
};

// resource: RLIMIT_…. kNone if it cannot be asked for.
ProcessLimit process_limit(int resource);

// The soft limit that a daemon with children should have: all it may have up to `enough`, and not more than
// `most`, because programs that go through all possible descriptors take long with a billion.
std::uint64_t sensible_soft_limit(const ProcessLimit& limit, std::uint64_t enough, std::uint64_t most);

// Gives this process a sensible soft limit of open files.
void raise_file_limit();

// Fails, with the limit, what was found and what to do, if `open` files and `more` exceed the soft limit.
Result<void> check_file_limit(const ProcessLimit& limit, std::uint64_t open, std::uint64_t more,
                              std::string_view what);
// How many files this process has open.
std::uint64_t count_open_files();

// A failure's message with the limit that explains it, and what to do, if the message is about a limit.
std::string explain_limit(std::string message, const ProcessLimit& files, const ProcessLimit& processes);
// The same with this process's limits.
std::string explain_limit(std::string message);

}  // namespace qvm
