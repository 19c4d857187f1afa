// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The pages of docs/reference are what the tables say. QVM_REGENERATE=1 rewrites them.
#include "tools/lint/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/config_text.h"
#include "tests/support/run_program.h"

namespace qvm::lint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kFolder = QVM_SOURCE_DIR "/docs/reference";
const std::string kMark =
    "<!-- Generated from schemas/ by the test reference_test with QVM_REGENERATE=1; do not edit. -->\n\n";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ReferencePages, AreCurrent) {
  const bool regenerate = std::getenv("QVM_REGENERATE") != nullptr;
  std::set<std::string> names;
  for (const ReferencePage& page : reference_pages(test::shipped_tables())) {
    if (regenerate) std::ofstream(kFolder / page.name, std::ios::binary) << kMark << page.text;
    names.insert(page.name);
    EXPECT_EQ(kMark + page.text, read_file(kFolder / page.name))
        << "docs/reference/" << page.name
        << " is not current; regenerate all with: QVM_REGENERATE=1 build/release/tests/reference_test";
  }
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (regenerate && !names.contains(name)) fs::remove(entry.path());
    EXPECT_TRUE(regenerate || names.contains(name)) << "docs/reference/" << name << " belongs to no table";
  }
}

TEST(ReferencePages, LinkToPagesThatExist) {
  const auto pages = reference_pages(test::shipped_tables());
  std::set<std::string> names;
  for (const ReferencePage& page : pages) names.insert(page.name);
  for (const ReferencePage& page : pages) {
    for (std::size_t at = page.text.find("]("); at != std::string::npos; at = page.text.find("](", at + 1)) {
      const std::string target = page.text.substr(at + 2, page.text.find(')', at) - at - 2);
      EXPECT_TRUE(names.contains(target)) << page.name << ": " << target;
    }
  }
}

TEST(ReferencePages, NameEveryOptionOfTheTables) {
  std::string all;
  for (const ReferencePage& page : reference_pages(test::shipped_tables())) all += page.text;
  for (const std::string_view name : test::shipped_tables().vdev_names()) {
    for (const config::OptionSpec& option : test::shipped_tables().vdev(name)->options)
      EXPECT_THAT(all, HasSubstr("### `" + option.usage() + "`")) << name;
  }
}

TEST(ReferenceJson, FollowsItsSchema) {
  const auto checked = test::run_program({"python3", QVM_SOURCE_DIR "/tests/support/check_json.py",
                                          QVM_SOURCE_DIR "/schemas/reference.schema.json"},
                                         reference_json(test::shipped_tables()));
  EXPECT_EQ(checked.status, 0) << checked.output;
}

TEST(ReferenceJson, SaysWhatTheTablesSay) {
  const auto json = nlohmann::json::parse(reference_json(test::shipped_tables()));
  EXPECT_EQ(json.at("vdevs").size(), test::shipped_tables().vdev_names().size());
  const auto& gic = json.at("vdevs").at("gic");
  EXPECT_EQ(gic.at("architectures").at(0), "aarch64");
  EXPECT_EQ(gic.at("options").at(0).at("usage"), "version NUMBER");
  EXPECT_EQ(gic.at("options").at(0).at("arguments").at(0).at("maximum"), 4);
  EXPECT_EQ(json.at("contexts").at("cpu").at("options").at(1).at("deprecated").at("instead"), "cluster");
}

}  // namespace
}  // namespace qvm::lint
