// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the first bytes of a file say about starting it on an aarch64 machine.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"

namespace qvm::plan {

struct ArmImage {
  enum class Kind {
    elf,     // goes where its program headers say
    kernel,  // arm64 Linux `Image`
    raw,     // starts at its first byte
  };
  struct Segment {
    std::uint64_t address = 0;  // physical
    std::uint64_t length = 0;
  };
  Kind kind = Kind::raw;
  std::uint64_t entry = 0;        // elf: physical address; kernel, raw: offset from where it is loaded
  std::vector<Segment> segments;  // elf
  std::uint64_t offset = 0;       // kernel: from a multiple of 2 MiB
  std::uint64_t length = 0;       // kernel: what it takes of memory, with what is not in the file; 0: unknown
};

// head: the first kImageHead bytes, or the whole file if it is shorter. Fails for what cannot run on aarch64
// as it is: another processor's ELF, a compressed kernel.
Result<ArmImage> read_arm_image(std::string_view head);

}  // namespace qvm::plan
