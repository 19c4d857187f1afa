// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The fuzz targets on their corpora, on variations of these and on generated inputs, the same in every run.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/rules/rule.h"
#include "tests/fuzz/inputs.h"
#include "tests/fuzz/targets.h"
#include "tests/support/sanitizers.h"

namespace qvm::fuzz {
namespace {

// The sanitizers are about what is wrong, not about how often; they make a check about fifteen times slower.
constexpr int kShare = test::kSanitized ? 12 : 1;
constexpr int kVariations = 600 / kShare;
constexpr int kGenerated = 600 / kShare;
constexpr std::size_t kCuts = test::kSanitized ? 2 : 20;  // of each text

struct Target {
  const char* name;
  std::string (*check)(const std::uint8_t*, std::size_t);
  bool manifest = false;

  std::string operator()(const std::string& text) const {
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    return check(bytes.data(), bytes.size());
  }
};

std::vector<std::string> configurations() {
  auto texts = texts_of({"tests/fuzz/corpus/config", "tests/golden/lint", "guests/examples/hello",
                         "guests/examples/single", "docs/examples/vdev-counter"},
                        ".qvmconf");
  for (const config::Rule* rule : config::all_rules()) {
    texts.emplace_back(rule->wrong.first);
    texts.emplace_back(rule->right.first);
  }
  return texts;
}

class Corpus : public testing::TestWithParam<Target> {
 protected:
  static std::vector<std::string> texts() {
    return GetParam().manifest ? texts_of({"tests/fuzz/corpus/manifest"}, ".yaml") : configurations();
  }
};

TEST_P(Corpus, HoldsAsItIs) {
  ASSERT_FALSE(texts().empty());
  for (const std::string& text : texts()) EXPECT_EQ(GetParam()(text), "") << text;
}

TEST_P(Corpus, HoldsCutOffAnywhere) {
  for (const std::string& text : texts()) {
    const std::size_t step = std::max<std::size_t>(1, text.size() / kCuts);
    // In each text elsewhere, so that few cuts of many texts reach every place.
    for (std::size_t end = test::kSanitized ? text.size() * 7919 % step : 0; end < text.size(); end += step)
      ASSERT_EQ(GetParam()(text.substr(0, end)), "") << text.substr(0, end);
  }
}

TEST_P(Corpus, HoldsVaried) {
  const std::vector<std::string> all = texts();
  std::mt19937 random(20260101);
  for (int i = 0; i < kVariations; ++i) {
    const std::string text = mutate(all[random() % all.size()], all, random);
    ASSERT_EQ(GetParam()(text), "") << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus,
                         testing::Values(Target{"config", check_config_input},
                                         Target{"format", check_format_input}, Target{"fix", check_fix_input},
                                         Target{"manifest", check_manifest_input, true}),
                         [](const auto& one) { return std::string(one.param.name); });

class Generated : public testing::TestWithParam<Target> {};

TEST_P(Generated, Holds) {
  std::mt19937 random(20260102);
  std::vector<std::string> all;
  for (int i = 0; i < kGenerated; ++i) {
    all.push_back(generate(random));
    ASSERT_EQ(GetParam()(all.back()), "") << all.back();
    const std::string varied = mutate(all.back(), all, random);
    ASSERT_EQ(GetParam()(varied), "") << varied;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Generated,
                         testing::Values(Target{"config", check_config_input},
                                         Target{"format", check_format_input},
                                         Target{"fix", check_fix_input}),
                         [](const auto& one) { return std::string(one.param.name); });

// As large as a file may be, made of one piece: nothing may cost out of proportion. A target that needs much
// longer than a second for a file of 1 MiB fails by ctest's time limit, far above what any machine needs.
constexpr std::size_t kLargeShare = test::kSanitized ? 128 : 1;

class Large : public testing::TestWithParam<const char*> {};

std::string repeated(std::string_view piece, std::size_t size) {
  std::string text;
  while (text.size() + piece.size() <= size) text += piece;
  return text;
}

// Of a message that may show the whole input.
std::string beginning(const std::string& text) {
  return text.substr(0, 1000);
}

TEST_P(Large, ConfigurationHolds) {
  const std::string text = repeated(GetParam(), (1U << 20) / kLargeShare);
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(beginning(check_config_input(bytes.data(), bytes.size())), "");
  EXPECT_EQ(beginning(check_format_input(bytes.data(), bytes.size())), "");
  EXPECT_EQ(beginning(check_fix_input(bytes.data(), bytes.size())), "");
}

TEST_P(Large, ManifestHolds) {
  const std::string text = repeated(GetParam(), (256U << 10) / kLargeShare);
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(beginning(check_manifest_input(bytes.data(), bytes.size())), "");
}

INSTANTIATE_TEST_SUITE_P(
    Pieces, Large,
    testing::Values("#\n", "\"", "\"\n", "\\\n", "\\", "a", "a ", "a\n", "$env{A} ", "$env{", "${x}", "@vm ",
                    "@other ", "cpu ", "cpuu ", "sched 1 ", "ram 1M ", "ram 0x1000,0x1000\n",
                    "vdev shmem loc 0x1000 intr a:1\n", "vdev ioapic loc 0x1000 intr apic ",
                    "reserve loc 0x1000,8 ", "load guest.elf ", "vdev acme foo bar ", "create a,4K allow a ",
                    "set a b ", "system a ", "cmdline x y\n", "# qvm-lint: ignore=A07,Z1 (x)\n",
                    "cpu # qvm-lint: ignore=A07 (x)\n", "ram 0x1, 0x2 ", "key=value ", "[", "[\n", "- ",
                    "{a: ", "? ", "&a ", "*a\n", "vms: ", "a:\n", " a:\n", "vms: {a: {config: a.qvmconf}}\n",
                    "|\n ", "'", "%\n", "---\n"));

}  // namespace
}  // namespace qvm::fuzz
