// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/image_format.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace qvm::plan {
namespace {

constexpr std::uint32_t kMultibootMagic = 0x1badb002;
constexpr std::uint32_t kMultibootAddressFields = 1u << 16;
constexpr std::uint32_t kNoteSegment = 4;
// The most program headers that are looked at: real kernels have a handful.
constexpr std::uint64_t kMaxSegments = 64;

std::optional<std::uint64_t> little_endian(std::string_view head, std::uint64_t offset, unsigned width) {
  if (offset > head.size() || head.size() - offset < width) return std::nullopt;
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(head[static_cast<std::size_t>(offset) + i])} << (8 * i);
  }
  return value;
}

// Flags of the multiboot header, if there is a valid one.
std::optional<std::uint32_t> multiboot_flags(std::string_view head) {
  for (std::uint64_t at = 0; at + 12 <= head.size(); at += 4) {
    if (little_endian(head, at, 4) != kMultibootMagic) continue;
    const auto flags = static_cast<std::uint32_t>(*little_endian(head, at + 4, 4));
    const auto checksum = static_cast<std::uint32_t>(*little_endian(head, at + 8, 4));
    if (static_cast<std::uint32_t>(kMultibootMagic + flags + checksum) == 0) return flags;
  }
  return std::nullopt;
}

bool has_note_segment(std::string_view head, bool wide) {
  const auto table = little_endian(head, wide ? 32 : 28, wide ? 8 : 4);
  const auto entry = little_endian(head, wide ? 54 : 42, 2);
  const auto count = little_endian(head, wide ? 56 : 44, 2);
  if (!table || !entry || !count || *table >= head.size()) return false;
  for (std::uint64_t i = 0; i < *count && i < kMaxSegments; ++i) {
    if (little_endian(head, *table + i * *entry, 4) == kNoteSegment) return true;
  }
  return false;
}

}  // namespace

ImageFormat sniff_image(std::string_view head) {
  const bool elf = head.substr(0, 4) ==
                   "\x7f"
                   "ELF";
  const bool wide = elf && head.size() > 4 && head[4] == 2;
  if (const auto flags = multiboot_flags(head)) {
    return wide && (*flags & kMultibootAddressFields) == 0 ? ImageFormat::multiboot_elf64
                                                           : ImageFormat::multiboot;
  }
  if (elf) return has_note_segment(head, wide) ? ImageFormat::elf_with_notes : ImageFormat::elf;
  if (head.size() > 0x206 && head.substr(0x202, 4) == "HdrS") return ImageFormat::bzimage;
  if (head.substr(0, 2) == "\x1f\x8b") return ImageFormat::gzip;
  return ImageFormat::unknown;
}

bool is_bootable(ImageFormat format) {
  switch (format) {
    case ImageFormat::multiboot:
    case ImageFormat::elf_with_notes:
    case ImageFormat::bzimage:
      return true;
    case ImageFormat::multiboot_elf64:
    case ImageFormat::elf:
    case ImageFormat::gzip:
    case ImageFormat::unknown:
      return false;
  }
  return false;
}

std::string_view describe(ImageFormat format) {
  switch (format) {
    case ImageFormat::multiboot:
      return "a multiboot image";
    case ImageFormat::multiboot_elf64:
      return "a multiboot image in a 64-bit ELF file, which multiboot does not allow";
    case ImageFormat::elf_with_notes:
      return "an ELF file with notes";
    case ImageFormat::elf:
      return "an ELF file without a multiboot header or a PVH note";
    case ImageFormat::bzimage:
      return "a Linux bzImage";
    case ImageFormat::gzip:
      return "compressed with gzip";
    case ImageFormat::unknown:
      return "of no format that the firmware starts";
  }
  return "";
}

}  // namespace qvm::plan
