// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The examples with Linux guests. Under TCG unless the host says otherwise: a KVM in software
// would take minutes to boot a Linux.
#include <csignal>

#include "tests/support/footprint.h"
#include "tests/support/sanitizers.h"
#include "tests/system/cli/linux_fixture.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::MatchesRegex;

class LinuxExample : public LinuxCliTest {
 protected:
  ProgramStart host_program(const std::string& name, const std::vector<std::string>& words) const {
    ProgramStart start{.words = {std::string(kPrograms) + name},
                       .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}};
    start.words.insert(start.words.end(), words.begin(), words.end());
    return start;
  }
  // A VM that runs the command; a panic resets it.
  static std::string linux_config(const std::string& name, const std::string& command,
                                  const std::string& vdevs) {
    return linux_guest(name, "console=ttyS0 quiet panic=-1 -- " + command, kSerialConsole + vdevs);
  }
  static std::string example(const std::string& file) { return std::string(kExamples) + "linux/" + file; }
};

TEST_F(LinuxExample, TalksWithAFreestandingGuestAndTheHost) {
  BackgroundProgram host(host_program("hello-host", {"--wait"}));
  BackgroundProgram set(up({example("system.yaml")}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  EXPECT_EQ(host.wait(), 0) << host.out() << host.err();
  for (const char* peer : {"host", "right"}) {
    EXPECT_THAT(
        lines_with(set.out(), "penguin | "),
        Contains(MatchesRegex(std::string("client [0-9] \\(") + peer + "\\) says: hello, I am " + peer)));
  }
  EXPECT_THAT(lines_with(set.out(), "right   | "),
              Contains(MatchesRegex("client [0-9] \\(penguin\\) says: hello, I am penguin")));
  EXPECT_THAT(lines_with(host.out(), ""),
              Contains(MatchesRegex("client [0-9] \\(penguin\\) says: hello, I am penguin")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(LinuxExample, TwoGuestsChat) {
  BackgroundProgram set(up({"--detach", example("chat.yaml")}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.err();
  BackgroundProgram ann(sandbox_.program({.words = {"console", "ann"}}));
  BackgroundProgram bob(sandbox_.program({.words = {"console", "bob"}}));
  ASSERT_TRUE(ann.wait_for("* 1 is here", kLinuxPatience)) << ann.out();
  ASSERT_TRUE(bob.wait_for("* 1 is here", kLinuxPatience)) << bob.out();
  ann.type("hello bob\n");
  EXPECT_TRUE(bob.wait_for(": hello bob", kLinuxPatience)) << bob.out();
  bob.type("hello ann\n");
  EXPECT_TRUE(ann.wait_for(": hello ann", kLinuxPatience)) << ann.out();
  bob.type("\004");  // the end of its input: the guest powers off
  EXPECT_TRUE(ann.wait_for(" has left", kLinuxPatience)) << ann.out();
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

// Of one described by ACPI and one on PCI, the first may not see the region.
TEST_F(LinuxExample, OffersAFileForEachVdev) {
  const std::string config = sandbox_.add(
      "twice.qvmconf", linux_config("twice", "qvm-chat --runtime-dir /dev/guest-shm1 testing",
                                    "vdev shmem loc 0x1c050000 intr myioapic:7 deny testing\nvdev shmem\n"));
  BackgroundProgram set(up({"--detach", config}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.err();
  BackgroundProgram host(host_program("qvm-chat", {"testing"}));
  EXPECT_TRUE(host.wait_for("* 1 is here\n", kLinuxPatience)) << sandbox_.qvm({"log"}).out;
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
}

// Its driver is unloaded, then it is reset or panics with the region attached, and is started again: each
// time it has the region again, under the same index, and none of the processes that stay holds more
// afterwards.
TEST_F(LinuxExample, ComesBackTenTimesAndNothingGrows) {
  constexpr int kSettled = 3;  // rounds until everything has been used once
  constexpr std::uint64_t kSlackKib = 256;
  sandbox_.add("phoenix.qvmconf",
               linux_config("phoenix", "come-back", "vdev shmem loc 0x1c050000 intr myioapic:10\n"));
  const std::string manifest = sandbox_.add("system.yaml",
                                            "vms:\n  phoenix:\n    config: phoenix.qvmconf\n    restart:\n   "
                                            "   policy: always\n      delay: 100ms\n"
                                            "      max-delay: 100ms\n");
  ProgramStart start = up({"--detach", manifest});
  // One heap for all threads: of several, the one that a start is the first to use keeps what that frees.
  start.environment["MALLOC_ARENA_MAX"] = "1";
  BackgroundProgram set(start);
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.err();
  BackgroundProgram host(host_program("qvm-chat", {"testing"}));
  ASSERT_TRUE(host.wait_for("* 0 is here: you\n")) << host.err();

  std::vector<pid_t> processes = sandbox_.processes("qvmd");
  for (const pid_t pid : sandbox_.processes("qvm-regiond")) processes.push_back(pid);
  ASSERT_EQ(processes.size(), 3U);  // with the region manager's keeper
  const auto look = [&processes] {
    std::vector<Footprint> all;
    for (const pid_t pid : processes) all.push_back(footprint_at_rest(pid));
    return all;
  };
  std::vector<Footprint> before;
  std::vector<Footprint> after;
  std::string expected = "* 0 is here: you\n";
  for (int round = 1; round <= 10; ++round) {
    expected += "* 1 is here\n1: before\n* 1 has left\n* 1 is here\n1: here\n";
    ASSERT_TRUE(host.wait_for(expected, kLinuxPatience)) << round << host.out() << sandbox_.qvm({"ps"}).out;
    // Each time at the same point: the guest is attached, in its driver's second life.
    if (round == kSettled) before = look();
    if (round == 10) after = look();
    expected += "* 1 has left\n";
  }
  for (std::size_t i = 0; i < processes.size(); ++i) {
    SCOPED_TRACE("process " + std::to_string(i) + " of qvmd, qvm-regiond, keeper");
    EXPECT_GT(after[i].descriptors, 0);
    EXPECT_EQ(after[i].descriptors, before[i].descriptors);
    EXPECT_LE(after[i].mappings, before[i].mappings + 2);
    // A sanitizer keeps what was freed.
    if (!kSanitized) {
      EXPECT_LE(after[i].resident_kib, before[i].resident_kib + kSlackKib);
    }
  }
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 128 + SIGTERM);
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

// Clock source, real-time clock and keyboard controller are found, and used.
TEST_F(LinuxExample, UsesThePartsOfAPc) {
  const std::string config = sandbox_.add(
      "parts.qvmconf",
      linux_config(
          "parts",
          "sh -c \\\"cd /sys/devices/system/clocksource/clocksource0; echo hpet >current_clocksource; "
          "echo source $(cat current_clocksource); cd /sys/class/rtc/rtc0; echo clock $(cat name) $(cat "
          "date); grep Name /proc/bus/input/devices; cat /proc/interrupts\\\"",
          "vdev 8259 loc 0x20\nvdev 8259 loc 0xa0\nvdev timer8254 intr myioapic:0\n"
          "vdev hpet loc 0xfed00000\nvdev mc146818\nvdev pckeyboard\n"));
  BackgroundProgram guest(up({config}));
  ASSERT_EQ(guest.wait(kLinuxPatience), 0) << guest.out() << guest.err();
  const std::vector<std::string> lines = lines_with(guest.out(), "parts | ");
  EXPECT_THAT(lines, Contains("source hpet"));
  EXPECT_THAT(lines, Contains(MatchesRegex("clock rtc_cmos [0-9: ]*20[0-9-]+")));
  EXPECT_THAT(lines, Contains(MatchesRegex("N: Name=\"AT .*[Kk]eyboard\"")));
  EXPECT_THAT(lines, Contains(MatchesRegex(" *1: +[1-9][0-9]* .*i8042")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
