// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/model/access.h"

#include <gtest/gtest.h>

#include <tuple>

namespace qvm::regions {
namespace {

TEST(RegionName, AcceptsPrintableAsciiButSlash) {
  for (int c = 0; c < 256; ++c) {
    const std::string name{'x', static_cast<char>(c)};
    EXPECT_EQ(is_legal_region_name(name), c >= 0x20 && c <= 0x7e && c != '/') << c;
  }
}

TEST(RegionName, AcceptsOneTo31Bytes) {
  for (std::size_t size = 0; size < 40; ++size) {
    EXPECT_EQ(is_legal_region_name(std::string(size, 'x')), size >= 1 && size <= 31) << size;
  }
}

TEST(RegionName, RefusesOnlyTheTwoDirectories) {
  EXPECT_FALSE(is_legal_region_name("."));
  EXPECT_FALSE(is_legal_region_name(".."));
  EXPECT_TRUE(is_legal_region_name("..."));
  EXPECT_TRUE(is_legal_region_name(".x"));
}

NameRule rule(bool allow, const std::string& pattern) {
  return {allow, pattern, "f:1:1"};
}

TEST(NameRules, NoRulesAllowEverything) {
  EXPECT_TRUE(judge_name({}, "x").allowed);
}

TEST(NameRules, FirstMatchDecides) {
  const std::vector<NameRule> rules = {rule(true, "ab*"), rule(false, "a*"), rule(true, "*")};
  EXPECT_TRUE(judge_name(rules, "abc").allowed);
  EXPECT_FALSE(judge_name(rules, "acc").allowed);
  EXPECT_TRUE(judge_name(rules, "zzz").allowed);
  EXPECT_EQ(judge_name(rules, "acc").rule, &rules[1]);
}

TEST(NameRules, TailIsTheOppositeOfTheLastRule) {
  EXPECT_FALSE(judge_name({rule(true, "a")}, "b").allowed);
  EXPECT_TRUE(judge_name({rule(false, "a")}, "b").allowed);
  EXPECT_TRUE(judge_name({rule(true, "a"), rule(false, "c")}, "b").allowed);
  EXPECT_EQ(judge_name({rule(true, "a")}, "b").rule, nullptr);
}

TEST(NameRules, PatternsAreShellWildcards) {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const Case& one : {Case{"*", ".hidden", true}, Case{"a?c", "abc", true}, Case{"a?c", "ac", false},
                          Case{"[a-c]x", "bx", true}, Case{"[!a-c]x", "bx", false}, Case{"a\\*", "a*", true},
                          Case{"a\\*", "ab", false}, Case{"A", "a", false}, Case{"", "a", false}}) {
    EXPECT_EQ(judge_name({rule(true, one.pattern)}, one.name).allowed, one.matches)
        << one.pattern << ' ' << one.name;
  }
}

TEST(Substitute, PrependsWithoutMatch) {
  EXPECT_EQ(substitute({{"", "vm1-", ""}}, "moo"), "vm1-moo");
}

TEST(Substitute, ReplacesALeadingMatch) {
  EXPECT_EQ(substitute({{"my", "our", ""}}, "mymoo"), "ourmoo");
  EXPECT_EQ(substitute({{"my", "our", ""}}, "moomy"), "moomy");
}

TEST(Substitute, FirstThatFitsOnly) {
  EXPECT_EQ(substitute({{"x", "1", ""}, {"m", "2", ""}, {"", "3", ""}}, "moo"), "2oo");
}

TEST(Mode, EveryModeForOwnerGroupAndOthers) {
  const Identity owner{10, 99, {}};
  const Identity member{11, 20, {}};
  const Identity supplementary{11, 99, {5, 20}};
  const Identity other{11, 99, {5}};
  const auto right_of = [](std::uint32_t bits) {
    return (bits & 4) == 0 ? Right::none : (bits & 2) == 0 ? Right::read_only : Right::read_write;
  };
  for (std::uint32_t mode = 0; mode < 01000; ++mode) {
    EXPECT_EQ(judge_mode(owner, mode, 10, 20), right_of(mode >> 6)) << std::oct << mode;
    EXPECT_EQ(judge_mode(member, mode, 10, 20), right_of(mode >> 3)) << std::oct << mode;
    EXPECT_EQ(judge_mode(supplementary, mode, 10, 20), right_of(mode >> 3)) << std::oct << mode;
    EXPECT_EQ(judge_mode(other, mode, 10, 20), right_of(mode)) << std::oct << mode;
  }
}

TEST(Mode, OwnerIsJudgedAsOwnerEvenIfTheGroupWouldGiveMore) {
  EXPECT_EQ(judge_mode({10, 20, {}}, 0066, 10, 20), Right::none);
}

TEST(Mode, RootIsNoException) {
  EXPECT_EQ(judge_mode({0, 0, {}}, 0660, 10, 20), Right::none);
}

}  // namespace
}  // namespace qvm::regions
