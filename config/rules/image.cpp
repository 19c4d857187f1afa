// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/image.h"

#include <algorithm>
#include <array>
#include <string>

#include "config/language/file_words.h"

namespace qvm::config {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  Image::Format format;
  Machine machine;
};

// Offsets and values are those of the formats' own documentation (Linux: Documentation/arch/*/boot*.rst).
constexpr std::array kMagics = {
    Magic{0,
          "\x7f"
          "ELF"sv,
          Image::Format::elf, Machine::unknown},
    Magic{0x202, "HdrS"sv, Image::Format::linux_x86, Machine::x86},
    Magic{0x38, "ARM\x64"sv, Image::Format::linux_arm64, Machine::arm},
    Magic{0x24, "\x18\x28\x6f\x01"sv, Image::Format::linux_arm32, Machine::arm},
    Magic{0, "\xd0\x0d\xfe\xed"sv, Image::Format::device_tree, Machine::unknown},
    Magic{0, "\x1f\x8b"sv, Image::Format::compressed, Machine::unknown},
    Magic{0,
          "\xfd"
          "7zXZ\0"sv,
          Image::Format::compressed, Machine::unknown},
    Magic{0, "\x28\xb5\x2f\xfd"sv, Image::Format::compressed, Machine::unknown},
    Magic{0, "\x02\x21\x4c\x18"sv, Image::Format::compressed, Machine::unknown},
    Magic{0, "\x04\x22\x4d\x18"sv, Image::Format::compressed, Machine::unknown},
    Magic{0, "BZh"sv, Image::Format::compressed, Machine::unknown},
    Magic{0, "\x27\x05\x19\x56"sv, Image::Format::boot_image, Machine::unknown},
    Magic{0, "QFI\xfb"sv, Image::Format::disk_qcow2, Machine::unknown},
};

// Of QNX's startup header; what goes before it in an image depends on the board.
constexpr std::string_view kStartup = "\xeb\x7e\xff\x00"sv;

std::uint64_t little_endian(std::string_view head, std::size_t offset, std::size_t bytes) {
  if (head.size() < offset + bytes) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8U | static_cast<unsigned char>(head[offset + i]);
  return value;
}

Machine machine_of_elf(std::string_view head) {
  constexpr std::size_t kMachine = 18;
  switch (little_endian(head, kMachine, 2)) {
    case 3:
    case 62:
      return Machine::x86;
    case 40:
    case 183:
      return Machine::arm;
    default:
      return Machine::unknown;
  }
}

std::uint64_t kernel_memory(Image::Format format, std::string_view head) {
  constexpr std::size_t kProtocol = 0x206;
  constexpr std::uint64_t kSaysSize = 0x20a;  // the first boot protocol with init_size
  if (format == Image::Format::linux_x86 && little_endian(head, kProtocol, 2) >= kSaysSize)
    return little_endian(head, 0x260, 4);
  if (format == Image::Format::linux_arm64) return little_endian(head, 16, 8);
  return 0;
}

}  // namespace

std::string_view to_string(Machine machine) {
  switch (machine) {
    case Machine::unknown:
      return "an unknown machine";
    case Machine::x86:
      return "x86";
    case Machine::arm:
      return "ARM";
  }
  return "";
}

std::string_view to_string(Image::Format format) {
  switch (format) {
    case Image::Format::unknown:
      return "a file of no known format";
    case Image::Format::elf:
      return "an ELF file";
    case Image::Format::linux_x86:
    case Image::Format::linux_arm64:
    case Image::Format::linux_arm32:
      return "a Linux kernel";
    case Image::Format::qnx_ifs:
      return "a QNX image";
    case Image::Format::device_tree:
      return "a device tree";
    case Image::Format::compressed:
      return "a compressed file";
    case Image::Format::boot_image:
      return "an image for U-Boot";
    case Image::Format::disk_qcow2:
      return "a qcow2 disk";
  }
  return "";
}

bool Image::boots() const {
  return format == Format::elf || format == Format::linux_x86 || format == Format::linux_arm64 ||
         format == Format::linux_arm32 || format == Format::qnx_ifs;
}

Image recognise(std::string_view head) {
  Image image;
  const auto found = std::find_if(kMagics.begin(), kMagics.end(), [&](const Magic& magic) {
    return head.size() >= magic.offset && head.substr(magic.offset).starts_with(magic.bytes);
  });
  if (found == kMagics.end()) {
    if (head.find(kStartup) != std::string_view::npos) image.format = Image::Format::qnx_ifs;
    return image;
  }
  image.format = found->format;
  image.machine = found->format == Image::Format::elf ? machine_of_elf(head) : found->machine;
  image.memory = kernel_memory(image.format, head);
  return image;
}

Image image_of(const Load& load, const CheckedVm& vm, Reader& reader) {
  const auto head = reader.read_head(path_from(vm.directory, load.path), RememberingReader::kHeadBytes);
  return head ? recognise(*head) : Image{};
}

}  // namespace qvm::config
