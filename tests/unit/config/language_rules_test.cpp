// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The rules that speak straight from the tables: versions, kinds of machines, deprecations, effects,
// decisions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include "config/language/parser.h"
#include "config/language/qnx_version.h"
#include "config/model/architecture.h"
#include "config/rules/rule.h"
#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The findings of one rule about a text in a version of QNX.
std::vector<Diagnostic> findings(std::string_view rule, const std::string& text,
                                 QnxVersion version = kDefaultQnxVersion) {
  TableSet tables = test::shipped_tables();
  tables.select_version(version);
  test::MemoryReader reader;
  reader.files["vm"] = text;
  VmInput input;
  input.words = {"@vm"};
  const LoadedSystem system = load_vms({input}, tables, reader);
  std::vector<Diagnostic> result;
  for (const Diagnostic& one : system.diagnostics.all()) {
    if (one.rule == rule) result.push_back(one);
  }
  return result;
}

std::vector<std::string> texts(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> result;
  for (const Diagnostic& one : diagnostics)
    result.push_back(one.message + (one.help.empty() ? "" : " {" + one.help + "}"));
  return result;
}

TEST(QnxVersions, AreReadAndWritten) {
  for (const QnxVersion version : kQnxVersions) EXPECT_EQ(parse_qnx_version(to_string(version)), version);
  EXPECT_EQ(parse_qnx_version("8"), std::nullopt);
  EXPECT_LT(QnxVersion::v7_0, QnxVersion::v8_0);
}

// What differs from version to version, each: text, versions that have it.
struct Difference {
  const char* text;
  std::vector<QnxVersion> versions;
};

class Differences : public testing::TestWithParam<Difference> {};

TEST_P(Differences, AreToldInTheVersionsWithoutThem) {
  for (const QnxVersion version : kQnxVersions) {
    const auto& versions = GetParam().versions;
    const bool has = std::find(versions.begin(), versions.end(), version) != versions.end();
    EXPECT_EQ(findings("A14", GetParam().text, version).size(), has ? 0U : 1U)
        << GetParam().text << " in " << to_string(version);
  }
}

constexpr auto v70 = QnxVersion::v7_0;
constexpr auto v71 = QnxVersion::v7_1;
constexpr auto v80 = QnxVersion::v8_0;

INSTANTIATE_TEST_SUITE_P(
    Of, Differences,
    testing::Values(Difference{"ram 64M vdev hpet intr ioapic:2", {v71, v80}},
                    Difference{"ram 64M vdev hpet intrmap ioapic:2", {v70, v71, v80}},
                    Difference{"ram 64M cpu cluster _cpu-1", {v80}},
                    Difference{"ram 64M cpu runmask 1", {v70, v71, v80}},
                    Difference{"ram 64M logger debug none", {v71, v80}},
                    Difference{"ram 64M vdev shmem log debug none", {v71, v80}},
                    Difference{"ram 64M vdev shmem subst ,a_", {v80}},
                    Difference{"ram 64M vdev virtio-net peer /dev/vdevpeers/vp0 bind-mode 0600", {v71}},
                    Difference{"ram 64M vdev virtio-net peer /dev/vdevpeers/vp0 tapdev x", {v70, v71, v80}},
                    Difference{"ram 64M vdev virtio-blk hostdev /dev/hd0 dio enable", {v71, v80}},
                    Difference{"ram 64M vdev virtio-fs host_path /tmp tag t", {v71, v80}},
                    Difference{"ram 64M vdev ser8250 hostdev >|tee", {v80}},
                    Difference{"ram 64M vdev gic its-prealloc 5", {v80}},
                    Difference{"ram 64M safety warn", {v71, v80}},
                    Difference{"ram 64M set counter-offset 0", {v80}},
                    Difference{"ram 64M vdev shmem set debug off", {v80}},
                    Difference{"ram 64M pass loc mem:0x2000,r=0x1000", {v70, v71}}));

TEST(NotAvailable, SaysWhereItIsAndWhatItIsCalled) {
  EXPECT_THAT(
      texts(findings("A14", "ram 64M cpu cluster a", v71)),
      ElementsAre("'cluster' of cpu is not in version 7.1 of QNX's language {it is there from 8.0 on; "
                  "--qnx-version selects the version}"));
  EXPECT_THAT(texts(findings("A14", "ram 64M vdev virtio-net bind-mode 0600", v80)),
              ElementsAre("'bind-mode' of vdev 'virtio-net' is not in version 8.0 of QNX's language {it is "
                          "there in 7.1 only; --qnx-version selects the version}"));
  const auto renamed = findings("A14", "ram 64M vdev hpet intr ioapic:2", v70);
  EXPECT_THAT(texts(renamed), ElementsAre("'intr' of vdev 'hpet' is not in version 7.0 of QNX's language "
                                          "{there it is called 'intrmap'}"));
  EXPECT_EQ(renamed[0].fix->replacement, "intrmap");
}

TEST(Deprecated, SaysWhatToWriteInstead) {
  const auto renamed = findings("A13", "ram 64M vdev hpet intrmap ioapic:2", v71);
  EXPECT_THAT(texts(renamed),
              ElementsAre("'intrmap' is deprecated since version 7.1 {write 'intr' instead}"));
  EXPECT_EQ(renamed[0].fix->replacement, "intr");
  EXPECT_THAT(findings("A13", "ram 64M vdev hpet intrmap ioapic:2", v70), IsEmpty());
  const auto other = findings("A13", "ram 64M cpu runmask 0,1");
  EXPECT_THAT(texts(other),
              ElementsAre("'runmask' is deprecated since version 8.0 {write 'cluster' instead: a "
                          "single host CPU N is the cluster _cpu-N}"));
  EXPECT_FALSE(other[0].fix);
  EXPECT_THAT(findings("A13", "ram 64M cpu runmask 0,1", v71), IsEmpty());
}

TEST(Deprecated, AFrameOfTheHostBecomesAVariable) {
  std::string text = "ram 64M vdev gic host-gicd 0x1000";
  const auto found = findings("A13", text);
  ASSERT_EQ(found.size(), 1U);
  text.replace(found[0].fix->where.begin, found[0].fix->where.end - found[0].fix->where.begin,
               found[0].fix->replacement);
  EXPECT_EQ(text, "ram 64M vdev gic set host-paddr-gicd 0x1000");
  EXPECT_THAT(findings("A13", text), IsEmpty());
  EXPECT_THAT(findings("A01", text), IsEmpty());
}

struct Kind {
  const char* text;
  Architecture architecture;
  std::size_t contradictions;
};

class Kinds : public testing::TestWithParam<Kind> {};

TEST_P(Kinds, AreWhatMostOfTheConfigurationBelongsTo) {
  test::MemoryReader reader;
  reader.files["vm"] = std::string("ram 64M ") + GetParam().text;
  SourceSet sources;
  DiagnosticSink sink;
  const SyntaxTree tree = parse({{"@vm"}, {}, ""}, test::shipped_tables(), reader, sources, sink);
  EXPECT_EQ(architecture_of(tree, test::shipped_tables()).architecture, GetParam().architecture);
  EXPECT_EQ(findings("A14", std::string("ram 64M ") + GetParam().text).size(), GetParam().contradictions);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Kinds,
    testing::Values(Kind{"", Architecture::x86_64, 0}, Kind{"vdev ser8250", Architecture::x86_64, 0},
                    Kind{"vdev pl011 loc 0x1c090000", Architecture::aarch64, 0},
                    Kind{"fdt load a.dtb", Architecture::aarch64, 0},
                    Kind{"acpi load a.aml", Architecture::x86_64, 0},
                    Kind{"acpi load a.aml vdev gic", Architecture::aarch64, 1},
                    Kind{"vdev gic vdev ioapic loc 0xf8000000", Architecture::aarch64, 1},
                    Kind{"vdev hpet vdev pl011 loc 0x1c090000 vdev gic", Architecture::aarch64, 1},
                    Kind{"vdev gic vdev ser8250 loc io:0x3f8", Architecture::aarch64, 1},
                    Kind{"reserve loc io:0x60,1 pass loc io:0x64,1 fdt load a.dtb", Architecture::x86_64, 1},
                    // Vdevs weigh more than the rest.
                    Kind{"reserve loc io:0x60,1 pass loc io:0x64,1 vdev pl011 loc 0x1c090000",
                         Architecture::aarch64, 2},
                    Kind{"vdev gic set posted-interrupts off", Architecture::aarch64, 1},
                    Kind{"vdev ser8250 intr gic:37", Architecture::aarch64, 0},
                    // That there is no controller of this name is another rule's finding.
                    Kind{"vdev ioapic loc 0xf8000000 vdev ser8250 intr gic:37", Architecture::x86_64, 0}));

TEST(NotAvailable, TellsWhyTheMachineIsTakenForWhatItIs) {
  const auto found = findings("A14", "vdev gic vdev pl011 loc 0x1c090000 vdev hpet");
  EXPECT_THAT(texts(found),
              ElementsAre("vdev 'hpet' exists on x86_64 only {leave it out, or describe a machine "
                          "of x86_64 throughout}"));
  ASSERT_EQ(found[0].notes.size(), 1U);
  EXPECT_EQ(found[0].notes[0].text, "the VM is taken for one of aarch64 because of vdev 'gic'");
}

TEST(Effects, AreToldOncePerOption) {
  const auto found = findings(
      "H01", "ram 64M cpu sched 8 cpu sched 8 cpu sched 8 cpu sched 8 cpu sched 8 cpu sched 8 debug");
  EXPECT_THAT(
      texts(found),
      ElementsAre("'sched' of cpu is approximated on this host: priorities of the guest's host do not "
                  "exist here; the thread gets the host's ordinary scheduling",
                  "'debug' has no effect on this host: there is no debugging support to switch on"));
  ASSERT_EQ(found[0].notes.size(), 4U);
  EXPECT_EQ(found[0].notes[3].text, "and at 2 more places");
}

TEST(Effects, OfVariablesAndValues) {
  EXPECT_THAT(
      texts(findings("H01", "ram 64M set exit-on-halt off vdev shmem set debug off")),
      ElementsAre(HasSubstr("'set exit-on-halt' has no effect"), HasSubstr("'set debug' has no effect")));
  EXPECT_THAT(findings("H01", "ram 64M cpu cluster _cpu-1"), IsEmpty());
  EXPECT_EQ(findings("H01", "ram 64M cpu cluster big").size(), 1U);
}

TEST(Effects, OfDevicesThatCannotRunAreToldByTheirOwnRule) {
  EXPECT_THAT(findings("H01", "ram 64M vdev smmu set debug off vdev virtio-input screen mouse"), IsEmpty());
  EXPECT_EQ(findings("A23", "ram 64M vdev smmu set debug off vdev virtio-input screen mouse").size(), 2U);
}

TEST(NothingIsDropped, EveryOptionIsMappedOrTold) {
  const auto told = [](const OptionSpec& option) {
    return option.effect == "mapped" || !option.effect_note.empty() || !option.unsupported.empty();
  };
  for (const char* context : {"vm", "cpu", "reserve", "vdev-common"}) {
    for (const OptionSpec& option : test::shipped_tables().context(context).options)
      EXPECT_TRUE(told(option)) << context << " " << option.name;
    for (const OptionSpec& option : test::shipped_tables().context(context).variables)
      EXPECT_TRUE(told(option)) << context << " " << option.name;
  }
  for (const std::string_view name : test::shipped_tables().vdev_names()) {
    for (const OptionSpec& option : test::shipped_tables().vdev(name)->options)
      EXPECT_TRUE(told(option)) << name << " " << option.name;
  }
}

struct Decision {
  const char* text;
  const char* part;
};

class Decisions : public testing::TestWithParam<Decision> {};

TEST_P(Decisions, AreToldWhereTheyMatter) {
  const auto found = findings("H03", std::string("ram 64M ") + GetParam().text);
  ASSERT_EQ(found.size(), 1U) << GetParam().text;
  EXPECT_THAT(found[0].message, HasSubstr(GetParam().part));
  EXPECT_THAT(found[0].help, HasSubstr("docs/decisions-qvmconf.md"));
}

INSTANTIATE_TEST_SUITE_P(
    Of, Decisions,
    testing::Values(Decision{"cmdline \"a\\\n b\"", "joins it with the next"},
                    Decision{"cmdline \"a=\\\"b\\\"\"", "makes the quote part"},
                    Decision{"cmdline \"a\\b\"", "ordinary character"}, Decision{"dump 'x'", "single quote"},
                    Decision{"dump \"a\nb\"", "stands for one blank"},
                    Decision{"load big,guest.elf", "all of 'big,guest.elf' is the file's name"},
                    Decision{"user 70001", "taken to have one argument"},
                    Decision{"vdev virtio-gpu gl on", "is taken to have one argument"}));

TEST(Decisions, NameRulesThatExist) {
  std::ifstream file(QVM_SOURCE_DIR "/docs/decisions-qvmconf.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const std::regex id("\\b[A-H][0-9][0-9][a-z]?\\b");
  std::size_t count = 0;
  for (std::sregex_iterator one(page.begin(), page.end(), id); one != std::sregex_iterator(); ++one, ++count)
    EXPECT_NE(find_rule(one->str()), nullptr) << one->str();
  EXPECT_GT(count, 10U);
}

TEST(Decisions, AreNotToldWhereTheyDoNotMatter) {
  // That the option has no effect is said already.
  EXPECT_THAT(findings("H03", "ram 64M fdt generate set pointer-authentication on vdev mc146818 reg 0x0b,2"),
              IsEmpty());
  EXPECT_THAT(findings("H03", "ram 64M cmdline \"a\n b\" load 0x100000,guest.elf # it's \\ \"\n"), IsEmpty());
}

}  // namespace
}  // namespace qvm::config
