// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The file that survives qvm-regiond: its records in order, appended one by one, rewritten when most of it is
// history.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::regions {

// Guards against the death of processes, not of the machine (the memory it speaks of would be gone too):
// records reach the page cache and are not synced. One writer at a time.
class Journal {
 public:
  struct Opened;

  // Opens or makes directory/journal. A last record that was not written completely is cut off; anything else
  // that is not a record ends reading there, too, and is reported as damaged.
  static Result<Opened> open(int directory);

  // All records become part of the file, or none. After a failure it is no longer whole().
  Result<void> append(const std::vector<std::string>& records);
  // Replaces everything, atomically; the journal is whole() then. After a failure it is what it was.
  Result<void> rewrite(const std::vector<std::string>& records);
  // False once something that happened is missing. What follows a gap would not fit at a restart, so append()
  // fails until a rewrite() has succeeded; the file still tells a state that there was.
  bool whole() const { return x_whole; }
  // Something is missing.
  void mark_incomplete() { x_whole = false; }
  // True when a rewrite with the present state would be worth it.
  bool bloated() const { return x_size > kMinBloat && x_size > 4 * x_rewritten_size; }
  // Removes the file.
  void remove();

 private:
  static constexpr std::uint64_t kMinBloat = 256 * 1024;

  UniqueFd x_directory;
  UniqueFd x_file;
  std::uint64_t x_size = 0;
  std::uint64_t x_rewritten_size = 0;
  bool x_whole = true;
};

struct Journal::Opened {
  Journal journal;
  std::vector<std::string> records;
  bool damaged = false;  // bytes that are no torn record were cut off
};

}  // namespace qvm::regions
