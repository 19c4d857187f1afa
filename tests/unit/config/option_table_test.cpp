// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"
#include "tests/support/temporary_directory.h"

namespace qvm::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kMinimal = R"({"name": "acme", "documentation": "A device."})";

TEST(OptionTable, ReadsAMinimalTable) {
  const auto table = OptionTable::from_json("acme", kMinimal);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->name, "acme");
  EXPECT_THAT(table->options, IsEmpty());
}

TEST(OptionTable, ReadsEverything) {
  const auto table = OptionTable::from_json("acme", R"({
    "name": "acme", "documentation": "A device.", "architectures": ["x86_64"], "object": "vdev-acme.so",
    "default-space": "io", "default-location": {"space": "io", "address": 1016}, "location-required": true,
    "interrupt-required-with-location": true, "interrupt-controller": true, "interrupt-lines": 24,
    "claims": [{"space": "io", "length": 8}, {"space": "memory", "address": 4096, "length": 16, "when": ["speed"]}],
    "options": [{"name": "speed", "arguments": [{"name": "N", "type": "number", "minimum": 1, "maximum": 9}],
                 "repeatable": true, "required": true, "default": "5", "effect": "none", "effect-note": "why",
                 "documentation": "How fast.", "also-called": ["rate"]}]})");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->default_location->address, 1016U);
  EXPECT_EQ(table->claims[1].address, 4096U);
  EXPECT_TRUE(table->claims[0].holds_with({}));
  EXPECT_FALSE(table->claims[1].holds_with({}));
  EXPECT_TRUE(table->claims[1].holds_with({Option{.name = "speed", .where = {}, .arguments = {}}}));
  const OptionSpec* speed = table->find("speed");
  ASSERT_NE(speed, nullptr);
  EXPECT_EQ(speed->usage(), "speed N");
  EXPECT_EQ(speed->arguments[0].maximum, 9U);
  EXPECT_TRUE(speed->repeatable);
  EXPECT_EQ(table->find("spee"), nullptr);
}

struct BadTable {
  const char* json;
  const char* problem;
};

class BadTables : public testing::TestWithParam<BadTable> {};

TEST_P(BadTables, AreRefusedWithTheirPath) {
  const auto table = OptionTable::from_json("acme", GetParam().json);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message(), GetParam().problem);
}

INSTANTIATE_TEST_SUITE_P(
    Json, BadTables,
    testing::Values(
        BadTable{R"([])", "acme.json: /: must be an object"},
        BadTable{R"({"documentation": "x"})", "acme.json: /name: is missing"},
        BadTable{R"({"name": "other", "documentation": "x"})",
                 "acme.json: /name: must be 'acme', as the file is called"},
        BadTable{R"({"name": "acme", "documentation": "x", "optoins": []})",
                 "acme.json: /optoins: unknown key"},
        BadTable{R"({"name": "acme", "documentation": 5})",
                 "acme.json: /documentation: must be a string that is not empty"},
        BadTable{R"({"name": "acme", "documentation": "x", "options": {}})",
                 "acme.json: /options: must be an array"},
        BadTable{R"({"name": "acme", "documentation": "x", "options": [{"name": "a"}]})",
                 "acme.json: /options/0/documentation: is missing"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b"}, {"name": "a", "documentation": "b"}]})",
            "acme.json: /options/1: 'a' is listed twice"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "effect": "magic"}]})",
            "acme.json: /options/0/effect: 'magic' is none of mapped, approximated, none"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "effect": "none"}]})",
            "acme.json: /options/0/effect-note: is missing"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "arguments": [{"name": "X", "type": "keyword"}]}]})",
            "acme.json: /options/0/arguments/0/keywords: is missing"},
        BadTable{R"({"name": "acme", "documentation": "x", "claims": [{"space": "disk", "length": 1}]})",
                 "acme.json: /claims/0/space: 'disk' is none of memory, io, pci"},
        BadTable{R"({"name": "acme", "documentation": "x", "claims": [{"space": "io", "length": -1}]})",
                 "acme.json: /claims/0/length: must be a whole number of at least 0"},
        BadTable{R"({"name": "acme", "documentation": "x", "claims": [{"space": "io"}]})",
                 "acme.json: /claims/0/length: must be at least 1"},
        BadTable{R"({"name": "acme", "documentation": "x", "location-required": 1})",
                 "acme.json: /location-required: must be true or false"},
        BadTable{R"({"name": "acme", "documentation": "x", "since": "6.6"})",
                 "acme.json: /since: '6.6' is none of 7.0, 7.1, 8.0"},
        BadTable{R"({"name": "acme", "documentation": "x", "since": "8.0", "until": "7.0"})",
                 "acme.json: /until: is before 'since'"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "deprecated": {"renaming": true}}]})",
            "acme.json: /options/0/deprecated/instead: is missing"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "stands-for": "c"}]})",
            "acme.json: /options/0/stands-for: 'c' is no option with as many arguments"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "arguments": [{"name": "X", "type": "tuple"}]}]})",
            "acme.json: /options/0/arguments/0/parts: is missing"},
        BadTable{
            R"({"name": "acme", "documentation": "x", "options": [{"name": "a", "documentation": "b", "arguments": [{"name": "X", "type": "text", "special": [{"note": "y"}]}]}]})",
            "acme.json: /options/0/arguments/0/special/0: needs either 'value' or 'prefix'"},
        BadTable{R"({"name": "acme", "documentation": "x", "object": "../evil.so"})",
                 "acme.json: /object: must not contain '/'"},
        BadTable{R"({"name": "acme", "documentation": "x", "interrupt-lines": 5000})",
                 "acme.json: /interrupt-lines: must be at most 4096"}));

TEST(OptionTable, ReadsVersionsAndDeprecations) {
  const auto table = OptionTable::from_json("acme", R"({
    "name": "acme", "documentation": "A device.", "since": "7.1", "open-options": true, "implicit": true,
    "assumed": "much", "origin": "Acme",
    "options": [
      {"name": "speed", "arguments": [{"name": "A,B", "type": "tuple", "parts": [
          {"name": "A", "type": "number"}, {"name": "B", "type": "integer", "optional": true}],
          "special": [{"value": "1,2", "since": "8.0", "unsupported": "no"},
                      {"prefix": "x", "architectures": ["aarch64"], "note": "why"}]}],
       "until": "7.1", "documentation": "How fast."},
      {"name": "rate", "arguments": [{"name": "A", "type": "text"}], "stands-for": "speed",
       "deprecated": {"since": "8.0", "instead": "speed", "renaming": true}, "documentation": "Old."}]})");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->versions.since, QnxVersion::v7_1);
  EXPECT_TRUE(table->open_options && table->implicit);
  const OptionSpec* speed = table->find("speed");
  EXPECT_TRUE(speed->versions.contains(QnxVersion::v7_0));
  EXPECT_FALSE(speed->versions.contains(QnxVersion::v8_0));
  EXPECT_TRUE(speed->arguments[0].parts[1].optional);
  EXPECT_EQ(speed->arguments[0].special_value("1,2")->unsupported, "no");
  EXPECT_EQ(speed->arguments[0].special_value("xyz")->note, "why");
  EXPECT_EQ(speed->arguments[0].special_value("y"), nullptr);
  EXPECT_EQ(table->find("rate")->stands_for, "speed");
  EXPECT_TRUE(table->find("rate")->deprecated->renaming);
}

TEST(OptionTable, TextThatIsNoJsonIsRefused) {
  const auto table = OptionTable::from_json("acme", "{");
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message(), HasSubstr("acme.json: "));
}

TEST(TableSet, ShipsEveryVdevOfTheLanguage) {
  EXPECT_THAT(
      test::shipped_tables().vdev_names(),
      ElementsAre("8259", "exhci", "gic", "hpet", "ioapic", "mc146818", "pci-dummy", "pci-host-bridge",
                  "pckeyboard", "pl011", "progress", "ser8250", "shmem", "smmu", "timer8254", "vgpu-gvtg",
                  "virtio-blk", "virtio-console", "virtio-entropy", "virtio-fs", "virtio-gpio", "virtio-gpu",
                  "virtio-i2c", "virtio-input", "virtio-net", "virtio-rtc", "virtio-scmi", "virtio-snd",
                  "virtio-video", "virtio-vsock", "wdt-ib700", "wdt-sp805"));
  for (const std::string_view name : test::shipped_tables().vdev_names())
    EXPECT_NE(test::shipped_tables().vdev(name)->find("loc"), nullptr) << name;
}

TEST(TableSet, SaysWhichVdevsThisBuildCanRun) {
  EXPECT_THAT(test::shipped_tables().unsupported_vdev_names(),
              ElementsAre("exhci", "vgpu-gvtg", "virtio-gpio", "virtio-gpu", "virtio-i2c", "virtio-input",
                          "virtio-rtc", "virtio-scmi", "virtio-snd", "virtio-video", "virtio-vsock"));
  EXPECT_EQ(test::shipped_tables().unsupported_vdev("shmem"), nullptr);
  EXPECT_EQ(test::shipped_tables().unsupported_vdev("virtio-gpu"), test::shipped_tables().vdev("virtio-gpu"));
}

TEST(TableSet, OptionsOfAVdevThatCannotRunHaveNoEffect) {
  for (const char* name : {"virtio-gpu", "smmu"}) {
    const OptionTable* table = test::shipped_tables().vdev(name);
    EXPECT_FALSE(table->runs());
    EXPECT_EQ(table->find("loc")->effect, "none");
    EXPECT_EQ(table->find("intr")->effect_note, "this build does not have the device");
  }
  EXPECT_EQ(test::shipped_tables().vdev("shmem")->find("loc")->effect, "mapped");
}

TEST(TableSet, OwnOptionsOverrideCommonOnes) {
  EXPECT_EQ(test::shipped_tables().vdev("hpet")->find("intr")->arguments[0].type,
            ArgumentType::interrupt_list);
  EXPECT_EQ(test::shipped_tables().vdev("shmem")->find("intr")->arguments[0].type, ArgumentType::interrupt);
}

TEST(TableSet, EveryOptionThatReachesTheGuestSaysWhatBecomesOfIt) {
  for (const OptionSpec& option : test::shipped_tables().vm().options) {
    EXPECT_TRUE(!option.effect.empty() || !option.unsupported.empty()) << option.name;
  }
  for (const std::string_view name : test::shipped_tables().vdev_names()) {
    for (const OptionSpec& option : test::shipped_tables().vdev(name)->options)
      EXPECT_FALSE(option.effect.empty()) << name << " " << option.name;
  }
}

TEST(PluginDirectory, AddsVdevsWithTheCommonOptions) {
  const test::TemporaryDirectory directory;
  directory.add("acme.json", kMinimal);
  directory.add("notes.txt", "not a table");
  auto tables = TableSet::shipped();
  std::vector<Error> failures;
  tables->add_directory(directory.path(), failures);
  EXPECT_THAT(failures, IsEmpty());
  ASSERT_NE(tables->vdev("acme"), nullptr);
  EXPECT_NE(tables->vdev("acme")->find("intr"), nullptr);
}

TEST(PluginDirectory, HasTheObjectsBesideTheTables) {
  const test::TemporaryDirectory directory;
  directory.add("acme.json", R"({"name": "acme", "documentation": "A device.", "object": "vdev-acme.so",
                                 "options": []})");
  auto tables = TableSet::shipped();
  std::vector<Error> failures;
  tables->add_directory(directory.path(), failures);
  ASSERT_NE(tables->vdev("acme"), nullptr);
  EXPECT_EQ(tables->vdev("acme")->object, directory.path() + "/vdev-acme.so");
}

TEST(PluginDirectory, TakesTheGoodTablesAndTellsOfTheBad) {
  const test::TemporaryDirectory directory;
  directory.add("acme.json", kMinimal);
  directory.add("broken.json", "{");
  auto tables = TableSet::shipped();
  std::vector<Error> failures;
  tables->add_directory(directory.path(), failures);
  EXPECT_NE(tables->vdev("acme"), nullptr);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_THAT(failures[0].message(), HasSubstr("broken.json"));
}

TEST(PluginDirectory, MustExist) {
  const test::TemporaryDirectory directory;
  auto tables = TableSet::shipped();
  std::vector<Error> failures;
  tables->add_directory(directory.path() + "/missing", failures);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].message(),
            "read the plugin directory '" + directory.path() + "/missing': No such file or directory");
}

}  // namespace
}  // namespace qvm::config
