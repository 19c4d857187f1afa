// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sets with Linux guests. Under TCG unless the host says otherwise: a KVM in software would take minutes
// to boot a Linux.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/linux_guest.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {

class LinuxCliTest : public CliTest {
 protected:
  void SetUp() override {
    const auto images = linux_images();
    if (!images) GTEST_SKIP() << images.error().message();
    x_images = std::filesystem::path(images->kernel).parent_path();
  }
  ProgramStart up(std::vector<std::string> words) const {
    words.insert(words.begin(), {"up", "--accel", usual_accelerator()});
    return sandbox_.program({.words = std::move(words), .environment = {{"QVM_LINUX", x_images}}});
  }

  // A VM whose kernel has this command line; vdevs may name the interrupt controller, myioapic.
  static std::string linux_guest(const std::string& name, const std::string& cmdline,
                                 const std::string& vdevs) {
    return "system " + name +
           "\nram 0,0xa0000\nram 1m,191m\ncpu\nload \"$env{QVM_LINUX}/vmlinuz\"\n"
           "initrd load \"$env{QVM_LINUX}/initramfs.gz\"\ncmdline \"" +
           cmdline + "\"\nvdev ioapic loc 0xfec00000 intr apic name myioapic\n" + vdevs;
  }
  static constexpr const char* kSerialConsole = "vdev ser8250 intr myioapic:4\n";

  std::string x_images;  // the directory that QVM_LINUX names
};

}  // namespace qvm::test
