// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The Linux guests of tools/linux-image.sh, with programs and drivers of tests/system/guests/linux.
#pragma once

#include <chrono>
#include <string>

#include "qvm/base/result.h"

namespace qvm::test {

// How long a test waits for a Linux guest that boots and does its work.
inline constexpr std::chrono::seconds kLinuxPatience{110};

enum class LinuxArchitecture { amd64, arm64 };

struct LinuxImages {
  std::string kernel;
  std::string initramfs;
};

// Made once per build tree. Fails, with what the tool said, where there is no network or no package. The one
// for arm64 has driver-check only.
Result<LinuxImages> linux_images(LinuxArchitecture architecture = LinuxArchitecture::amd64);

}  // namespace qvm::test
