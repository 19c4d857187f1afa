// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/firmware.h"

#include <array>
#include <filesystem>

namespace qvm::cli {
namespace {

// Where distributions put it.
constexpr std::array<const char*, 3> kPlaces = {"/usr/share/qemu/qboot.rom", "/usr/share/qemu-kvm/qboot.rom",
                                                "/usr/share/seabios/qboot.rom"};

}  // namespace

std::string find_firmware() {
  std::error_code ignored;
  for (const char* path : kPlaces) {
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return {};
}

}  // namespace qvm::cli
