// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The shared memory device in guests: vmhost and the vdev in a plain QEMU, a qvm-regiond of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <string>

#include "tests/support/guest_machine.h"
#include "tests/support/region_manager.h"

namespace {

using qvm::regions::NameRule;
using qvm::test::GuestMachine;
using qvm::test::ProgramResult;
using testing::AllOf;

using testing::HasSubstr;
using testing::Not;

class ShmemGuest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() != "tcg" && !qvm::test::kvm_works()) GTEST_SKIP() << "/dev/kvm cannot be used here";
  }

  GuestMachine machine(const std::string& vm, const std::string& guest, const std::string& command_line,
                       const std::vector<NameRule>& rules = {}, unsigned pin = qvm::test::kShmemPin) {
    return {.accelerator = GetParam(),
            .kernel = qvm::test::guest_image(guest),
            .command_line = command_line,
            .more = qvm::test::shmem_arguments(manager.directory(), vm, manager.add_vm(vm, rules), pin)};
  }

  qvm::test::RegionManager manager;
};

TEST_P(ShmemGuest, FindsEveryRegisterAsDescribed) {
  const NameRule deny{.allow = false, .pattern = "secret", .place = {}};
  const ProgramResult result =
      qvm::test::run_guest(machine("walk", "register-walk", "denied=secret", {deny}));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr(", 0 failed\n")) << result.output;
}

TEST_P(ShmemGuest, GetsItsInterruptsInEverySituation) {
  const ProgramResult result = qvm::test::run_guest(machine("irq", "irq-cases", ""));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("irq-cases: 15 passed, 0 failed\n")) << result.output;
}

TEST_P(ShmemGuest, GetsItsInterruptsOnAPinOfTheIoApicAlone) {
  const ProgramResult result = qvm::test::run_guest(machine("irq", "irq-cases", "", {}, 20));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("irq-cases: 15 passed, 0 failed\n")) << result.output;
}

// The same checks: which form the device has makes no difference behind its factory page.
TEST_P(ShmemGuest, FindsEveryRegisterOnPci) {
  const NameRule deny{.allow = false, .pattern = "secret", .place = {}};
  const ProgramResult result = qvm::test::run_guest(
      machine("walk", "register-walk", "shm=pci denied=secret", {deny}, qvm::test::kShmemOnPci));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr(", 0 failed\n")) << result.output;
}

TEST_P(ShmemGuest, GetsItsInterruptsOnPci) {
  const ProgramResult result =
      qvm::test::run_guest(machine("irq", "irq-cases", "shm=pci", {}, qvm::test::kShmemOnPci));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("irq-cases: 15 passed, 0 failed\n")) << result.output;
}

TEST_P(ShmemGuest, IsDetachedByItsResetOnPci) {
  GuestMachine resetting = machine("reset", "reset-detach", "shm=pci", {}, qvm::test::kShmemOnPci);
  resetting.may_reset = true;
  const ProgramResult result = qvm::test::run_guest(resetting);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("resetting\n"), HasSubstr(", 0 failed\n"))) << result.output;
}

TEST_P(ShmemGuest, BouncesNotificationsBetweenPciAndMemory) {
  const GuestMachine ping =
      machine("ping", "pingpong", "role=ping rounds=300 shm=pci", {}, qvm::test::kShmemOnPci);
  const GuestMachine pong = machine("pong", "pingpong", "role=pong");
  auto running = std::async(std::launch::async, [&pong] { return qvm::test::run_guest(pong); });
  const ProgramResult of_ping = qvm::test::run_guest(ping);
  EXPECT_THAT(of_ping.output, HasSubstr("qvm rounds=300 ")) << of_ping.output;
  EXPECT_THAT(running.get().output, HasSubstr("pingpong: done\n"));
}

TEST_P(ShmemGuest, IsDetachedByItsReset) {
  GuestMachine resetting = machine("reset", "reset-detach", "");
  resetting.may_reset = true;
  const ProgramResult result = qvm::test::run_guest(resetting);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("resetting\n"), HasSubstr(", 0 failed\n"))) << result.output;
}

TEST_P(ShmemGuest, CannotStoreWhereItMayOnlyRead) {
  manager.add_region(
      {.name = "view", .bytes = 4 * 4096, .mode = 0444, .owner = ::geteuid(), .group = ::getegid()});
  const ProgramResult result = qvm::test::run_guest(machine("reader", "read-only", ""));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("read-only: 9 passed, 0 failed\n")) << result.output;
  // One line per store, and the count goes on when there are too many for that.
  EXPECT_THAT(
      result.output,
      HasSubstr("region 'view' is attached read-only: a store of 1 bytes at 0x11 was ignored, 1 so far"));
  EXPECT_THAT(result.output, HasSubstr("a store of 8 bytes at 0x3ff8 was ignored, 4 so far"));
  EXPECT_THAT(result.output, HasSubstr("(the next ones are only counted for a while)"));
}

TEST_P(ShmemGuest, AttachesAndDetachesAsOftenAsItLikes) {
  const ProgramResult result = qvm::test::run_guest(machine("bench", "attach-bench", "cycles=2500"));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("attach rounds=2500 ")) << result.output;
}

TEST_P(ShmemGuest, TalksToAnother) {
  const GuestMachine left = machine("left", "hello", "name=left peer=right");
  const GuestMachine right = machine("right", "hello", "name=right peer=left");
  auto running = std::async(std::launch::async, [&left] { return qvm::test::run_guest(left); });
  const ProgramResult of_right = qvm::test::run_guest(right);
  const ProgramResult of_left = running.get();
  EXPECT_EQ(of_left.status, 0);
  EXPECT_EQ(of_right.status, 0);
  EXPECT_THAT(of_left.output, AllOf(HasSubstr("attached to 'moo' as client "), HasSubstr("(16 pages)"),
                                    HasSubstr("(right) says: hello, I am right\n"),
                                    HasSubstr("(right) whispers: only you are poked for this, left\n"),
                                    HasSubstr("heard everybody, detached from 'moo'\n")))
      << of_left.output;
  EXPECT_THAT(of_right.output, AllOf(HasSubstr("(left) says: hello, I am left\n"),
                                     HasSubstr("(left) whispers: only you are poked for this, right\n"),
                                     HasSubstr("heard everybody, detached from 'moo'\n")))
      << of_right.output;
}

TEST_P(ShmemGuest, TalksToAHostProgramToo) {
  const GuestMachine left = machine("left", "hello", "name=left peer=right peers=3");
  const GuestMachine right = machine("right", "hello", "name=right peer=left peers=3");
  auto running_left = std::async(std::launch::async, [&left] { return qvm::test::run_guest(left); });
  auto running_right = std::async(std::launch::async, [&right] { return qvm::test::run_guest(right); });
  const ProgramResult of_host = qvm::test::run_program(
      {std::string(QVM_BINARY_DIR) + "/bin/hello-host", "--wait", "--runtime-dir", manager.directory()}, "");
  EXPECT_EQ(of_host.status, 0);
  EXPECT_THAT(
      of_host.output,
      AllOf(HasSubstr("(left) says: hello, I am left\n"), HasSubstr("(right) says: hello, I am right\n"),
            Not(HasSubstr("whispers")), HasSubstr("all others have left, detaching from 'moo'\n")))
      << of_host.output;
  for (auto* running : {&running_left, &running_right}) {
    const ProgramResult guest = running->get();
    EXPECT_EQ(guest.status, 0);
    EXPECT_THAT(guest.output, AllOf(HasSubstr("(host) says: hello, I am host\n"), HasSubstr(" whispers: "),
                                    HasSubstr("heard everybody, detached from 'moo'\n")))
        << guest.output;
  }
}

TEST_P(ShmemGuest, BouncesNotifications) {
  const GuestMachine ping = machine("ping", "pingpong", "role=ping rounds=300");
  const GuestMachine pong = machine("pong", "pingpong", "role=pong");
  auto running = std::async(std::launch::async, [&pong] { return qvm::test::run_guest(pong); });
  const ProgramResult of_ping = qvm::test::run_guest(ping);
  EXPECT_THAT(of_ping.output, HasSubstr("qvm rounds=300 ")) << of_ping.output;
  EXPECT_THAT(running.get().output, HasSubstr("pingpong: done\n"));
}

INSTANTIATE_TEST_SUITE_P(Accelerators, ShmemGuest, testing::Values("tcg", "kvm", "kvm,kernel-irqchip=split"),
                         [](const auto& test) {
                           return test.param.size() > 3 ? std::string("kvm_split") : test.param;
                         });

}  // namespace
