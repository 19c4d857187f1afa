// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The Linux guest of tools/linux-image.sh, with the programs and drivers of tests/system/guests/linux.
#pragma once

#include <string>

#include "qvm/base/result.h"

namespace qvm::test {

struct LinuxImages {
  std::string kernel;
  std::string initramfs;
};

// Made once per build tree. Fails, with what the tool said, where there is no network or no package.
Result<LinuxImages> linux_images();

}  // namespace qvm::test
