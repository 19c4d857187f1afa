// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The guests for aarch64 on a machine of QEMU's own, with the device tree that QEMU makes for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libfdt.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/guest_machine.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/this_host.h"

namespace {

using qvm::test::ProgramResult;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds kPatience{60};
constexpr char kEmulator[] = "qemu-system-aarch64";
constexpr std::uint64_t kEntry = 0x80080000;  // as guests/baremetal/aarch64/link.ld says
constexpr std::uint64_t kTree = 0x83e00000;
constexpr char kStub[] = "0x40200000";  // in RAM, behind the tree that QEMU itself has put there
constexpr int kRoomForArguments = 1024;

// Jumps to kEntry with the tree's address in x0.
std::string stub_bytes() {
  constexpr std::array<std::uint32_t, 8> kWords = {0x58000080,  // ldr x0, 16 bytes on
                                                   0x580000a1,  // ldr x1, 20 bytes on
                                                   0xd61f0020,  // br x1
                                                   0xd503201f,  // nop
                                                   static_cast<std::uint32_t>(kTree),
                                                   0,
                                                   static_cast<std::uint32_t>(kEntry),
                                                   0};
  std::string bytes;
  for (const std::uint32_t word : kWords) {
    for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(word >> 8 * i);
  }
  return bytes;
}

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 19> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

class Aarch64Guest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!qvm::test::program_exists(kEmulator)) GTEST_SKIP() << kEmulator << " is not installed";
    if (!std::filesystem::exists(qvm::test::guest_image("aarch64/idle")))
      GTEST_SKIP() << "built without a compiler for aarch64";
    if (is_kvm()) {
      const std::string why = why_not_under_kvm();
      if (!why.empty()) GTEST_SKIP() << why;
    }
  }

  static bool is_kvm() { return qvm::test::board_accelerator() == "kvm"; }

  std::vector<std::string> machine(const std::string& more) const {
    return {kEmulator, "-machine", "virt," + GetParam() + ",accel=" + qvm::test::board_accelerator() + more,
            "-cpu", is_kvm() ? "host" : "cortex-a57", "-m", "1536M", "-smp", "2",
            // With a network card of QEMU's choice it would need that card's firmware.
            "-nodefaults", "-display", "none"};
  }

  // QEMU's own description of this machine, with this command line in it.
  std::string tree_with(const std::string& command_line) const {
    const std::string path = directory.path() + "/machine.dtb";
    const ProgramResult dumped = qvm::test::run_program(machine(",dumpdtb=" + path), "");
    EXPECT_EQ(dumped.status, 0) << dumped.output;
    std::ifstream file(path, std::ios::binary);
    std::vector<char> blob{std::istreambuf_iterator<char>(file), {}};
    blob.resize(blob.size() + kRoomForArguments);
    EXPECT_EQ(fdt_open_into(blob.data(), blob.data(), static_cast<int>(blob.size())), 0);
    EXPECT_EQ(fdt_setprop(blob.data(), fdt_path_offset(blob.data(), "/chosen"), "bootargs",
                          command_line.c_str(), static_cast<int>(command_line.size() + 1)),
              0);
    EXPECT_EQ(fdt_pack(blob.data()), 0);
    return directory.add("machine-with-arguments.dtb", {blob.data(), fdt_totalsize(blob.data())});
  }

  ProgramResult run(const std::string& guest, const std::string& command_line, const std::string& input = "",
                    const std::vector<std::string>& more = {}) const {
    const std::string stub = directory.add("stub.bin", stub_bytes());
    std::vector<std::string> words = {
        "timeout", "--kill-after=5", std::to_string(qvm::test::on_this_host(kPatience).count()),
        "setpriv", "--pdeathsig",    "KILL"};
    const auto append = [&](const std::vector<std::string>& list) {
      words.insert(words.end(), list.begin(), list.end());
    };
    append(machine(""));
    append({"-no-reboot", "-serial", "stdio"});
    append({"-device", "loader,cpu-num=0,force-raw=on,file=" + stub + ",addr=" + kStub});
    append({"-device", "loader,file=" + qvm::test::guest_image("aarch64/" + guest)});
    append(
        {"-device", "loader,force-raw=on,file=" + tree_with(command_line) + ",addr=" + hexadecimal(kTree)});
    append(more);
    ProgramResult result = qvm::test::run_program(words, input);
    std::erase(result.output, '\r');
    return result;
  }

  qvm::test::TemporaryDirectory directory;

 private:
  // The two things that a host's KVM may not have, in the words of QEMU; empty: it has what this machine
  // needs.
  std::string why_not_under_kvm() const {
    const std::string path = directory.path() + "/probe.dtb";
    const ProgramResult probe = qvm::test::run_program(machine(",dumpdtb=" + path), "");
    for (const char* lack : {"host does not support in-kernel GICv", "KVM does not support"}) {
      const std::size_t begin = probe.output.find(lack);
      if (begin != std::string::npos)
        return probe.output.substr(begin, probe.output.find('\n', begin) - begin);
    }
    return {};
  }
};

TEST_P(Aarch64Guest, FindsTheBoardAsItsTreeSays) {
  const ProgramResult result = run("board-check", "virtio=any");
  EXPECT_EQ(result.status, 0);
  const std::string version = GetParam().substr(GetParam().find('=') + 1, 1);
  EXPECT_THAT(
      result.output,
      AllOf(HasSubstr("board-check: memory at 0x40000000 size 1536 MiB\n"),
            HasSubstr("board-check: gic v" + version + " at 0x8000000 "), HasSubstr(" kHz interrupt 27\n"),
            HasSubstr("board-check: pl011 at 0x9000000 interrupt 33\n"),
            HasSubstr("board-check: processors 2 of 2\n"), HasSubstr(" passed, 0 failed\n")));
}

TEST_P(Aarch64Guest, ShowsADeviceInAVirtioSlot) {
  const ProgramResult result = run("board-check", "virtio=any", "", {"-device", "virtio-rng-device"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr(" device 4\n"), HasSubstr(" passed, 0 failed\n")));
}

TEST_P(Aarch64Guest, CountsAVirtioSlotWithoutADeviceAsAFailure) {
  const ProgramResult result = run("board-check", "");
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("FAIL virtio: there is a device: got 0x0, wanted 0x1\n"),
                                   Not(HasSubstr(" 0 failed\n"))));
}

TEST_P(Aarch64Guest, ReadsItsConsoleByInterrupts) {
  const ProgramResult result = run("echo", "", "one\ntwo\nquit\n");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "echo: say something\necho: one\necho: two\necho: quit\n");
}

TEST_P(Aarch64Guest, EndsAnExceptionWithTheRegisters) {
  const ProgramResult result = run("trouble", "how=exception");
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("exception synchronous (vector 4), syndrome 0x2000000 (class 0x0)"),
                    HasSubstr(" x30="), HasSubstr("panic: exception\n")));
}

// QEMU's emulation carries out every instruction. Under KVM the processor describes to the hypervisor only
// those that move one general register and leave the address alone; others get an external abort.
TEST_P(Aarch64Guest, StoresToRegistersByEveryInstructionOnlyWhenEmulated) {
  for (const char* how : {"post-indexed", "paired"}) {
    // Of the pl011: the divisors of its rate.
    const ProgramResult result = run("trouble", std::string("address=0x9000024 how=") + how);
    EXPECT_EQ(result.status, 0);
    if (!is_kvm()) {
      EXPECT_THAT(result.output, HasSubstr("trouble: stored\n")) << how;
      continue;
    }
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("exception synchronous (vector 4), "), HasSubstr("10 (class 0x25)"),
                      HasSubstr(", address 0x9000024\n"), Not(HasSubstr("trouble: stored\n"))))
        << how;
  }
}

TEST_P(Aarch64Guest, ResetsTheMachine) {
  const ProgramResult result = run("trouble", "how=reset");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "trouble: reset\n");
}

TEST_P(Aarch64Guest, SaysThatThereIsNoSharedMemory) {
  const ProgramResult result = run("hello", "name=left");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "panic: the machine has no shared memory device there\n");
}

// With virtualization the processor starts in EL2.
INSTANTIATE_TEST_SUITE_P(Machines, Aarch64Guest,
                         testing::Values("gic-version=2", "gic-version=3", "gic-version=3,virtualization=on"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& character : name) {
                             if (!std::isalnum(static_cast<unsigned char>(character))) character = '_';
                           }
                           return name;
                         });

}  // namespace
