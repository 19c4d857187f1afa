// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The fuzz targets whose inputs are actions - of guests, region clients, VMs - on their corpora, on
// variations of these and on random bytes, the same in every run.
#include <gtest/gtest.h>

#include "tests/fuzz/inputs.h"
#include "tests/fuzz/targets.h"
#include "tests/support/sanitizers.h"

namespace qvm::fuzz {
namespace {

constexpr std::size_t kLongest = 1024;
// The sanitizers are about what is wrong, not about how often.
constexpr int kShare = test::kSanitized ? 20 : 1;

struct Target {
  const char* name;
  std::string (*check)(const std::uint8_t*, std::size_t);
  int variations;  // a second or so

  std::string operator()(const std::string& text) const {
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    return check(bytes.data(), bytes.size());
  }
};

std::string in_hex(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

class ActionCorpus : public testing::TestWithParam<Target> {
 protected:
  static std::vector<std::string> inputs() {
    return texts_of({"tests/fuzz/corpus/" + std::string(GetParam().name)}, ".bin");
  }
};

TEST_P(ActionCorpus, HoldsAsItIs) {
  ASSERT_FALSE(inputs().empty());
  for (const std::string& input : inputs()) EXPECT_EQ(GetParam()(input), "") << in_hex(input);
}

TEST_P(ActionCorpus, HoldsVaried) {
  const std::vector<std::string> all = inputs();
  std::mt19937 random(20260103);
  for (int i = 0; i < GetParam().variations / kShare; ++i) {
    const std::string input = mutate(all[random() % all.size()], all, random);
    ASSERT_EQ(GetParam()(input), "") << in_hex(input);
  }
}

TEST_P(ActionCorpus, HoldsForRandomBytes) {
  std::mt19937 random(20260104);
  for (int i = 0; i < GetParam().variations / kShare; ++i) {
    std::string input(random() % kLongest, '\0');
    for (char& c : input) c = static_cast<char>(random());
    ASSERT_EQ(GetParam()(input), "") << in_hex(input);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ActionCorpus,
                         testing::Values(Target{"shmem", check_shmem_input, 3000},
                                         Target{"journal", check_journal_input, 3000},
                                         Target{"protocol", check_protocol_input, 100},
                                         Target{"lifecycle", check_lifecycle_input, 300}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace qvm::fuzz
