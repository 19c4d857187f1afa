// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/checks.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/print.h"

namespace guest {

Checks::Checks(const char* name) : name_(name), verbose_(option_number("verbose", 0) != 0) {}

void Checks::equal(const char* what, std::uint64_t got, std::uint64_t wanted) {
  if (got != wanted) {
    ++failed_;
    print("FAIL {}: got {x}, wanted {x}\n", what, got, wanted);
    return;
  }
  ++passed_;
  if (verbose_) print("ok {}\n", what);
}

void Checks::that(const char* what, bool holds) {
  equal(what, holds ? 1 : 0, 1);
}

void Checks::summarize() const {
  print("{}: {} passed, {} failed\n", name_, passed_, failed_);
}

}  // namespace guest
