// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a process holds, to see whether it grows.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace qvm::test {

struct Footprint {
  std::ptrdiff_t descriptors = 0;
  std::ptrdiff_t mappings = 0;
  std::uint64_t resident_kib = 0;  // without files that it has mapped
};

// Zeros if there is no such process.
Footprint footprint_of(pid_t pid);

// The same once it is at rest: it has held as many descriptors for 300 ms. What follows an attach or a detach
// goes on for a moment after peers have been told. After 3 s as it is.
Footprint footprint_at_rest(pid_t pid);

}  // namespace qvm::test
