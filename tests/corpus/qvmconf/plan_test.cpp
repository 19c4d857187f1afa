// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What becomes of the configurations of the corpus on a Linux host: the plan of those that can be started, in
// NAME.plan, or why they cannot. QVM_REGENERATE=1 rewrites these files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "qvm/plan/device_tree.h"
#include "tests/support/corpus.h"
#include "tests/support/plan_fixture.h"

namespace qvm::test {
namespace {

namespace fs = std::filesystem;

std::string small_tree() {
  plan::Board board;
  board.nodes.push_back({.name = "controller",
                         .label = "controller",
                         .node = {.compatible = {"a,b"},
                                  .ranges = {{0x1000, 0x1000}},
                                  .controller = vdevs::DeviceNode::Controller{}}});
  return plan::build_device_tree(board).value_or("");
}

// What the configurations load, of the kind that their machine starts.
FakeFiles files_for(const std::string& name) {
  FakeFiles files;
  const bool board = name.starts_with("aarch64/");
  const auto like = [&](const char* kind) {
    return files.read(kind, std::numeric_limits<std::uint64_t>::max()).value_or("");
  };
  // Of a board anything starts at its first byte: the RAM is elsewhere in each of them.
  files.texts["guest.elf"] = like(board ? "any.bin" : "any.elf");
  files.texts["Image"] = like("any.Image");
  files.texts["bzImage"] = like("any.bzImage");
  for (const char* file : {"qnx.ifs", "initrd.cpio", "table.aml"}) files.texts[file] = like("any.bin");
  for (const char* file : {"guest.dtb", "overlay.dtb"}) files.texts[file] = small_tree();
  for (const auto& [file, text] : std::map(files.texts))
    files.texts[fake_host().working_directory + "/" + file] = text;
  files.texts[name + ".qvmconf"] = read_corpus_file(kCorpus / (name + ".qvmconf"));
  return files;
}

class PlannedCorpus : public testing::TestWithParam<std::string> {};

TEST_P(PlannedCorpus, ComesToWhatIsRecorded) {
  FakeFiles files = files_for(GetParam());
  const Planned planned = plan_file(files, GetParam() + ".qvmconf", fake_host());
  std::string text = planned.text();
  if (planned.plan) text = plan::to_table(*planned.plan) + (text.empty() ? "" : "\nFindings\n" + text);
  const fs::path golden = kCorpus / (GetParam() + ".plan");
  if (std::getenv("QVM_REGENERATE") != nullptr) std::ofstream(golden, std::ios::binary) << text;
  ASSERT_TRUE(fs::exists(golden)) << "QVM_REGENERATE=1 writes it:\n" << text;
  EXPECT_EQ(text, read_corpus_file(golden));
}

INSTANTIATE_TEST_SUITE_P(All, PlannedCorpus, testing::ValuesIn(corpus_case_names()),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace qvm::test
