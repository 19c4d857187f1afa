// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Counts what a test guest found. `verbose=1` on the command line prints what was right, too.
#pragma once

#include <cstdint>

namespace guest {

class Checks {
 public:
  // name: of the guest, for the summary.
  explicit Checks(const char* name);

  void equal(const char* what, std::uint64_t got, std::uint64_t wanted);
  void that(const char* what, bool holds);
  unsigned failed() const { return failed_; }

  // Prints `NAME: N passed, M failed`.
  void summarize() const;

 private:
  const char* name_;
  bool verbose_;
  unsigned passed_ = 0;
  unsigned failed_ = 0;
};

}  // namespace guest
