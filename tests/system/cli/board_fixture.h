// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sets with aarch64 guests.
#pragma once

#include <filesystem>

#include "tests/support/run_program.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {

class BoardCliTest : public CliTest {
 protected:
  void SetUp() override {
    constexpr const char* kEmulator = "qemu-system-aarch64";
    if (!program_exists(kEmulator)) GTEST_SKIP() << kEmulator << " is not installed";
    if (!std::filesystem::exists(guest_image("aarch64/hello")))
      GTEST_SKIP() << "built without a compiler for aarch64";
  }
  // `hello-host --wait` for the regions of this sandbox.
  BackgroundProgram host() const {
    return BackgroundProgram({.words = {std::string(kPrograms) + "hello-host", "--wait"},
                              .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}});
  }
};

}  // namespace qvm::test
