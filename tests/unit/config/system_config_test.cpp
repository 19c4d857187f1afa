// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/system_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/manifest/host_cpus.h"
#include "config/manifest/manifest_names.h"
#include "config/manifest/yaml.h"
#include "tests/support/run_program.h"

namespace qvm::config {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class OneFile final : public Reader {
 public:
  explicit OneFile(std::string text) : x_text(std::move(text)) {}
  Result<std::string> read(std::string_view path, std::uint64_t) override {
    if (path == "missing.yaml") return fail("open 'missing.yaml': No such file or directory");
    return x_text;
  }
  Result<std::string> read_head(std::string_view, std::uint64_t) override { return x_text; }
  Result<FileFacts> facts(std::string_view) override { return FileFacts{x_text.size(), true, true}; }
  std::optional<std::string> environment(std::string_view) override { return std::nullopt; }
  HostResources host() override { return {}; }

 private:
  std::string x_text;
};

struct Parsed {
  SourceSet sources;
  DiagnosticSink sink;
  std::optional<SystemConfig> config;

  std::string at(const SourceRange& where) const {
    return std::string(sources.text(where.source).substr(where.begin, where.end - where.begin));
  }
  // "line:column 'text': message [rule] (note place 'text': text) {help} <fix>" per finding.
  std::string text() const {
    std::string result;
    for (const Diagnostic& finding : sink.all()) {
      if (!result.empty()) result += "\n";
      result += fmt::format("{}: {} [{}]", place(finding.where), finding.message, finding.rule);
      for (const Note& note : finding.notes) result += fmt::format(" ({}: {})", place(note.where), note.text);
      if (!finding.help.empty()) result += fmt::format(" {{{}}}", finding.help);
      if (finding.fix) result += fmt::format(" <{}>", finding.fix->replacement);
    }
    return result;
  }
  std::string place(const SourceRange& where) const {
    if (!where.valid()) return "-";
    const LineColumn at_start = sources.position(where.source, where.begin);
    return fmt::format("{}:{} '{}'", at_start.line, at_start.column, at(where));
  }
};

std::unique_ptr<Parsed> parse(std::string text, const std::string& path = "dir/system.yaml") {
  auto parsed = std::make_unique<Parsed>();
  OneFile file(std::move(text));
  parsed->config = parse_system(path, file, parsed->sources, parsed->sink);
  return parsed;
}

// Findings of a manifest that has a good VM after the text.
std::string findings(const std::string& text) {
  return parse(text + "\nvms: {a: {config: a.qvmconf}}\n")->text();
}
// Findings of a VM with these further keys.
std::string vm_findings(const std::string& keys) {
  return parse("vms:\n  a:\n    config: a\n    " + keys)->text();
}
std::string region_findings(const std::string& keys) {
  return findings("regions:\n  moo:\n    " + keys);
}

constexpr const char* kFull = R"(# two guests
vms:
  left:
    config: left.qvmconf
    options: set exit-on-halt  off
    uid: 70001
    gid: qvm-left
    groups: [video, 1005]
  right:
    config: "sub/right.qvmconf"
    options: [cmdline, "role=right count=3"]
regions:
  moo: {size: 64KiB, mode: "0660", owner: root, group: 1005}
  big: {size: 2 MiB}
host-cpus: {4: 0, 5: 1}
defaults:
  accelerator: auto
  libvirt-uri: qemu:///session
)";

TEST(SystemConfig, ReadsEverything) {
  const auto parsed = parse(kFull);
  EXPECT_EQ(parsed->text(), "");
  const SystemConfig& config = *parsed->config;
  EXPECT_EQ(config.path, "dir/system.yaml");
  EXPECT_EQ(config.directory, "dir");
  ASSERT_EQ(config.vms.size(), 2u);
  EXPECT_EQ(config.vms[0].name.value, "left");
  EXPECT_EQ(config.vms[0].config.value, "left.qvmconf");
  EXPECT_EQ(config.vms[0].uid->value.text, "70001");
  EXPECT_EQ(config.vms[0].gid->value.text, "qvm-left");
  ASSERT_EQ(config.vms[0].groups.size(), 2u);
  EXPECT_EQ(config.vms[0].groups[1].value.text, "1005");
  EXPECT_EQ(config.vms[1].config.value, "sub/right.qvmconf");
  ASSERT_EQ(config.regions.size(), 2u);
  EXPECT_EQ(config.regions[0].size_bytes.value, 65536u);
  EXPECT_EQ(config.regions[0].mode->value, 0660u);
  EXPECT_EQ(config.regions[0].owner->value.text, "root");
  EXPECT_EQ(config.regions[1].size_bytes.value, 2u << 20);
  EXPECT_EQ(host_cpu_for(&config, 5), 1U);
  EXPECT_EQ(host_cpu_for(&config, 3), 3U);
  EXPECT_EQ(host_cpu_for(nullptr, 4), 4U);
  EXPECT_EQ(config.accelerator->value, Accelerator::automatic);
  EXPECT_EQ(config.libvirt_uri->value, "qemu:///session");
}

TEST(SystemConfig, KeepsThePlaceOfEveryValue) {
  const auto parsed = parse(kFull);
  const SystemConfig& config = *parsed->config;
  EXPECT_EQ(parsed->place(config.vms[0].name.where), "3:3 'left'");
  EXPECT_EQ(parsed->place(config.vms[0].config.where), "4:13 'left.qvmconf'");
  EXPECT_EQ(parsed->place(config.vms[0].options[1].where), "5:18 'exit-on-halt'");
  EXPECT_EQ(parsed->place(config.vms[0].options[2].where), "5:32 'off'");
  EXPECT_EQ(parsed->place(config.vms[0].groups[0].where), "8:14 'video'");
  EXPECT_EQ(parsed->place(config.vms[1].config.where), "10:14 'sub/right.qvmconf'");
  EXPECT_EQ(parsed->place(config.vms[1].options[1].where), "11:25 'role=right count=3'");
  EXPECT_EQ(parsed->place(config.regions[0].mode->where), "13:29 '0660'");
  EXPECT_EQ(parsed->place(config.regions[1].size_bytes.where), "14:15 '2 MiB'");
}

TEST(SystemConfig, OptionsAreWords) {
  const auto parsed = parse(kFull);
  std::vector<std::string> words;
  for (const auto& word : parsed->config->vms[0].options) words.push_back(word.value);
  EXPECT_THAT(words, ElementsAre("set", "exit-on-halt", "off"));
}

TEST(SystemConfig, DirectoryIsTheManifests) {
  EXPECT_EQ(parse(kFull, "system.yaml")->config->directory, "");
  EXPECT_EQ(parse(kFull, "/system.yaml")->config->directory, "/");
  EXPECT_EQ(parse(kFull, "/a/b/system.yaml")->config->directory, "/a/b");
}

TEST(SystemConfig, PlacesAreRightAfterCharactersOfSeveralBytes) {
  const auto parsed = parse("# \xc3\xa4\xe2\x82\xac\r\nvms: {a: {confg: x}}\r\n");
  EXPECT_EQ(parsed->text(),
            "2:11 'confg': VM 'a' has no 'confg' [manifest-key] {did you mean 'config'?} <config>");
}

TEST(SystemConfig, AFileThatCannotBeReadIsToldWithoutAPlace) {
  const auto parsed = parse("", "missing.yaml");
  EXPECT_FALSE(parsed->config);
  EXPECT_EQ(parsed->text(), "-: open 'missing.yaml': No such file or directory [manifest-file]");
}

TEST(SystemConfig, NothingInIt) {
  EXPECT_EQ(
      parse("")->text(),
      "1:1 '': the manifest is empty [manifest-missing] {for example 'vms: {left: {config: left.qvmconf}}'}");
  EXPECT_EQ(
      parse("# only this\n")->text(),
      "1:1 '': the manifest is empty [manifest-missing] {for example 'vms: {left: {config: left.qvmconf}}'}");
  EXPECT_EQ(parse("regions: {}\n")->text(),
            "1:1 '': the system has no 'vms', and no 'regions' [manifest-missing] {for example 'vms: {left: "
            "{config: "
            "left.qvmconf}}'}");
  EXPECT_EQ(
      parse("vms: {}\n")->text(),
      "1:1 'vms': the system has no VM, and no region [manifest-missing] {for example 'vms: {left: {config: "
      "left.qvmconf}}'}");
  EXPECT_EQ(parse("- a\n")->text(),
            "1:1 '-': a manifest must be a mapping, not a list [manifest-missing] "
            "{for example 'vms: {left: {config: left.qvmconf}}'}");
}

TEST(SystemConfig, RegionsAloneAreASystem) {
  EXPECT_EQ(parse("regions: {moo: {size: 64KiB}}\n")->text(), "");
  EXPECT_EQ(parse("vms: {}\nregions: {moo: {size: 64KiB}}\n")->text(), "");
  // What is wrong with them is all there is to say.
  EXPECT_EQ(parse("regions: {moo: {}}\n")->text(),
            "1:11 'moo': region 'moo' has no 'size' [manifest-missing] {add 'size: 64KiB'}");
}

TEST(SystemConfig, UnknownKeysGetASuggestion) {
  EXPECT_EQ(findings("region: {}"),
            "1:1 'region': a manifest has no 'region' [manifest-key] {did you mean 'regions'?} <regions>");
  EXPECT_EQ(
      findings("network: {}"),
      "1:1 'network': a manifest has no 'network' [manifest-key] {it can have 'vms', 'regions', 'limits', "
      "'host-map', 'host-cpus', 'defaults'}");
  EXPECT_EQ(vm_findings("user: 5"),
            "4:5 'user': VM 'a' has no 'user' [manifest-key] "
            "{it can have 'config', 'options', 'uid', 'gid', 'groups', 'limits', 'depends_on', 'restart'}");
  EXPECT_EQ(region_findings("size: 1KiB\n    modes: \"0660\""),
            "4:5 'modes': region 'moo' has no 'modes' [manifest-key] {did you mean 'mode'?} <mode>");
  EXPECT_EQ(findings("defaults: {acelerator: kvm}"),
            "1:12 'acelerator': 'defaults' has no 'acelerator' [manifest-key] {did you mean 'accelerator'?} "
            "<accelerator>");
}

TEST(SystemConfig, DuplicateKeysTellBothPlaces) {
  EXPECT_EQ(vm_findings("uid: 5\n    uid: 6"),
            "5:5 'uid': 'uid' is given twice [manifest-duplicate] (4:5 'uid': the first one is here)");
  EXPECT_EQ(parse("vms:\n  a: {config: a}\n  a: {config: b}\n")->text(),
            "3:3 'a': 'a' is given twice [manifest-duplicate] (2:3 'a': the first one is here)");
  EXPECT_EQ(vm_findings("groups: [x, y, x]"),
            "4:20 'x': group 'x' is given twice [manifest-duplicate] (4:14 'x': the first one is here)");
}

TEST(SystemConfig, TheFirstOfTwoIsKept) {
  const auto parsed = parse("vms:\n  a: {config: first}\n  a: {config: second}\n");
  ASSERT_EQ(parsed->config->vms.size(), 1u);
  EXPECT_EQ(parsed->config->vms[0].config.value, "first");
}

TEST(SystemConfig, SizesNeedAUnit) {
  EXPECT_EQ(region_findings("size: 65536"),
            "3:11 '65536': '65536' is a size without a unit [manifest-value] "
            "{write B, KiB, MiB or GiB after it, for example 64KiB}");
  EXPECT_EQ(region_findings("size: 64K"),
            "3:11 '64K': 'K' is not a unit of size [manifest-value] {write 64KiB} <64KiB>");
  EXPECT_EQ(region_findings("size: 64 MB"),
            "3:11 '64 MB': 'MB' is not a unit of size [manifest-value] {write 64MiB} <64MiB>");
  EXPECT_EQ(region_findings("size: 64Ti"),
            "3:11 '64Ti': 'Ti' is not a unit of size [manifest-value] {the units are B, KiB, MiB and GiB}");
  EXPECT_EQ(
      region_findings("size: 1.5MiB"),
      "3:11 '1.5MiB': '.5MiB' is not a unit of size [manifest-value] {the units are B, KiB, MiB and GiB}");
}

TEST(SystemConfig, SizesAreWholeNumbersThatFit) {
  EXPECT_EQ(region_findings("size: 064KiB"),
            "3:11 '064KiB': '064KiB' has a leading zero [manifest-value] {write 64KiB} <64KiB>");
  EXPECT_EQ(region_findings("size: 0KiB"),
            "3:11 '0KiB': a size of nothing [manifest-value] {write a size of at least 1B}");
  EXPECT_EQ(region_findings("size: -1KiB"),
            "3:11 '-1KiB': '-1KiB' is not a size [manifest-value] "
            "{write a number with B, KiB, MiB or GiB, for example 64KiB}");
  EXPECT_EQ(region_findings("size: 17179869184GiB"),
            "3:11 '17179869184GiB': '17179869184GiB' does not fit 64 bits [manifest-value]");
  EXPECT_EQ(region_findings("size: 17179869183GiB"), "");
  EXPECT_EQ(region_findings("size: 99999999999999999999B"),
            "3:11 '99999999999999999999B': '99999999999999999999B' does not fit 64 bits [manifest-value]");
}

TEST(SystemConfig, ModesAreFourOctalDigitsInQuotes) {
  EXPECT_EQ(region_findings("size: 1KiB\n    mode: 0640"),
            "4:11 '0640': mode 0640 without quotes: other readers of YAML take it for another number "
            "[manifest-value] {write \"0640\"} <\"0640\">");
  EXPECT_EQ(region_findings("size: 1KiB\n    mode: \"640\""),
            "4:12 '640': mode '640' has 3 digits instead of 4 [manifest-value] {write \"0640\"} <0640>");
  EXPECT_EQ(
      region_findings("size: 1KiB\n    mode: '0755'"),
      "4:12 '0755': mode '0755' has more than read and write bits [manifest-value] {write \"0644\"} <0644>");
  EXPECT_EQ(region_findings("size: 1KiB\n    mode: \"0680\""),
            "4:12 '0680': '0680' is not a mode [manifest-value] "
            "{write four octal digits in quotes, for example \"0660\"}");
  EXPECT_EQ(region_findings("size: 1KiB\n    mode: rw"),
            "4:11 'rw': 'rw' is not a mode [manifest-value] {write four octal digits in quotes, for example "
            "\"0660\"}");
}

TEST(SystemConfig, NumbersOfAccountsHaveNoLeadingZeros) {
  EXPECT_EQ(vm_findings("uid: 010"), "4:10 '010': '010' has a leading zero [manifest-value] {write 10} <10>");
  EXPECT_EQ(vm_findings("uid: 4294967295"),
            "4:10 '4294967295': '4294967295' is too large for the number of an account [manifest-value] "
            "{the largest is 4294967294}");
  EXPECT_EQ(vm_findings("uid: 0x10"),
            "4:10 '0x10': '0x10' is not an account [manifest-value] {write its decimal number or its name}");
  EXPECT_EQ(vm_findings("groups: [video, \"a b\"]"),
            "4:22 'a b': 'a b' is not an account [manifest-value] {write its decimal number or its name}");
  EXPECT_EQ(vm_findings("gid: 0"), "");
}

TEST(SystemConfig, ValuesOfTheWrongKindAreToldByKey) {
  EXPECT_EQ(vm_findings("uid: [5]"),
            "4:5 'uid': 'uid' must be an account, not a list [manifest-value] {for example 'uid: 70001'}");
  EXPECT_EQ(vm_findings("groups: video"),
            "4:5 'groups': 'groups' must be a list of groups, not text [manifest-value] "
            "{for example 'groups: [video, 1005]'}");
  EXPECT_EQ(vm_findings("uid:"), "4:5 'uid': 'uid' has no value [manifest-value] {for example 'uid: 70001'}");
  EXPECT_EQ(vm_findings("uid: ~"),
            "4:5 'uid': 'uid' has no value [manifest-value] {for example 'uid: 70001'}");
  EXPECT_EQ(vm_findings("uid: \"\""),
            "4:5 'uid': 'uid' has no value [manifest-value] {for example 'uid: 70001'}");
  EXPECT_EQ(vm_findings("options: {a: b}"),
            "4:5 'options': 'options' must be text or a list of words, not a mapping [manifest-value] "
            "{for example 'options: set exit-on-halt off'}");
  EXPECT_EQ(vm_findings("options: [[a]]"),
            "4:15 '[': 'options' must be a list of words, not a list [manifest-value] "
            "{for example 'options: set exit-on-halt off'}");
  EXPECT_EQ(parse("vms: left.qvmconf")->text(),
            "1:1 'vms': 'vms' must be a mapping of names, not text [manifest-value] "
            "{for example 'vms: {left: {config: left.qvmconf}}'}");
}

TEST(SystemConfig, WhatIsMissingIsToldAtTheName) {
  EXPECT_EQ(parse("vms: {left: {uid: 5}}")->text(),
            "1:7 'left': VM 'left' has no 'config' [manifest-missing] {add 'config: left.qvmconf'}");
  EXPECT_EQ(region_findings("mode: \"0660\""),
            "2:3 'moo': region 'moo' has no 'size' [manifest-missing] {add 'size: 64KiB'}");
}

TEST(SystemConfig, NamesAreChecked) {
  EXPECT_EQ(parse("vms: {a/b: {config: x}}")->text(),
            "1:7 'a/b': 'a/b' cannot be the name of a VM [manifest-value] "
            "{use at most 64 letters, digits, '-', '_' and '.', the first a letter, a digit or '_'}");
  EXPECT_EQ(findings("regions: {a/b: {size: 1KiB}}"),
            "1:11 'a/b': 'a/b' cannot be the name of a region [manifest-value] "
            "{use 1 to 31 printable ASCII characters other than '/', and not '.' or '..'}");
}

TEST(SystemConfig, AcceleratorAndUriAreOneOfWhatWorks) {
  EXPECT_EQ(findings("defaults: {accelerator: kmv}"),
            "1:25 'kmv': 'kmv' is not an accelerator [manifest-value] {the accelerators are kvm, tcg and "
            "auto} <kvm>");
  EXPECT_EQ(findings("defaults: {libvirt-uri: \"qemu+ssh://host/system\"}"),
            "1:26 'qemu+ssh://host/system': 'qemu+ssh://host/system' is not a libvirt URI of this host "
            "[manifest-value] {for example qemu:///system or qemu:///session; without it qvm runs its own "
            "libvirt}");
}

TEST(SystemConfig, QuotesInATextOfOptionsAreRefused) {
  EXPECT_EQ(vm_findings("options: cmdline \"a b\""),
            "4:14 'cmdline \"a b\"': a text of options cannot have quotes in it [manifest-value] "
            "{write a list of words instead: 'options: [cmdline, \"a b\"]'}");
}

TEST(SystemConfig, EverythingWrongIsToldInOneRun) {
  const auto parsed = parse("vms: {a: {config: a, uid: 01}}\nregions: {moo: {size: 5}, moo: {}}\nfoo: 1\n");
  EXPECT_EQ(parsed->sink.count(Severity::error), 4u) << parsed->text();
}

TEST(Yaml, AnchorsAliasesAndTagsAreRefused) {
  EXPECT_THAT(vm_findings("uid: &x 5"),
              HasSubstr("4:10 '&': anchors are not allowed in a manifest [manifest-syntax]"));
  EXPECT_THAT(vm_findings("uid: &x 5\n    gid: *x"),
              HasSubstr("5:10 '*': aliases are not allowed in a manifest [manifest-syntax]"));
  EXPECT_THAT(vm_findings("uid: !!int 5"),
              HasSubstr("4:10 '!': tags are not allowed in a manifest [manifest-syntax]"));
  EXPECT_THAT(vm_findings("uid: ! 5"),
              HasSubstr("4:10 '!': tags are not allowed in a manifest [manifest-syntax]"));
  EXPECT_THAT(vm_findings("groups: !x [a]"), HasSubstr("tags are not allowed"));
  EXPECT_THAT(vm_findings("groups: &x [a]"), HasSubstr("anchors are not allowed"));
}

TEST(Yaml, AnAliasBombStaysSmall) {
  std::string text = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name < 'j'; ++name) {
    const std::string before = "*"s + static_cast<char>(name - 1);
    text += std::string(1, name) + ": &" + name + " [";
    for (int i = 0; i < 9; ++i) text += (i == 0 ? "" : ",") + before;
    text += "]\n";
  }
  SourceSet sources;
  DiagnosticSink sink;
  const auto root = parse_yaml(sources.add("bomb", text), sources, sink);
  ASSERT_TRUE(root);
  EXPECT_TRUE(sink.has_errors());
  EXPECT_EQ(root->entries.at(8).value.items.size(), 9u);
}

TEST(Yaml, OneDocumentWithoutDirectives) {
  EXPECT_EQ(parse("vms: {a: {config: a}}\n---\nvms: {}\n")->text(),
            "3:1 'v': a manifest is one document; this starts another one [manifest-syntax]");
  EXPECT_EQ(parse("%YAML 1.2\n---\nvms: {a: {config: a}}\n")->text(),
            "1:1 '%': directives are not allowed in a manifest [manifest-syntax] {remove this line}");
  EXPECT_EQ(parse("---\nvms: {a: {config: a}}\n...\n")->text(), "");
}

TEST(Yaml, KeysAreText) {
  EXPECT_EQ(parse("vms: {a: {config: a}}\n? [b]\n: c\n")->text(),
            "2:3 '[': a key must be text, not a list [manifest-syntax]");
}

TEST(Yaml, OtherBytesThanTextAreRefused) {
  EXPECT_EQ(parse("vms: {a: {config: \"\x01\"}}")->sink.all().at(0).message, "byte 0x01 is not text");
  EXPECT_EQ(parse("vms: \xff")->sink.all().at(0).message, "byte 0xff is not text");
  EXPECT_EQ(parse("vms:\x04 {}")->sink.all().at(0).message, "byte 0x04 is not text");
  EXPECT_EQ(parse("vms: \0x"s)->sink.all().at(0).message, "byte 0x00 is not text");
  EXPECT_EQ(parse("\xef\xbb\xbfvms: {}")->sink.all().at(0).message, "the file starts with a byte order mark");
}

TEST(Yaml, BadSyntaxIsToldAtItsPlace) {
  EXPECT_EQ(parse("vms:\n  a: {config: a\n")->sink.all().at(0).message,
            "not valid YAML: end of map flow not found");
  EXPECT_EQ(parse("vms: \"a")->sink.all().at(0).rule, "manifest-syntax");
  EXPECT_EQ(parse("vms:\n\ta: b\n")->sink.all().size(), 1u);
}

TEST(Yaml, DepthIsLimited) {
  const auto nested = [](std::size_t depth) {
    return "a: " + std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(parse(nested(15))->sink.all().at(0).rule, "manifest-key");
  EXPECT_EQ(parse(nested(16))->text(),
            "1:19 '[': a manifest is nested at most 16 levels deep [manifest-syntax]");
  EXPECT_EQ(parse("vms: " + std::string(4000, '['))->sink.all().size(), 1u);
}

TEST(Yaml, CountIsLimited) {
  std::string text = "vms: [";
  for (int i = 0; i < 30000; ++i) text += "a,\n";
  const auto parsed = parse(text + "]");
  EXPECT_EQ(parsed->sink.all().at(0).message, "a manifest has at most 20000 values");
}

TEST(Yaml, SizeIsLimited) {
  const auto parsed = parse(std::string(kYamlMaxBytes + 1, ' '));
  EXPECT_EQ(parsed->sink.all().at(0).message, "a manifest has at most 262144 bytes; this one has 262145");
}

TEST(Yaml, LengthOfALineIsLimited) {
  EXPECT_EQ(parse("vms:\n" + std::string(kYamlMaxLine + 1, ' ') + "\n")->text(),
            "2:1 '': a line of a manifest has at most 4096 bytes; this one has 4097 [manifest-syntax] {break "
            "the line}");
}

TEST(Yaml, EscapesAndBlocksHaveAPlaceAndAText) {
  SourceSet sources;
  DiagnosticSink sink;
  const auto root = parse_yaml(
      sources.add("x", "a: \"q\\\"\\x41\"\nb: 'it''s'\nc: |\n  one\n  two\nd: one\n  two\n"), sources, sink);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->entries.size(), 4u);
  const auto place = [&](std::size_t i) {
    const SourceRange& where = root->entries[i].value.where;
    return std::string(sources.text(where.source).substr(where.begin, where.end - where.begin));
  };
  EXPECT_EQ(root->entries[0].value.text, "q\"A");
  EXPECT_EQ(place(0), "q\\\"\\x41");
  EXPECT_FALSE(root->entries[0].value.verbatim);
  EXPECT_EQ(root->entries[1].value.text, "it's");
  EXPECT_EQ(place(1), "it''s");
  EXPECT_EQ(root->entries[2].value.text, "one\ntwo\n");
  EXPECT_EQ(place(2), "|");
  EXPECT_EQ(root->entries[3].value.text, "one two");
  EXPECT_EQ(place(3), "one");
}

TEST(ManifestNames, MustBeThoseOfTheFiles) {
  auto parsed = parse("vms: {left: {config: a}, right: {config: b}, third: {config: c}}\n");
  const SourceId file = parsed->sources.add("b", "system other");
  std::vector<VmConfig> vms(3);
  vms[0].system = Located<std::string>{"left", {file, 0, 0}};
  vms[1].system = Located<std::string>{"other", {file, 7, 12}};
  check_manifest_names(*parsed->config, vms, parsed->sink);
  EXPECT_EQ(
      parsed->text(),
      "1:26 'right': VM 'right' is called 'other' by its configuration [manifest-name] (1:8 'other': here) "
      "{use the same name, or leave 'system' out of the configuration}");
}

TEST(SystemLimits, AreRead) {
  const auto parsed = parse(
      "limits: {memory: 64MiB, regions: 4096}\n"
      "vms:\n  a: {config: a, limits: {clients: 5, clients-per-region: 16}}\n"
      "regions:\n  m: {size: 2MiB, huge-pages: require, lock: true}\n");
  EXPECT_EQ(parsed->text(), "");
  const SystemConfig& config = *parsed->config;
  EXPECT_EQ(parsed->at(config.limits.where), "limits");
  EXPECT_EQ(config.limits.memory->value, 64U << 20U);
  EXPECT_EQ(config.limits.regions->value, 4096U);
  EXPECT_FALSE(config.limits.clients);
  EXPECT_EQ(config.vms[0].limits.clients->value, 5U);
  EXPECT_EQ(config.vms[0].limits.clients_per_region->value, 16U);
  EXPECT_EQ(config.regions[0].huge_pages->value, HugePages::require);
  EXPECT_TRUE(config.regions[0].lock->value);
}

TEST(SystemLimits, AreChecked) {
  EXPECT_EQ(findings("limits: {memory: 64M}"),
            "1:18 '64M': 'M' is not a unit of size [manifest-value] {write 64MiB} <64MiB>");
  EXPECT_EQ(findings("limits: {regions: 4097}"),
            "1:19 '4097': '4097' is out of range [manifest-value] {write a number from 1 to 4096}");
  EXPECT_EQ(findings("limits: {clients: 0}"),
            "1:19 '0': '0' is out of range [manifest-value] {write a number from 1 to 65536}");
  EXPECT_EQ(findings("limits: {clients: 010}"),
            "1:19 '010': '010' has a leading zero [manifest-value] {write 10} <10>");
  EXPECT_EQ(findings("limits: {clients-per-region: 3}"),
            "1:10 'clients-per-region': 'limits' has no 'clients-per-region' [manifest-key] "
            "{it can have 'memory', 'regions', 'clients'}");
  EXPECT_EQ(findings("limits: {memroy: 3}"),
            "1:10 'memroy': 'limits' has no 'memroy' [manifest-key] {did you mean 'memory'?} <memory>");
  EXPECT_EQ(findings("limits: 5"),
            "1:1 'limits': 'limits' must be a mapping, not text [manifest-value] {for example 'limits: "
            "{memory: 64MiB, regions: 8, clients: 16}'}");
  EXPECT_EQ(vm_findings("limits: {clients-per-region: 17}"),
            "4:34 '17': '17' is out of range [manifest-value] {write a number from 1 to 16}");
}

TEST(SystemBacking, IsChecked) {
  EXPECT_EQ(region_findings("{size: 2MiB, huge-pages: required}"),
            "3:30 'required': 'required' is not a use of huge pages [manifest-value] {write none, advise or "
            "require} <require>");
  EXPECT_EQ(region_findings("{size: 2MiB, lock: yes}"),
            "3:24 'yes': 'yes' is neither true nor false [manifest-value] {write true or false}");
}

TEST(SystemConfig, ReadsWhatIsWaitedFor) {
  const auto parsed = parse(R"(vms:
  a: {config: a.qvmconf}
  b:
    config: b.qvmconf
    depends_on:
      - a
      - {vm: a, timeout: 2min}
      - {vm: a, console: "login: ", timeout: 1500ms}
      - {region: moo}
      - {region: moo, clients: 16, timeout: 1h}
)");
  EXPECT_EQ(
      parsed->text(),
      "7:14 'a': VM 'b' waits twice for VM 'a' to be started [manifest-duplicate] (6:9 'a': the first one "
      "is here)");
  const auto& depends_on = parsed->config->vms[1].depends_on;
  ASSERT_EQ(depends_on.size(), 4u);
  using Kind = Condition::Kind;
  EXPECT_EQ(depends_on[0].condition, (Condition{.kind = Kind::started, .vm = "a"}));
  EXPECT_EQ(
      depends_on[1].condition,
      (Condition{
          .kind = Kind::console, .vm = "a", .text = "login: ", .timeout = std::chrono::milliseconds(1500)}));
  EXPECT_EQ(depends_on[2].condition,
            (Condition{.kind = Kind::region, .region = "moo", .timeout = kConditionTimeout}));
  EXPECT_EQ(
      depends_on[3].condition,
      (Condition{.kind = Kind::clients, .region = "moo", .clients = 16, .timeout = std::chrono::hours(1)}));
  EXPECT_EQ(parsed->at(depends_on[1].detail_where), "login: ");
}

TEST(SystemConfig, RefusesConditionsThatMeanNothing) {
  EXPECT_EQ(
      vm_findings("depends_on: b"),
      "4:5 'depends_on': 'depends_on' must be a list of VMs and conditions, not text [manifest-value] {for "
      "example 'depends_on: [left, {region: moo, clients: 1}]'}");
  EXPECT_EQ(
      vm_findings("depends_on: [-b]"),
      "4:18 '-b': '-b' cannot be the name of a VM [manifest-value] {use at most 64 letters, digits, '-', "
      "'_' and '.', the first a letter, a digit or '_'}");
  EXPECT_EQ(vm_findings("depends_on: [{vm: b, region: moo}]"),
            "4:18 '{': a condition is about a VM or about a region, not both [manifest-missing] {make two "
            "conditions of it}");
  EXPECT_EQ(
      vm_findings("depends_on: [{console: x, region: moo}]"),
      "4:28 'x': 'console' needs the 'vm' whose console it is [manifest-missing] {for example '{vm: left, "
      "console: \"login:\"}'}");
  EXPECT_EQ(vm_findings("depends_on: [{vm: b, clients: 2}]"),
            "4:35 '2': 'clients' needs the 'region' whose clients they are [manifest-missing] {for example "
            "'{region: moo, clients: 2}'}");
  EXPECT_EQ(vm_findings("depends_on: [{region: moo, clients: 17}]"),
            "4:41 '17': '17' is not a number of clients of a region [manifest-value] {write a number from 1 "
            "to 16}");
  EXPECT_EQ(vm_findings("depends_on: [{vm: b, consol: x}]"),
            "4:26 'consol': a condition has no 'consol' [manifest-key] {did you mean 'console'?} <console>");
  EXPECT_EQ(vm_findings("depends_on: [{vm: b, console: \"a\\nb\"}]"),
            "4:36 'a\\nb': the text that a console shows must be part of one line [manifest-value] {write at "
            "most 256 bytes without line breaks}");
}

TEST(SystemConfig, ReadsTimes) {
  const auto time = [](const std::string& text) {
    return vm_findings("depends_on: [{region: moo, timeout: " + text + "}]");
  };
  EXPECT_EQ(time("24h"), "");
  EXPECT_EQ(time("10 s"), "");
  EXPECT_EQ(time("10"),
            "4:41 '10': '10' is a time without a unit [manifest-value] {write ms, s, min or h after "
            "it, for example 30s}");
  EXPECT_EQ(time("1m"),
            "4:41 '1m': 'm' is not a unit of time [manifest-value] {the units are ms, s, min and h}");
  EXPECT_EQ(time("soon"),
            "4:41 'soon': 'soon' is not a time [manifest-value] {write a number with ms, s, min or "
            "h, for example 30s}");
  EXPECT_EQ(time("05s"), "4:41 '05s': '05s' has a leading zero [manifest-value] {write 5s} <5s>");
  EXPECT_EQ(time("0s"), "4:41 '0s': a time of nothing [manifest-value] {write a time of at least 1ms}");
  EXPECT_EQ(time("25h"), "4:41 '25h': '25h' is too long [manifest-value] {the longest time is 24h}");
  EXPECT_EQ(
      time("99999999999999999999h"),
      "4:41 '99999999999999999999h': '99999999999999999999h' is too long [manifest-value] {the longest time "
      "is 24h}");
}

TEST(SystemConfig, ReadsRestartPolicies) {
  using When = RestartPolicy::When;
  const auto restart = [](const std::string& text) {
    return parse("vms:\n  a:\n    config: a\n    restart: " + text)->config->vms.at(0).restart;
  };
  EXPECT_EQ(restart("no"), RestartPolicy{});
  EXPECT_EQ(restart("on-failure"), RestartPolicy{.when = When::on_failure});
  EXPECT_EQ(restart("{policy: always, max-restarts: 5, delay: 200ms, max-delay: 1s, stable-after: 2h}"),
            (RestartPolicy{.when = When::always,
                           .max_restarts = 5,
                           .delay = std::chrono::milliseconds(200),
                           .max_delay = std::chrono::seconds(1),
                           .stable_after = std::chrono::hours(2)}));
  // The longest delay is at least the first one.
  EXPECT_EQ(restart("{policy: always, delay: 2min}").max_delay, std::chrono::minutes(2));
}

TEST(SystemConfig, RefusesRestartPoliciesThatAreNone) {
  EXPECT_EQ(vm_findings("restart: on-failur"),
            "4:14 'on-failur': 'on-failur' is not a restart policy [manifest-value] {the policies are no, "
            "on-failure and always} <on-failure>");
  EXPECT_EQ(vm_findings("restart: {delay: 1s}"),
            "4:5 'restart': 'restart' has no 'policy' [manifest-missing] {for example 'restart: {policy: "
            "on-failure, max-restarts: 5}'}");
  EXPECT_EQ(vm_findings("restart: {policy: always, delay: 99ms}"),
            "4:38 '99ms': a delay of 99ms [manifest-value] {write at least 100ms}");
  EXPECT_EQ(vm_findings("restart: {policy: always, delay: 3s, max-delay: 2s}"),
            "4:53 '2s': 'max-delay' is shorter than 'delay' [manifest-value] {write at least 3000ms}");
  EXPECT_EQ(vm_findings("restart: {policy: always, max-restarts: 0}"),
            "4:45 '0': '0' is not a number of restarts [manifest-value] {write a number from 1 to 1000000}");
}

// Every ```yaml block of the documentation is a manifest without a finding, and follows the schema.
std::vector<std::string> documented_examples() {
  std::ifstream file(QVM_SOURCE_DIR "/docs/manifest.md");
  std::vector<std::string> examples;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```yaml") {
      examples.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      examples.back() += line + "\n";
    }
  }
  return examples;
}

test::ProgramResult check_schema(const std::string& text) {
  return test::run_program({"/usr/bin/python3", QVM_SOURCE_DIR "/tests/support/check_json.py",
                            QVM_SOURCE_DIR "/schemas/system.schema.json"},
                           text);
}

bool can_check_schemas() {
  return test::run_program({"/usr/bin/python3", "-c", "import jsonschema, yaml"}, "").status == 0;
}

TEST(ManifestDocumentation, ExamplesAreRight) {
  const auto examples = documented_examples();
  ASSERT_GE(examples.size(), 3u);
  for (const std::string& example : examples) EXPECT_EQ(parse(example)->text(), "") << example;
}

TEST(SystemConfig, ACpuIsMappedOnce) {
  EXPECT_EQ(findings("host-cpus: {4: 0, 04: 1}"),
            "1:19 '04': CPU 4 is there already [manifest-value] {leave one out}");
}

TEST(ManifestSchema, AcceptsWhatTheReaderAccepts) {
  if (!can_check_schemas()) GTEST_SKIP() << "python3-jsonschema or python3-yaml is not installed";
  for (const std::string& example : documented_examples()) {
    const auto result = check_schema(example);
    EXPECT_EQ(result.status, 0) << result.output << example;
  }
  EXPECT_EQ(check_schema(kFull).status, 0);
}

TEST(ManifestSchema, RefusesWhatTheReaderRefuses) {
  if (!can_check_schemas()) GTEST_SKIP() << "python3-jsonschema or python3-yaml is not installed";
  for (const char* text :
       {"vms: {}", "regions: {}", "vms: {}\nregions: {}", "vms: {a: {confg: x}}", "vms: {a/b: {config: x}}",
        "vms: {a: {config: x, groups: video}}", "vms: {a: {config: x}}\nregions: {m: {size: 65536}}",
        "vms: {a: {config: x}}\nregions: {m: {size: 64K}}",
        "vms: {a: {config: x}}\nregions: {m: {size: 1KiB, mode: 432}}",
        "vms: {a: {config: x}}\nhost-cpus: {4: none}", "vms: {a: {config: x}}\nhost-cpus: {four: 0}",
        "vms: {a: {config: x}}\nhost-cpus: {4: 4096}", "vms: {a: {config: x}}\nhost-cpus: [4]",
        "vms: {a: {config: x}}\ndefaults: {accelerator: xen}",
        "vms: {a: {config: x}}\ndefaults: {libvirt-uri: \"qemu+ssh://h/system\"}"}) {
    EXPECT_TRUE(parse(text)->sink.has_errors()) << text;
    EXPECT_EQ(check_schema(text).status, 1) << text;
  }
}

}  // namespace
}  // namespace qvm::config
