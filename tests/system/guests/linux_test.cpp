// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Linux guests: our driver, programs on it, and drivers and programs of people who only know the device's
// description. TCG unless the host says otherwise: a KVM in software would take minutes to boot a Linux.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

#include "qvm/plan/acpi.h"
#include "tests/support/background_program.h"
#include "tests/support/footprint.h"
#include "tests/support/guest_machine.h"
#include "tests/support/linux_guest.h"
#include "tests/support/region_manager.h"
#include "tests/support/this_host.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr seconds kPatience{580};  // ten boots on a busy machine

// QEMU is started by timeout.
pid_t child_of(pid_t pid) {
  const std::string process = std::to_string(pid);
  std::ifstream children("/proc/" + process + "/task/" + process + "/children");
  pid_t child = 0;
  children >> child;
  return child;
}

class LinuxGuest : public testing::Test {
 protected:
  void SetUp() override {
    auto images = linux_images();
    if (!images) GTEST_SKIP() << images.error().message();
    x_images = *images;
  }

  // How the guest can find the device: ACPI describes it; nothing tells of it; it is a PCI device.
  enum class Form { acpi, hidden, pci };

  // parameters: of the kernel; command: what the guest runs before it powers off.
  ProgramStart guest(const std::string& parameters, const std::string& command, Form form = Form::acpi) {
    const std::string table = x_manager.directory() + "/ssdt.aml";
    std::vector<vdevs::DeviceNode> devices;
    if (form == Form::acpi)
      devices.push_back(
          {.compatible = {"qvm,guest_shm"}, .ranges = {{kShmemAddress, 4096}}, .line = kShmemPin});
    std::ofstream(table, std::ios::binary) << plan::build_acpi_table(devices, {{0x80000000, 0x10000000}});
    GuestMachine machine{
        .accelerator = usual_accelerator(),
        .kernel = x_images.kernel,
        .command_line = "console=ttyS0 " + parameters + " -- sh -c \"" + command + "\"",
        .more = shmem_arguments(x_manager.directory(), "linux",
                                x_manager.add_vm("linux", {{false, "forbidden", ""}, {true, "*", ""}}),
                                form == Form::pci ? kShmemOnPci : kShmemPin),
        .memory_mib = 192,
        .may_reset = parameters.find("panic=") != std::string::npos,
        .patience = kPatience};
    machine.more.insert(machine.more.end(), {"-initrd", x_images.initramfs, "-acpitable", "file=" + table});
    ProgramStart start{.words = guest_words(machine)};
    start.words.front() = "/usr/bin/timeout";
    return start;
  }

  ProgramStart chat() const {
    return {.words = {QVM_BINARY_DIR "/bin/qvm-chat", "--runtime-dir", x_manager.directory(), "testing"}};
  }

 private:
  LinuxImages x_images;
  RegionManager x_manager;
};

TEST_F(LinuxGuest, SeesTheDeviceAndItsSignature) {
  BackgroundProgram linux_guest(guest("quiet qvm.modules=", "show-device"));
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_THAT(linux_guest.out(), ContainsRegex("modalias of:N[^\n]*Cqvm,guest_shm"));
  EXPECT_THAT(linux_guest.out(), HasSubstr("at 0x1c050000"));
  EXPECT_THAT(linux_guest.out(), HasSubstr("signature QVMG2GSM"));
}

TEST_F(LinuxGuest, DriverStandsGoodAndBadUse) {
  BackgroundProgram linux_guest(guest("quiet", "driver-check PRP0001:00"));
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_THAT(linux_guest.out(), ContainsRegex("driver-check: 0 of [0-9]+ checks failed"));
  EXPECT_THAT(linux_guest.out(), HasSubstr("init: sh ended with 0"));
}

// Each time the region works again.
TEST_F(LinuxGuest, DriverCanBeLoadedTenTimes) {
  BackgroundProgram host(chat());
  ASSERT_TRUE(host.wait_for("* 0 is here: you\n")) << host.err();
  BackgroundProgram linux_guest(guest("quiet",
                                      "for i in 1 2 3 4 5 6 7 8 9 10; do rmmod guest_shm && modprobe "
                                      "guest_shm && (echo $i; sleep 0.3) | qvm-chat testing; done"));
  std::string expected = "* 0 is here: you\n";
  for (int round = 1; round <= 10; ++round) {
    expected += "* 1 is here\n1: " + std::to_string(round) + "\n* 1 has left\n";
    ASSERT_TRUE(host.wait_for(expected, kPatience)) << host.out() << linux_guest.out();
  }
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
}

// The driver is told an address and asks the device for its interrupt.
TEST_F(LinuxGuest, DriverFindsTheDeviceByHand) {
  BackgroundProgram linux_guest(
      guest("quiet qvm.modules=", "modprobe guest_shm addr=0x1c050000; driver-check", Form::hidden));
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_THAT(linux_guest.out(), ContainsRegex("driver-check: 0 of [0-9]+ checks failed"));
}

TEST_F(LinuxGuest, DriverFindsTheDeviceOnPci) {
  BackgroundProgram linux_guest(
      guest("quiet", "rmmod guest_shm && modprobe guest_shm && driver-check && grep guest /proc/interrupts",
            Form::pci));
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_THAT(linux_guest.out(), ContainsRegex("driver-check: 0 of [0-9]+ checks failed"));
  EXPECT_THAT(linux_guest.out(), HasSubstr("init: sh ended with 0"));
}

TEST_F(LinuxGuest, ProgramWithTheNamesOfQnxRuns) {
  BackgroundProgram linux_guest(guest("quiet", "hyp-shm-program"));
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_THAT(linux_guest.out(), HasSubstr("init: sh ended with 0"));
}

TEST_F(LinuxGuest, ChatsWithAHostProgram) {
  BackgroundProgram host(chat());
  ASSERT_TRUE(host.wait_for("* 0 is here: you\n")) << host.err();
  BackgroundProgram linux_guest(guest("quiet", "qvm-chat testing"));
  ASSERT_TRUE(host.wait_for("* 1 is here\n", kPatience)) << linux_guest.out();
  host.type("hello guest\n");
  EXPECT_TRUE(linux_guest.wait_for("0: hello guest", kPatience)) << linux_guest.out();
  linux_guest.type("hello host\n");
  EXPECT_TRUE(host.wait_for("1: hello host\n", kPatience)) << host.out();
  linux_guest.type("\004");  // the end of its input
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_TRUE(host.wait_for("* 1 has left\n")) << host.out();
}

// Its driver is unloaded, then it is reset or panics with the region attached: each time it has the region
// again, under the same index, and its machine holds no more than before.
TEST_F(LinuxGuest, ComesBackFromResetsAndPanics) {
  constexpr int kSettled = 3;  // rounds until everything has been used once
  BackgroundProgram host(chat());
  ASSERT_TRUE(host.wait_for("* 0 is here: you\n")) << host.err();
  BackgroundProgram linux_guest(guest("quiet panic=-1", "come-back"));
  std::string expected = "* 0 is here: you\n";
  std::optional<Footprint> settled;
  Footprint after;
  for (int round = 1; round <= 10; ++round) {
    expected += "* 1 is here\n1: before\n* 1 has left\n* 1 is here\n1: here\n";
    ASSERT_TRUE(host.wait_for(expected, kPatience)) << round << host.out() << linux_guest.out();
    // Each time at the same point: it is attached, in its driver's second life.
    if (round == kSettled || round == 10) after = footprint_at_rest(child_of(linux_guest.pid()));
    if (round == kSettled) settled = after;
    expected += "* 1 has left\n";
    ASSERT_TRUE(host.wait_for(expected, kPatience)) << round << host.out() << linux_guest.out();
  }
  // Its resident memory says nothing: QEMU keeps translations of each kernel, which lies somewhere else each
  // time.
  EXPECT_GT(after.descriptors, 0);
  EXPECT_EQ(after.descriptors, settled->descriptors);
  EXPECT_LE(after.mappings, settled->mappings + 2);
}

struct Style {
  const char* name;
  const char* command;
  bool on_pci = false;  // there the guest routes the interrupt
};

class ThirdParty : public LinuxGuest, public testing::WithParamInterface<Style> {};

TEST_P(ThirdParty, BindsAndTalks) {
  BackgroundProgram host(chat());
  ASSERT_TRUE(host.wait_for("* 0 is here: you\n")) << host.err();
  BackgroundProgram linux_guest(
      guest("loglevel=7 qvm.modules=", GetParam().command, GetParam().on_pci ? Form::pci : Form::acpi));
  const std::string name = GetParam().name;
  ASSERT_TRUE(host.wait_for("1: hello by " + name + "\n", kPatience)) << linux_guest.out();
  host.type("hello from the host\n");
  EXPECT_TRUE(linux_guest.wait_for("0 says hello from the host", kPatience)) << linux_guest.out();
  linux_guest.type("\n");
  EXPECT_TRUE(host.wait_for("* 1 has left\n", kPatience)) << linux_guest.out();
  EXPECT_EQ(linux_guest.wait(kPatience), 0);
  EXPECT_THAT(linux_guest.out(), ContainsRegex(GetParam().on_pci ? "client 1, vector (5|10|11)[^0-9]"
                                                                 : "client 1, vector 10[^0-9]"));
}

INSTANTIATE_TEST_SUITE_P(
    Styles, ThirdParty,
    testing::Values(Style{"address",
                          "modprobe by_address base=0x1c050000 line=10; read line; rmmod by_address"},
                    Style{"tree", "modprobe by_tree; read line"},
                    Style{"pci", "modprobe by_pci; read line; rmmod by_pci", true},
                    Style{"memory", "dev-mem 0x1c050000"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace qvm::test
