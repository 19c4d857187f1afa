// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/arm_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace qvm::plan {
namespace {

struct ElfHead {
  Elf64_Ehdr header{};
  Elf64_Phdr segments[2]{};

  ElfHead() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = EM_AARCH64;
    header.e_entry = 0xffff000000081000;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof segments[0];
    header.e_phnum = 2;
    segments[0] = {.p_type = PT_NOTE,
                   .p_flags = 0,
                   .p_offset = 0,
                   .p_vaddr = 0,
                   .p_paddr = 0,
                   .p_filesz = 0,
                   .p_memsz = 64,
                   .p_align = 0};
    segments[1] = {.p_type = PT_LOAD,
                   .p_flags = 0,
                   .p_offset = 0,
                   .p_vaddr = 0xffff000000080000,
                   .p_paddr = 0x80080000,
                   .p_filesz = 0x100,
                   .p_memsz = 0x2000,
                   .p_align = 0};
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(this), sizeof *this}; }
};

TEST(ArmImage, EntryOfAnElfImageIsWhereItIsLoaded) {
  const ElfHead head;
  const auto image = read_arm_image(head.text());
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(image->kind, ArmImage::Kind::elf);
  EXPECT_EQ(image->entry, 0x80081000U);
  ASSERT_EQ(image->segments.size(), 1U);
  EXPECT_EQ(image->segments[0].address, 0x80080000U);
  EXPECT_EQ(image->segments[0].length, 0x2000U);
}

std::string refusal(const ElfHead& head) {
  const auto image = read_arm_image(head.text());
  return image ? "none" : image.error().message();
}

TEST(ArmImage, ElfImagesThatCannotBeStartedAreRefused) {
  ElfHead head;
  head.header.e_machine = EM_X86_64;
  EXPECT_EQ(refusal(head), "it is an ELF image, but not one for little-endian aarch64");
  head = {};
  head.header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(refusal(head), "it is an ELF image, but not one for little-endian aarch64");
  head = {};
  head.header.e_phoff = 1'000'000;
  EXPECT_EQ(refusal(head), "its program headers are not at the beginning of the file");
  head = {};
  head.header.e_phoff = ~std::uint64_t{0} - 8;
  EXPECT_EQ(refusal(head), "its program headers are not at the beginning of the file");
  head = {};
  head.segments[1].p_type = PT_NULL;
  EXPECT_EQ(refusal(head), "it is an ELF file without anything to load");
  head = {};
  head.segments[1].p_memsz = ~std::uint64_t{0};
  EXPECT_EQ(refusal(head), "one of its segments ends beyond 64 bits");
}

TEST(ArmImage, EveryShortenedHeadIsHandled) {
  const ElfHead head;
  for (std::size_t length = 0; length < head.text().size(); ++length) {
    const auto image = read_arm_image(head.text().substr(0, length));
    EXPECT_TRUE(!image || length <= EI_DATA) << length;
  }
}

TEST(ArmImage, LinuxKernelsAndWhatIsNone) {
  std::string kernel(64, '\0');
  kernel[17] = 0x10;
  kernel.replace(56, 4, "ARM\x64");
  const auto image = read_arm_image(kernel);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->kind, ArmImage::Kind::kernel);
  EXPECT_EQ(image->length, 0x1000U);
  EXPECT_EQ(read_arm_image(std::string(64, '\0'))->kind, ArmImage::Kind::raw);
  const auto packed = read_arm_image("\x1f\x8b\x08");
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().message(), "it is compressed with gzip: unpack it first");
}

}  // namespace
}  // namespace qvm::plan
