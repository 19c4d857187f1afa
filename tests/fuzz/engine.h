// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The entry that a fuzzing engine (clang++ -fsanitize=fuzzer) calls; one per program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#define QVM_FUZZ_TARGET(check)                                                                           \
  extern "C" __attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const std::uint8_t* data, \
                                                                               std::size_t size) {       \
    const std::string problem = qvm::fuzz::check(data, size);                                            \
    if (!problem.empty()) {                                                                              \
      std::fprintf(stderr, "%s\n", problem.c_str());                                                     \
      std::abort();                                                                                      \
    }                                                                                                    \
    return 0;                                                                                            \
  }
