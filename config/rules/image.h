// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a file is, told from its first bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/rules/rule.h"

namespace qvm::config {

enum class Machine { unknown, x86, arm };
std::string_view to_string(Machine machine);  // "x86", "ARM"

struct Image {
  enum class Format {
    unknown,
    elf,
    linux_x86,    // bzImage
    linux_arm64,  // raw Image
    linux_arm32,  // zImage
    qnx_ifs,      // a QNX startup header
    device_tree,
    compressed,  // gzip, xz, zstd, lz4, bzip2
    boot_image,  // wrapped for U-Boot
    disk_qcow2,
  };
  Format format = Format::unknown;
  Machine machine = Machine::unknown;  // that it runs on
  std::uint64_t memory = 0;  // bytes that a kernel takes when it runs, as its header says; 0: unknown

  // A guest can be started from it.
  bool boots() const;
};

std::string_view to_string(Image::Format format);  // "an ELF file"

Image recognise(std::string_view head);
// Unknown for a file that cannot be read.
Image image_of(const Load& load, const CheckedVm& vm, Reader& reader);

}  // namespace qvm::config
