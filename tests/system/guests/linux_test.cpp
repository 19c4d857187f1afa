// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A Linux guest is told of the device by ACPI and can read its registers from user space.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "qvm/plan/acpi.h"
#include "tests/support/guest_machine.h"
#include "tests/support/region_manager.h"

namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(LinuxGuest, SeesTheDeviceAndItsSignature) {
  const std::string images = std::string(QVM_BINARY_DIR) + "/linux-guest";
  const qvm::test::ProgramResult made =
      qvm::test::run_program({std::string(QVM_SOURCE_DIR) + "/guests/linux/mk-image.sh", images}, "");
  if (made.status != 0) GTEST_SKIP() << "no Linux guest: " << made.output;

  qvm::test::RegionManager manager;
  const std::string table = manager.directory() + "/ssdt.aml";
  std::ofstream(table, std::ios::binary) << qvm::plan::build_acpi_table(
      {{"qvm,guest_shm", qvm::test::kShmemAddress, 4096, qvm::test::kShmemPin}}, {{0x80000000, 0x10000000}});
  // TCG only: a KVM in software interprets instruction by instruction, a Linux would take minutes.
  qvm::test::GuestMachine machine{
      .accelerator = "tcg",
      .kernel = images + "/vmlinuz",
      .command_line = "console=ttyS0 quiet",
      .more = qvm::test::shmem_arguments(manager.directory(), "linux", manager.add_vm("linux")),
      .memory_mib = 192};
  machine.more.insert(machine.more.end(),
                      {"-initrd", images + "/initramfs.gz", "-acpitable", "file=" + table});
  const qvm::test::ProgramResult result = qvm::test::run_guest(machine);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, ContainsRegex("modalias of:N[^\n]*Cqvm,guest_shm")) << result.output;
  EXPECT_THAT(result.output, HasSubstr("at 0x1c050000\n"));
  EXPECT_THAT(result.output, HasSubstr("signature QVMG2GSM\n"));
}

}  // namespace
