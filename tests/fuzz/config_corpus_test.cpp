// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The corpus of the configuration parser, and variations of it that are the same in every run.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/fuzz/config_input.h"

namespace qvm::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int kVariations = 1000;

std::vector<std::string> corpus() {
  std::vector<std::string> result;
  for (const char* folder : {"tests/fuzz/corpus/config", "tests/golden/lint"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(QVM_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".qvmconf") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      result.push_back(text.str());
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string check(const std::string& text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return check_config_input(bytes.data(), bytes.size());
}

TEST(ConfigCorpus, HoldsAsItIs) {
  ASSERT_FALSE(corpus().empty());
  for (const std::string& text : corpus()) EXPECT_EQ(check(text), "") << text;
}

TEST(ConfigCorpus, HoldsCutOffAnywhere) {
  for (const std::string& text : corpus()) {
    const std::size_t step = std::max<std::size_t>(1, text.size() / 20);
    for (std::size_t end = 0; end < text.size(); end += step) EXPECT_EQ(check(text.substr(0, end)), "");
  }
}

// Cuts, doubles, inserts and overwrites pieces.
std::string mutate(std::string text, const std::vector<std::string>& texts, std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"\"",
                                                 "#",
                                                 "\\\n",
                                                 "$env{A}",
                                                 "$env{",
                                                 "@other",
                                                 "@vm",
                                                 ",",
                                                 ":",
                                                 "=",
                                                 " ",
                                                 "\n",
                                                 "\xff",
                                                 "0x",
                                                 "ffffffffffffffff",
                                                 "99999999999999999999G",
                                                 "vdev ",
                                                 "cpu ",
                                                 "loc ",
                                                 "set "};
  const auto below = [&random](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (std::size_t i = 1 + below(4); i > 0; --i) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(text.size() - at + 1, 24));
    const std::string& other = texts[below(texts.size())];
    switch (below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.replace(at, length, other.substr(below(other.size() + 1), length));
        break;
    }
  }
  return text;
}

TEST(ConfigCorpus, HoldsVaried) {
  const std::vector<std::string> texts = corpus();
  std::mt19937 random(20260101);
  for (int i = 0; i < kVariations; ++i) {
    const std::string text = mutate(texts[random() % texts.size()], texts, random);
    ASSERT_EQ(check(text), "") << text;
  }
}

}  // namespace
}  // namespace qvm::fuzz
