// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/arm_image.h"

#include <elf.h>

#include <cstring>
#include <limits>

namespace qvm::plan {
namespace {

// T, which is trivially copyable, at an offset; false if it is not all there.
template <class T>
bool read_at(std::string_view bytes, std::uint64_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - static_cast<std::size_t>(offset) < sizeof value) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return true;
}

// Linux, Documentation/arm64/booting.rst; little-endian, as this host and every guest of ours.
struct LinuxHeader {
  std::uint32_t code[2];
  std::uint64_t text_offset;
  std::uint64_t image_size;
  std::uint64_t flags;
  std::uint64_t reserved[3];
  char magic[4];
};

Result<ArmImage> read_elf(std::string_view head) {
  Elf64_Ehdr header;
  if (static_cast<unsigned char>(head[EI_CLASS]) != ELFCLASS64 || !read_at(head, 0, header) ||
      header.e_machine != EM_AARCH64 || head[EI_DATA] != ELFDATA2LSB)
    return fail("it is an ELF image, but not one for little-endian aarch64");
  ArmImage image;
  image.kind = ArmImage::Kind::elf;
  image.entry = header.e_entry;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (header.e_phentsize < sizeof segment ||
        !read_at(head, header.e_phoff + std::uint64_t{i} * header.e_phentsize, segment))
      return fail("its program headers are not at the beginning of the file");
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
    if (segment.p_memsz > std::numeric_limits<std::uint64_t>::max() - segment.p_paddr)
      return fail("one of its segments ends beyond 64 bits");
    image.segments.push_back({segment.p_paddr, segment.p_memsz});
    // The entry is an address of the running program, which need not be where that is loaded.
    if (header.e_entry >= segment.p_vaddr && header.e_entry - segment.p_vaddr < segment.p_memsz)
      image.entry = segment.p_paddr + (header.e_entry - segment.p_vaddr);
  }
  if (image.segments.empty()) return fail("it is an ELF file without anything to load");
  return image;
}

}  // namespace

Result<ArmImage> read_arm_image(std::string_view head) {
  if (head.size() > EI_DATA && head.substr(0, SELFMAG) == ELFMAG) return read_elf(head);
  if (head.substr(0, 2) == "\x1f\x8b") return fail("it is compressed with gzip: unpack it first");
  if (head.substr(0, 2) == "MZ" && head.substr(4, 4) == "zimg")
    return fail("it is a compressed EFI program: use the kernel's 'Image'");
  LinuxHeader header;
  if (read_at(head, 0, header) && std::string_view(header.magic, sizeof header.magic) == "ARM\x64") {
    ArmImage image;
    image.kind = ArmImage::Kind::kernel;
    image.offset = header.text_offset;
    image.length = header.image_size;
    return image;
  }
  return ArmImage{};
}

}  // namespace qvm::plan
