// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <string>

#include "qvm/host/hypervisor.h"

namespace qvm::host {
namespace {

TEST(ProcessOutput, PrefersOurOwnFirstLine) {
  const LastWords words = essence_of_output(
      "2026-01-01T00:00:00.000000Z qemu-system-x86_64: something else\n"
      "qvm: vdev shmem0 (left.qvmconf:12:6): cannot be loaded\n"
      "qvm: a consequence\n");
  EXPECT_EQ(words.text, "vdev shmem0 (left.qvmconf:12:6): cannot be loaded");
  EXPECT_TRUE(words.from_us);
}

TEST(ProcessOutput, TakesTimeAndProgramAway) {
  const LastWords words = essence_of_output(
      "2026-01-01T00:00:00.000000Z qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission "
      "denied");
  EXPECT_EQ(words.text, "-accel kvm: failed to initialize kvm: Permission denied");
  EXPECT_FALSE(words.from_us);
}

TEST(ProcessOutput, NamesTheKindOfAKvmInternalError) {
  const LastWords words = essence_of_output(
      "KVM internal error. Suberror: 1\nemulation failure\nRAX=0000 RBX=0000\nCode=66 c7 44\n"
      "2026-01-01T00:00:00.000000Z qemu-system-x86_64: terminating on signal 15 from pid 7 (qvmd)\n"
      "2026-01-01 00:00:00.000+0000: shutting down, reason=destroyed\n");
  EXPECT_EQ(words.text, "KVM internal error: emulation failure");
}

TEST(ProcessOutput, SaysNothingOfARoutineRun) {
  const LastWords words = essence_of_output(
      "2026-01-01 00:00:00.000+0000: starting up libvirt version: 9.0.0\nLC_ALL=C "
      "\\\n/usr/bin/qemu-system-x86_64 \\\n"
      "-name guest=a \\\n-msg timestamp=on\n2026-01-01 00:00:00.000+0000: Domain id=1 is tainted: "
      "custom-argv\n"
      "2026-01-01T00:00:01.000000Z qemu-system-x86_64: terminating on signal 15 from pid 7 (qvmd)\n"
      "2026-01-01 00:00:01.000+0000: shutting down, reason=shutdown\n");
  EXPECT_EQ(words.text, "");
}

// libvirt ends a process whose guest has powered off.
TEST(ProcessOutput, TellsOfAPowerOffThatNobodyHeardOf) {
  const std::string ended = "2026-01-01T00:00:01Z qemu-system-x86_64: terminating on signal 15 from pid 7 ";
  EXPECT_TRUE(essence_of_output(ended + "(/usr/bin/qvmd)\n").powered_off);
  EXPECT_TRUE(
      essence_of_output(ended + "(/usr/bin/qvmd)\n2026-01-01: shutting down, reason=shutdown\n").powered_off);
  EXPECT_FALSE(essence_of_output(ended + "(/usr/bin/qvmd)\n2026-01-01: shutting down, reason=destroyed\n")
                   .powered_off);
  EXPECT_FALSE(essence_of_output("2026-01-01: shutting down, reason=crashed\n").powered_off);
  EXPECT_FALSE(essence_of_output("2026-01-01: shutting down, reason=daemon\n" + ended + "(/usr/bin/qvmd)\n")
                   .powered_off)
      << "libvirt writes its line before the process has ended";
  EXPECT_FALSE(essence_of_output(ended + "(kill)\n").powered_off);
  EXPECT_FALSE(essence_of_output("").powered_off);
}

TEST(ProcessOutput, HasWhatFailedBeforeItWasQemu) {
  EXPECT_EQ(essence_of_output(
                "-msg timestamp=on\n2026-01-01 00:00:00.000+0000: Domain id=6 is tainted: custom-argv\n"
                "libvirt:  error : Failed to write to pid file '/r/down.pid': No space left on device\n"
                "2026-01-01 00:00:00.000+0000: shutting down, reason=failed\n")
                .text,
            "Failed to write to pid file '/r/down.pid': No space left on device");
}

TEST(ProcessOutput, IsEmptyForNothing) {
  EXPECT_EQ(essence_of_output("").text, "");
}

TEST(ProcessOutput, IsOneLineOfText) {
  const LastWords words = essence_of_output(
      "qvm: \x1b[2Jgone\r\x7f\xc2\x9b"
      "31m gr\xc3\xbc\xc3\x9f"
      "e\n");
  EXPECT_EQ(words.text,
            "?[2Jgone????31m gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(essence_of_output(std::string(1'000'000, 'x')).text.size(), 500U);
}

TEST(ProcessOutput, SaysWhatToDoAboutAGicThatKvmHasNot) {
  EXPECT_EQ(essence_of_output("qemu-system-aarch64: host does not support in-kernel GICv2 emulation\n").text,
            "this host's KVM has no gic of version 2: write 'vdev gic version 3', or start with "
            "'--accel tcg'");
  EXPECT_EQ(essence_of_output("qemu-system-aarch64: host does not support in-kernel GICv3 emulation\n").text,
            "this host's KVM has no gic of version 3: write 'vdev gic version 2', or start with "
            "'--accel tcg'");
}

TEST(LibvirtError, IsReducedToWhatQemuSaid) {
  constexpr const char* kWords = "vdev ghost0 (two.qvmconf:9:6): cannot load 'x': No such file or directory";
  for (const std::string where : {"internal error: process exited while connecting to monitor: ",
                                  "internal error: qemu unexpectedly closed the monitor: ",
                                  "internal error: QEMU unexpectedly closed the monitor (vm='two'): ",
                                  "internal error: process exited while connecting to monitor: "
                                  "2026-01-01T00:00:00.000000Z qemu-system-x86_64: warning: something\n"}) {
    EXPECT_EQ(essence_of_error(where + "qvm: " + kWords), kWords);
    EXPECT_EQ(essence_of_error(where + "2026-01-01T00:00:00.000000Z qemu-system-x86_64: -bios x: not found"),
              "-bios x: not found");
  }
}

TEST(LibvirtError, StaysWholeIfItQuotesNobody) {
  for (const std::string message : {"internal error: End of file from qemu monitor (vm='two')",
                                    "Cannot check QEMU binary /usr/bin/qemu: No such file",
                                    "internal error: unable to execute the monitor's command: no"}) {
    EXPECT_EQ(essence_of_error(message), message);
  }
}

}  // namespace
}  // namespace qvm::host
