// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Configurations as they are found in the field, by kind of machine, and what qvm-lint prints about each in
// NAME.err. A line "# qnx-version: 7.1" selects the version. QVM_REGENERATE=1 rewrites the .err files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "config/language/parser.h"
#include "config/lint/render.h"
#include "config/load.h"
#include "config/model/architecture.h"
#include "tests/support/config_text.h"
#include "tests/support/corpus.h"

namespace qvm::config {
namespace {

namespace fs = std::filesystem;

// The files that the configurations load begin like what they are called.
test::MemoryReader reader_of(const std::string& name) {
  test::MemoryReader reader;
  const auto with = [](std::string text, std::size_t offset, std::string_view magic) {
    text.replace(offset, magic.size(), magic);
    return text;
  };
  const std::string blank(8192, '\0');
  reader.files["Image"] = with(blank, 0x38, "ARM\x64");
  reader.files["bzImage"] = with(with(blank, 0x1fe, "\x55\xaa"), 0x202, "HdrS");
  reader.files["initrd.cpio"] = with(blank, 0, "070701");
  for (const char* tree : {"guest.dtb", "overlay.dtb"})
    reader.files[tree] = with(blank, 0, "\xd0\x0d\xfe\xed");
  reader.files["qnx.ifs"] = with(blank, 0, "\xeb\x7e\xff\x00");
  reader.files["table.aml"] = with(blank, 0, "SSDT");
  reader.files["blob.bin"] = blank;
  reader.files[name + ".qvmconf"] = test::read_corpus_file(test::kCorpus / (name + ".qvmconf"));
  return reader;
}

QnxVersion version_of(const std::string& text) {
  constexpr std::string_view kMark = "# qnx-version: ";
  if (!text.starts_with(kMark)) return kDefaultQnxVersion;
  const auto version =
      parse_qnx_version(std::string_view(text).substr(kMark.size(), text.find('\n') - kMark.size()));
  EXPECT_TRUE(version) << text;
  return version.value_or(kDefaultQnxVersion);
}

LoadedSystem load_case(const std::string& name) {
  static TableSet tables = test::shipped_tables();
  test::MemoryReader reader = reader_of(name);
  tables.select_version(version_of(reader.files.at(name + ".qvmconf")));
  VmInput input;
  input.words = {"@" + name + ".qvmconf"};
  return load_vms({input}, tables, reader);
}

SyntaxTree parse_case(const std::string& name) {
  test::MemoryReader reader = reader_of(name);
  SourceSet sources;
  DiagnosticSink sink;
  return parse({{"@" + name + ".qvmconf"}, {}, ""}, test::shipped_tables(), reader, sources, sink);
}

class Corpus : public testing::TestWithParam<std::string> {};

TEST_P(Corpus, IsJudgedAsRecorded) {
  const LoadedSystem system = load_case(GetParam());
  std::string text = render_text(system.diagnostics, system.sources, Colors::off);
  if (const std::string sum = summary(system.diagnostics); !sum.empty()) text += sum + "\n";
  const fs::path golden = test::kCorpus / (GetParam() + ".err");
  if (std::getenv("QVM_REGENERATE") != nullptr) std::ofstream(golden, std::ios::binary) << text;
  ASSERT_TRUE(fs::exists(golden)) << "QVM_REGENERATE=1 writes it:\n" << text;
  EXPECT_EQ(text, test::read_corpus_file(golden));
}

// What is right on QNX is told or, where only this host lacks it, warned of, and nothing else.
TEST_P(Corpus, IsCleanUnlessCalledBad) {
  const std::set<std::string> host_lacks = {"A23", "H04", "E07", "E14"};
  // The style of real Android configurations.
  const std::set<std::string> known = {"A08"};
  const LoadedSystem system = load_case(GetParam());
  const bool bad = GetParam().find("/bad-") != std::string::npos;
  std::size_t wrong = 0;
  for (const Diagnostic& one : system.diagnostics.all()) {
    if (one.severity == Severity::info || host_lacks.contains(one.rule) || known.contains(one.rule)) continue;
    ++wrong;
    if (bad) continue;
    ADD_FAILURE() << system.sources.describe(one.where) << ": " << one.message << " [" << one.rule << "]";
  }
  EXPECT_EQ(wrong != 0, bad);
}

TEST_P(Corpus, IsOfTheKindOfMachineThatItsFolderSays) {
  const SyntaxTree tree = parse_case(GetParam());
  EXPECT_EQ(to_string(architecture_of(tree, test::shipped_tables()).architecture),
            GetParam().substr(0, GetParam().find('/')));
}

INSTANTIATE_TEST_SUITE_P(Folder, Corpus, testing::ValuesIn(test::corpus_case_names()), [](const auto& one) {
  std::string name = one.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '/' || c == '.'; }, '_');
  return name;
});

TEST(CorpusFolder, HasNoUnusedGoldens) {
  for (const auto& entry : fs::recursive_directory_iterator(test::kCorpus)) {
    if (entry.path().extension() != ".err") continue;
    EXPECT_TRUE(fs::exists(fs::path(entry.path()).replace_extension(".qvmconf"))) << entry.path();
  }
}

// Every option of every table, every variable, every word before `load`: "vdev 'gic' msi".
TEST(CorpusFolder, ShowsTheWholeLanguage) {
  std::set<std::string> shown;
  for (const std::string& name : test::corpus_case_names()) {
    const SyntaxTree tree = parse_case(name);
    for (const ParsedOption& item : tree.items) {
      const Context& context = tree.contexts[item.context];
      shown.insert(context.label + " " + item.spec->name);
      if (context.kind == Context::Kind::vdev) shown.insert("any vdev " + item.spec->name);
      if (item.blob) shown.insert(item.blob->text + " " + item.spec->name);
      if (item.spec->name == "set" && item.complete()) shown.insert("set " + item.arguments.front().text);
    }
    for (const Context& context : tree.contexts) shown.insert(context.label);
  }
  const TableSet& tables = test::shipped_tables();
  const auto expect_all = [&](const std::string& label, const std::vector<OptionSpec>& options) {
    for (const OptionSpec& option : options)
      EXPECT_TRUE(shown.contains(label + " " + option.name)) << label << " " << option.name;
  };
  expect_all("the VM", tables.vm().options);
  expect_all("set", tables.vm().variables);
  expect_all("set", tables.common().variables);
  expect_all("any vdev", tables.common().options);
  for (const char* context : {"cpu", "reserve", "pass"}) expect_all(context, tables.context(context).options);
  for (const std::string& blob : tables.vm().find("load")->blobs)
    EXPECT_TRUE(shown.contains(blob + " load")) << blob;
  for (const std::string_view type : tables.vdev_names()) {
    const std::string label = "vdev '" + std::string(type) + "'";
    EXPECT_TRUE(shown.contains(label)) << label;
    for (const OptionSpec& option : tables.vdev(type)->options) {
      if (tables.common().find(option.name) != nullptr) continue;
      EXPECT_TRUE(shown.contains(label + " " + option.name)) << label << " " << option.name;
    }
  }
}

}  // namespace
}  // namespace qvm::config
