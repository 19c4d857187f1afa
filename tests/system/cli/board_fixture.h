// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sets with aarch64 guests.
#pragma once

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <filesystem>

#include "qvm/base/unique_fd.h"
#include "tests/support/run_program.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {

// Whether boards can have a gic of this version on this host: under KVM the kernel has to have one.
inline bool gic_exists([[maybe_unused]] unsigned version) {
  if (board_accelerator() != "kvm") return true;
#ifdef __aarch64__
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  const UniqueFd vm(::ioctl(kvm.get(), KVM_CREATE_VM, 0));
  kvm_create_device device{};
  device.type = version == 3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2;
  device.flags = KVM_CREATE_DEVICE_TEST;
  return ::ioctl(vm.get(), KVM_CREATE_DEVICE, &device) == 0;
#else
  return true;
#endif
}

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
