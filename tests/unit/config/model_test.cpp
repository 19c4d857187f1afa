// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_text;
using test::messages;
using testing::ElementsAre;
using testing::IsEmpty;

const Option* find(const std::vector<Option>& options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

// Without what is only told.
std::vector<std::string> problems(const LoadedSystem& system) {
  std::vector<std::string> result;
  for (const Diagnostic& one : system.diagnostics.all()) {
    if (one.severity != Severity::info) result.push_back(one.rule + " " + one.message);
  }
  return result;
}

TEST(Model, MemoryWithoutAStartFollowsTheHighest) {
  const LoadedSystem system = load_text("ram 0xa0000 rom 0xc0000,0x40000 ram 1M ram 0x10000000,1M rom 64K");
  const auto& memory = system.vms[0].memory;
  ASSERT_EQ(memory.size(), 5U);
  EXPECT_EQ(memory[0].start, 0U);
  EXPECT_EQ(memory[1].kind, MemoryPiece::Kind::rom);
  EXPECT_EQ(memory[2].start, 0x100000U);
  EXPECT_EQ(memory[4].start, 0x10100000U);
  EXPECT_EQ(memory[4].length, 0x10000U);
  EXPECT_THAT(messages(system), IsEmpty());
}

TEST(Model, LoadsHaveBlobAddressPathAndSize) {
  const LoadedSystem system =
      load_text("ram 64M load guest.elf data load 0x100000,guest.bin initrd load guest.bin");
  const auto& loads = system.vms[0].loads;
  ASSERT_EQ(loads.size(), 3U);
  EXPECT_EQ(loads[0].blob, Load::Blob::automatic);
  EXPECT_EQ(loads[0].size, 8192U);
  EXPECT_FALSE(loads[0].address);
  EXPECT_EQ(loads[1].blob, Load::Blob::data);
  EXPECT_EQ(loads[1].address, 0x100000U);
  EXPECT_EQ(loads[1].path, "guest.bin");
  EXPECT_EQ(loads[2].blob, Load::Blob::initrd);
}

TEST(Model, ALoadPathMayContainCommas) {
  const LoadedSystem system = load_text("ram 64M load x,y.elf load 1m,x,y");
  EXPECT_EQ(system.vms[0].loads[0].path, "x,y.elf");
  EXPECT_EQ(system.vms[0].loads[1].path, "x,y");
  EXPECT_EQ(system.vms[0].loads[1].address, 0x100000U);
}

TEST(Model, TheLastOfARepeatedOptionWins) {
  const LoadedSystem system =
      load_text("ram 64M cpu sched 8 runmask 1 sched 6 cmdline a cmdline b dump x dump y");
  const VmConfig& vm = system.vms[0];
  ASSERT_EQ(vm.cpus.size(), 1U);
  ASSERT_EQ(vm.cpus[0].options.size(), 2U);
  EXPECT_EQ(find(vm.cpus[0].options, "sched")->arguments[0].text, "6");
  EXPECT_EQ(vm.cmdline->value, "b");
  EXPECT_EQ(find(vm.options, "dump")->arguments[0].text, "y");
}

TEST(Model, RepeatableOptionsAllCount) {
  const LoadedSystem system = load_text(
      "ram 64M logger error stderr logger warn slog vdev shmem allow a allow b deny c create x,4K create "
      "y,8K,0640,5");
  const VmConfig& vm = system.vms[0];
  EXPECT_EQ(vm.options.size(), 2U);
  ASSERT_EQ(vm.vdevs[0].options.size(), 5U);
  EXPECT_EQ(std::get<std::vector<std::string>>(vm.vdevs[0].options[4].arguments[0].value),
            (std::vector<std::string>{"y", "8192", "640", "5"}));
  EXPECT_EQ(std::get<std::vector<std::string>>(vm.vdevs[0].options[3].arguments[0].value),
            (std::vector<std::string>{"x", "4096", "", ""}));
}

TEST(Model, UnsupportedCountsPerType) {
  const LoadedSystem system =
      load_text("ram 64M unsupported register ignore unsupported reference fail unsupported register abort");
  ASSERT_EQ(system.vms[0].options.size(), 2U);
  EXPECT_EQ(system.vms[0].options[1].arguments[1].text, "abort");
}

TEST(Model, LocationsHaveTheSpaceAndLengthOfTheirTable) {
  const LoadedSystem system = load_text(
      "ram 64M vdev 8259 loc 0x20 vdev 8259 loc io:0xa0,2 vdev ser8250 vdev ioapic loc 0xf8000000 vdev "
      "ser8250 loc "
      "0x2f8,8 vdev shmem loc pci:0:4.0 vdev shmem loc mem:0x1c050000 intr ioapic:3");
  const auto& vdevs = system.vms[0].vdevs;
  ASSERT_EQ(vdevs.size(), 7U);
  EXPECT_EQ(vdevs[0].location->value.space, Location::Space::io);
  EXPECT_EQ(vdevs[0].location->value.address, 0x20U);
  EXPECT_EQ(vdevs[0].location->value.length, 2U);
  EXPECT_EQ(vdevs[1].location->value.address, 0xa0U);
  EXPECT_EQ(vdevs[2].location->value.address, 0x3f8U);
  EXPECT_FALSE(vdevs[2].location->where.valid());
  EXPECT_EQ(vdevs[3].location->value.length, 4096U);
  EXPECT_EQ(vdevs[4].location->value.length, 8U);
  EXPECT_EQ(vdevs[5].location->value.pci, "0:4.0");
  EXPECT_FALSE(vdevs[5].location->value.length);
  EXPECT_EQ(vdevs[6].location->value.space, Location::Space::memory);
  EXPECT_THAT(messages(system), IsEmpty());
}

TEST(Model, InterruptsAreReferences) {
  const LoadedSystem system = load_text(
      "ram 64M vdev ioapic loc 0xf8000000 intr apic name pic vdev hpet intr pic:0,pic:8 intr pic:2 vdev "
      "shmem loc "
      "0x1c050000 intr pic:5 intr pic:0x6 reserve intr 7 intr pic:9");
  const VmConfig& vm = system.vms[0];
  EXPECT_FALSE(vm.vdevs[0].interrupts[0].value.line);
  EXPECT_EQ(vm.vdevs[0].name->value, "pic");
  ASSERT_EQ(vm.vdevs[1].interrupts.size(), 3U);
  EXPECT_EQ(vm.vdevs[1].interrupts[1].value.line, 8U);
  ASSERT_EQ(vm.vdevs[2].interrupts.size(), 1U);
  EXPECT_EQ(vm.vdevs[2].interrupts[0].value.line, 6U);
  ASSERT_EQ(vm.reserves[0].interrupts.size(), 2U);
  EXPECT_EQ(vm.reserves[0].interrupts[0].value.controller, "");
  EXPECT_EQ(vm.reserves[0].interrupts[0].value.line, 7U);
  EXPECT_EQ(vm.reserves[0].interrupts[1].value.controller, "pic");
}

TEST(Model, VariablesBelongToTheirScope) {
  const LoadedSystem system = load_text(
      "ram 64M vdev ser8250 set debug off set exit-on-halt no vdev ser8250 loc 0x2f8 set debug on set debug "
      "yes");
  const auto& variables = system.vms[0].variables;
  ASSERT_EQ(variables.size(), 3U);
  EXPECT_EQ(variables[0].vdev, 0U);
  EXPECT_FALSE(std::get<bool>(variables[0].value.value));
  EXPECT_FALSE(variables[1].vdev);
  EXPECT_FALSE(std::get<bool>(variables[1].value.value));
  EXPECT_EQ(variables[2].vdev, 1U);
  EXPECT_TRUE(std::get<bool>(variables[2].value.value));
}

TEST(Model, BooleansHaveFourSpellingsEach) {
  for (const char* word : {"on", "1", "yes", "true"}) {
    EXPECT_TRUE(std::get<bool>(
        load_text(std::string("ram 64M set exit-on-halt ") + word).vms[0].variables[0].value.value));
  }
  EXPECT_THAT(problems(load_text("ram 64M set exit-on-halt ON")),
              ElementsAre("G07 'ON' is neither on nor off"));
}

TEST(Model, TristatesAreOnOffOrAuto) {
  const LoadedSystem system = load_text("ram 64M set psci-supported auto");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(system.vms[0].variables[0].value.value));
  EXPECT_THAT(problems(system), IsEmpty());
}

TEST(Model, NumbersAreChecked) {
  EXPECT_THAT(
      problems(load_text("ram 64M cpu runmask 0,1,4096 vdev mc146818 reg 0x0b,256 vdev hpet frequency 0")),
      ElementsAre("A20 '4096' is more than 4095", "A20 '256' is more than 255", "A20 '0' is less than 1"));
}

TEST(Model, BadLocationsAreReported) {
  EXPECT_THAT(
      messages(load_text("ram 64M vdev ser8250 loc 0x10000 vdev 8259 loc io reserve loc 0xa0000 reserve loc "
                         "0xa0000,0 reserve loc 0xffffffffffffffff,2 vdev ser8250 loc pci:x loc 1,2,3")),
      ElementsAre("A20 '0x10000' lies beyond the last I/O port, 0xffff", "A20 'io' is not an address",
                  "A20 '0xa0000' has no length", "A20 the length is 0", "A20 the range ends beyond 64 bits",
                  "A20 'x' is not a PCI position",
                  "A09 'loc' is given again for vdev 'ser8250': 'pci:x' is discarded",
                  "A20 '1,2,3' has 3 parts"));
}

TEST(Model, BadInterruptsAreReported) {
  EXPECT_THAT(messages(load_text(
                  "ram 64M vdev ser8250 intr 4 vdev ser8250 loc 0x2f8 intr pic vdev ser8250 loc 0x3e8 intr "
                  "a:b:1 vdev ser8250 loc 0x2e8 intr :4 vdev hpet intr pic:99999999999")),
              ElementsAre("A20 '4' names no interrupt controller", "A20 'pic' names no interrupt line",
                          "A20 'a:b:1' has more than one colon", "A20 ':4' names no interrupt controller",
                          "A20 '99999999999' is no interrupt line"));
}

TEST(Model, BadMemoryIsReported) {
  EXPECT_THAT(
      messages(load_text("ram 0 ram 1,2,3 ram 0xffffffffffffffff,2 ram , rom 0x1000,c0000")),
      ElementsAre("A20 the length is 0", "A20 '1,2,3' has 3 parts", "A20 the range ends beyond 64 bits",
                  "A20 ',' has an empty part", "A20 ',' has an empty part",
                  "A07 'c0000' is not a size: without a prefix the digits are decimal"));
}

TEST(Model, MemoryThatEndsBeyond64BitsIsReported) {
  EXPECT_THAT(messages(load_text("ram 0xfffffffffffff000,4095 ram 4096")),
              ElementsAre("B03 ram has a length of 4095 bytes, not of whole pages",
                          "H05 ram at 0xfffffffffffff000 lies beyond the last address of any machine, "
                          "0xfffffffffffff",
                          "A20 the memory ends beyond 64 bits"));
}

TEST(Model, FailedSubstitutionsAreReportedOnce) {
  EXPECT_THAT(
      messages(load_text("ram $env{NOPE}\nload $env{NOPE}/x vdev ser8250 loc $env{NOPE}")),
      ElementsAre("A12 environment variable 'NOPE' is not set", "A12 environment variable 'NOPE' is not set",
                  "A12 environment variable 'NOPE' is not set"));
}

TEST(Model, DryrunIsAFlag) {
  EXPECT_TRUE(load_text("ram 64M dryrun").vms[0].dryrun);
  EXPECT_FALSE(load_text("ram 64M").vms[0].dryrun);
}

TEST(Model, UnknownVdevsKeepTheirOptions) {
  const LoadedSystem system = load_text("ram 64M vdev acme speed 5 loc 0x10000000,0x1000");
  const Vdev& vdev = system.vms[0].vdevs[0];
  EXPECT_EQ(vdev.table, nullptr);
  EXPECT_EQ(vdev.options[0].name, "speed");
  EXPECT_EQ(vdev.options[0].arguments[0].text, "5");
  EXPECT_EQ(vdev.location->value.length, 0x1000U);
  EXPECT_THAT(messages(system), ElementsAre("A01 unknown vdev type 'acme'"));
}

TEST(Model, RangesPointAtThePartToBlame) {
  const test::MarkedText input("ram 64M vdev shmem create moo,[[64KB]],0640 create moo,4K,[[9]]");
  EXPECT_EQ(test::ranges_of(load_text(input.text), "A20"), input.ranges);
}

}  // namespace
}  // namespace qvm::config
