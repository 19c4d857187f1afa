// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A VM whose vdev cannot start does not start: one line that says why, and QEMU's exit status 1.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tests/support/vdevs/qemu_process.h"

namespace qvm::testing {
namespace {

constexpr std::chrono::seconds kPatience{20};

std::string odd(const std::string& name) {
  return std::string(QVM_ODD_VDEVS) + "/odd-" + name + ".so";
}

std::string config_with(const std::string& object, const std::string& more = "") {
  return R"({"version":1,"vm":"left","vdevs":[{"id":"odd0","type":"odd","object":")" + object +
         R"(","place":"left.qvmconf:12:6")" + more + "}]}";
}

struct Failure {
  const char* object;
  const char* message;  // "%": the object's path
};
void PrintTo(const Failure& failure, std::ostream* out) {
  *out << failure.object;
}
class VdevCannotStart : public ::testing::TestWithParam<Failure> {};

TEST_P(VdevCannotStart, SaysWhyInOneLineAndEnds) {
  const std::string object = odd(GetParam().object);
  std::string message = GetParam().message;
  if (const auto place = message.find('%'); place != std::string::npos) message.replace(place, 1, object);
  const auto end = run_to_the_end(config_with(object));
  EXPECT_EQ(end.output, "qvm: vdev odd0 (left.qvmconf:12:6): " + message + "\n");
  EXPECT_EQ(end.status, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Causes, VdevCannotStart,
    ::testing::Values(
        Failure{"not-there", "cannot load '%': No such file or directory"},
        Failure{"entry", "'%' has no function qvm_vdev_entry: it is not a vdev"},
        Failure{
            "abi",
            "'%' was built for version 99 of the vdev ABI; this qvm takes versions 4 to 5: build it again"},
        Failure{"create", "option 'colour' is not one of red, green"},
        Failure{"start", "connect to '/nowhere/regions.sock': No such file or directory"},
        Failure{"silent", "it could not be started and gave no reason"}),
    [](const auto& failure) {
      std::string name = failure.param.object;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

// What the option table made of an argument, and what a text is without one.
TEST(VdevLoading, AVdevIsGivenTypedValues) {
  const auto said = [](const std::string& object, const std::string& argument) {
    return run_to_the_end(
               config_with(odd(object), R"(,"options":[{"name":"speed","args":[)" + argument + "]}]"))
        .output;
  };
  const std::string who = "qvm: vdev odd0 (left.qvmconf:12:6): ";
  EXPECT_EQ(said("typed", R"({"text":"0x1000","value":4096,"place":"left.qvmconf:13:9"})"),
            who + "kind 1, number 4096, text '0x1000', place 'left.qvmconf:13:9'\n");
  EXPECT_EQ(said("typed", R"({"text":"enable","value":true,"place":"p"})"),
            who + "kind 2, number 1, text 'enable', place 'p'\n");
  EXPECT_EQ(said("typed", R"({"text":"fast","place":"p"})"),
            who + "kind 0, number 0, text 'fast', place 'p'\n");
  EXPECT_EQ(said("typed", R"("4K")"), who + "kind 0, number 0, text '4K', place ''\n");
  EXPECT_EQ(said("old", R"({"text":"1000","value":4096})"), who + "version 4 of its size: 0, number 4096\n");
  EXPECT_EQ(said("old", R"("4K")"), who + "version 4 of its size: 0, number 4096\n");
}

TEST(VdevLoading, AGoodVdevStarts) {
  const ScratchDirectory directory;
  QemuProcess qemu(
      {.accelerator = "qtest", .vmhost_config = directory.write("vmhost.json", config_with(odd("none")))});
  EXPECT_EQ(qemu.qtest("readl 0xfee00030").empty(), false);
}

TEST(VdevLoading, RefusesALineThatTheMachineDoesNotHave) {
  const auto end =
      run_to_the_end(config_with(odd("none"), R"(,"interrupt":{"controller":"ioapic","line":24})"));
  EXPECT_EQ(
      end.output,
      "qvm: vdev odd0 (left.qvmconf:12:6): interrupt line 24 does not exist; the I/O APIC has 0 to 23\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, RefusesAnUnknownController) {
  const auto end = run_to_the_end(config_with(odd("none"), R"(,"interrupt":{"controller":"vic","line":40})"));
  EXPECT_EQ(end.output,
            "qvm: vdev odd0 (left.qvmconf:12:6): interrupt controller 'vic' is not supported; it must be "
            "'gic', 'ioapic' or "
            "'8259'\n");
  EXPECT_EQ(end.status, 1);
}

constexpr const char* kWindowMember = R"(,"window":{"address":2147483648,"length":1048576})";

TEST(VdevLoading, RefusesOneThreadForAllVcpusWithSharedMemory) {
  const ScratchDirectory directory;
  QemuProcess qemu(
      {.accelerator = "tcg,thread=single",
       .vmhost_config = directory.write("vmhost.json", config_with(odd("none"), kWindowMember))});
  const auto end = qemu.wait(kPatience);
  EXPECT_EQ(end.output,
            "qvm: vdev odd0 (left.qvmconf:12:6): QEMU runs with one thread for all vCPUs (thread=single or "
            "icount), in "
            "which locked instructions are not atomic against other users of a region; use -accel "
            "tcg,thread=multi or "
            "KVM\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, RefusesAWindowThatIsNotMadeOfPages) {
  const auto end =
      run_to_the_end(config_with(odd("none"), R"(,"window":{"address":2147483649,"length":1048576})"));
  EXPECT_EQ(end.output,
            "qvm: vdev odd0 (left.qvmconf:12:6): window 0x80000001,0x100000 is not made of whole pages of "
            "4096 bytes, "
            "at least two\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, SaysThatTheConfigurationIsNotThere) {
  QemuProcess qemu({.vmhost_config = "/nonexistent/vmhost.json"});
  const auto end = qemu.wait(kPatience);
  EXPECT_EQ(end.output, "qvm: open '/nonexistent/vmhost.json': No such file or directory\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, SaysWhatIsWrongInTheConfiguration) {
  const ScratchDirectory directory;
  const std::string path = directory.write("vmhost.json", R"({"version":7})");
  QemuProcess qemu({.vmhost_config = path});
  const auto end = qemu.wait(kPatience);
  EXPECT_EQ(end.output, "qvm: '" + path + "': has format version 7; this vmhost reads version 1\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, RefusesUnknownArguments) {
  QemuProcess qemu({.more = {"-plugin", "file=" + plugin_path("libqvm-vmhost.so") + ",colour=red"}});
  const auto end = qemu.wait(kPatience);
  EXPECT_EQ(
      end.output,
      "qvm: vmhost: unknown argument 'colour=red'; known are config=PATH and log=error|warning|info|debug\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, RefusesTwoConfigurations) {
  const ScratchDirectory directory;
  const std::string config = directory.write("vmhost.json", config_with(odd("none")));
  QemuProcess qemu(
      {.vmhost_config = config,
       .more = {"-plugin", "file=" + plugin_path("libqvm-vmhost.so") + ",config=" + config + ",log=info"}});
  const auto end = qemu.wait(kPatience);
  EXPECT_EQ(end.output, "qvm: vmhost: argument config is given twice; one file has all vdevs of a VM\n");
  EXPECT_EQ(end.status, 1);
}

TEST(VdevLoading, ForbidsSavingWhatCannotBeSaved) {
  const ScratchDirectory directory;
  QemuProcess qemu({.vmhost_config = directory.write("vmhost.json", config_with(odd("none"))),
                    .monitor = true,
                    .more = {"-S"}});
  qemu.send("savevm one\n");
  EXPECT_TRUE(qemu.wait_for("Error: qvm: the vdevs of this VM cannot be saved", kPatience)) << qemu.output();
  qemu.send("migrate \"exec:cat >/dev/null\"\n");
  EXPECT_TRUE(qemu.wait_for("Error: qvm: the vdevs of this VM cannot be saved", kPatience)) << qemu.output();
  qemu.send("quit\n");
  EXPECT_EQ(qemu.wait(kPatience).status, 0);
}

}  // namespace
}  // namespace qvm::testing
