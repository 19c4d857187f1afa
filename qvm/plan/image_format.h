// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Tells from the first bytes of a file whether the machine's firmware can start it.
#pragma once

#include <string_view>

namespace qvm::plan {

enum class ImageFormat {
  multiboot,        // multiboot 1, 32-bit ELF or with address fields
  multiboot_elf64,  // has a multiboot header, but in a 64-bit ELF without address fields: the firmware
                    // refuses it
  elf_with_notes,   // ELF with a note segment, where a PVH entry may be
  elf,              // ELF without: no entry point that the firmware knows
  bzimage,          // Linux boot protocol 2.00 and later
  gzip,             // compressed, whatever is in it
  unknown,
};

// head: the first kImageHead bytes, or the whole file if it is shorter.
ImageFormat sniff_image(std::string_view head);

// The firmware can start it.
bool is_bootable(ImageFormat format);

// "an x86 ELF file without a PVH note".
std::string_view describe(ImageFormat format);

}  // namespace qvm::plan
