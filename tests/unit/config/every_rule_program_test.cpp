// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Every rule's wrong example, as files, through qvm-lint as a user calls it: a rule that the library knows
// has to reach him.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/rules/rule.h"
#include "tests/support/config_text.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_directory.h"

namespace qvm::config {
namespace {

namespace fs = std::filesystem;

// What no host has: the examples are about one with 4 CPUs and 8 GiB.
std::string for_this_host(std::string_view id, std::string_view text) {
  if (id == "B05") return "system left\nram 0,1048576G\n";
  if (id == "C03") return "system left\nram 64M\ncpu runmask 0,4000\n";
  if (id != "C04") return std::string(text);
  std::string many = "system left\nram 64M\n";
  for (long i = ::sysconf(_SC_NPROCESSORS_CONF); i >= 0; --i) many += "cpu\n";
  return many;
}

class EveryRuleOfTheProgram : public testing::TestWithParam<const Rule*> {
 protected:
  void add(const std::string& name, std::string_view text) const {
    const fs::path path = fs::path(directory_.path()) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  // The files that examples may name; devices of a host this one need not have.
  void add_files() const {
    const test::MemoryReader reader;
    for (const auto& [name, text] : reader.files) add(name, text);
    for (const auto& [name, facts] : reader.others) {
      if (facts.directory) fs::create_directories(fs::path(directory_.path()) / name);
    }
    add("vms/beside.elf", reader.files.at("guest.elf"));
  }

  test::TemporaryDirectory directory_;
};

TEST_P(EveryRuleOfTheProgram, IsTold) {
  const Rule& rule = *GetParam();
  add_files();
  std::vector<std::string> words = {
      "env",      "-i",  "-C", directory_.path(), "HOME=/home/nobody", QVM_BINARY_DIR "/bin/qvm-lint",
      "--format", "json"};
  if (!rule.wrong.manifest.empty()) {
    add("left.qvmconf", rule.wrong.first);
    add("right.qvmconf", rule.wrong.second);
    add("system.yaml", rule.wrong.manifest);
    words.emplace_back("system.yaml");
  } else {
    add("vms/one.qvmconf", for_this_host(rule.id, rule.wrong.first));
    words.emplace_back("vms/one.qvmconf");
    if (!rule.wrong.second.empty()) {
      add("vms/two.qvmconf", rule.wrong.second);
      words.emplace_back("vms/two.qvmconf");
    }
  }
  const auto result = test::run_program(words, "");
  EXPECT_THAT(result.output, testing::HasSubstr("\"" + std::string(rule.id) + "\"")) << rule.wrong.first;
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryRuleOfTheProgram,
                         testing::ValuesIn(all_rules().begin(), all_rules().end()),
                         [](const auto& one) { return std::string(one.param->id); });

}  // namespace
}  // namespace qvm::config
