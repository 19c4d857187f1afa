// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/trial_vm.h"

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>

namespace qvm::cli {
namespace {

using config::Architecture;

template <class Number>
void append(std::string& bytes, std::initializer_list<Number> numbers) {
  for (const Number number : numbers) {
    for (unsigned i = 0; i < sizeof number; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xffU);
  }
}

// Multiboot with address fields: loaded as it is.
std::string pc_image() {
  constexpr std::uint32_t kMagic = 0x1badb002;
  constexpr std::uint32_t kAddressFields = 1U << 16;
  constexpr std::uint32_t kLoad = 0x100000;
  constexpr std::uint32_t kHeaderBytes = 32;
  constexpr std::uint32_t kEnd = kLoad + kHeaderBytes + 4;
  std::string image;
  append<std::uint32_t>(image, {kMagic, kAddressFields, 0U - kMagic - kAddressFields, kLoad, kLoad, kEnd,
                                kEnd, kLoad + kHeaderBytes});
  append<std::uint8_t>(image, {0xfa, 0xf4, 0xeb, 0xfd});  // cli; again: hlt; jmp again
  return image;
}

// An ELF file of one segment.
std::string board_image() {
  constexpr std::uint64_t kHeaders = 64 + 56;
  constexpr std::uint64_t kLoad = 0x80080000;
  constexpr std::uint64_t kCodeBytes = 8;
  std::string image = std::string("\x7f") + "ELF";
  append<std::uint8_t>(image, {2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});  // 64 bits, little-endian
  append<std::uint16_t>(image, {2, 183});                             // an executable for aarch64
  append<std::uint32_t>(image, {1});
  append<std::uint64_t>(image, {kLoad, 64, 0});  // entry, segments, no sections
  append<std::uint32_t>(image, {0});
  append<std::uint16_t>(image, {64, 56, 1, 64, 0, 0});
  append<std::uint32_t>(image, {1, 5});  // to be loaded, read and executed
  append<std::uint64_t>(image, {kHeaders, kLoad, kLoad, kCodeBytes, kCodeBytes, 8});
  append<std::uint32_t>(image, {0xd503207f, 0x17ffffff});  // again: wfi; b again
  return image;
}

}  // namespace

std::string trial_image(Architecture architecture) {
  return architecture == Architecture::aarch64 ? board_image() : pc_image();
}

std::string trial_config(Architecture architecture, const std::string& name, const std::string& image_path) {
  const bool board = architecture == Architecture::aarch64;
  return fmt::format("system {}\nram {}\ncpu\nload \"{}\"\n{}", name, board ? "0x80000000,64M" : "64M",
                     image_path,
                     board ? "vdev pl011 loc 0x1c090000 intr gic:37\n"
                             "vdev shmem loc 0x1c050000 intr gic:38\n"
                           : "vdev ioapic loc 0xfec00000 intr apic name apic\n"
                             "vdev shmem loc 0x1c050000 intr apic:10\n");
}

}  // namespace qvm::cli
