// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/numbers.h"

#include <gtest/gtest.h>

namespace qvm::config {
namespace {

struct Good {
  const char* text;
  NumberKind kind;
  std::uint64_t value;
};

class GoodNumbers : public testing::TestWithParam<Good> {};

TEST_P(GoodNumbers, HaveTheValueOfTheirPosition) {
  const auto number = parse_number(GetParam().text, GetParam().kind);
  ASSERT_TRUE(number) << GetParam().text << ": " << number.error().message;
  EXPECT_EQ(number->value, GetParam().value) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Language, GoodNumbers,
    testing::Values(Good{"10", NumberKind::address, 0x10}, Good{"10", NumberKind::size, 10},
                    Good{"10", NumberKind::plain, 10}, Good{"0x10", NumberKind::size, 16},
                    Good{"0X1f", NumberKind::plain, 31}, Good{"0d16384", NumberKind::address, 16384},
                    Good{"0d1234", NumberKind::plain, 0x4d2}, Good{"4K", NumberKind::address, 0x1000},
                    Good{"1k", NumberKind::size, 0x400}, Good{"1m", NumberKind::address, 0x100000},
                    Good{"1023m", NumberKind::size, 1023ULL << 20}, Good{"2G", NumberKind::size, 2ULL << 30},
                    Good{"4096M", NumberKind::address, 4096ULL << 20}, Good{"0x4K", NumberKind::size, 0x1000},
                    Good{"0d10K", NumberKind::address, 10240}, Good{"c0000", NumberKind::address, 0xc0000},
                    Good{"0dc00a", NumberKind::address, 0xdc00a}, Good{"00", NumberKind::address, 0},
                    Good{"ffffffffffffffff", NumberKind::address, UINT64_MAX},
                    Good{"18446744073709551615", NumberKind::plain, UINT64_MAX},
                    Good{"17179869183G", NumberKind::size, 17179869183ULL << 30}));

struct Bad {
  const char* text;
  NumberKind kind;
  const char* message;
  const char* better;
};

class BadNumbers : public testing::TestWithParam<Bad> {};

TEST_P(BadNumbers, AreRefusedWithTheReason) {
  const auto number = parse_number(GetParam().text, GetParam().kind);
  ASSERT_FALSE(number) << GetParam().text;
  EXPECT_EQ(number.error().message, GetParam().message);
  EXPECT_EQ(number.error().better, GetParam().better);
}

INSTANTIATE_TEST_SUITE_P(
    Language, BadNumbers,
    testing::Values(
        Bad{"", NumberKind::size, "'' is not a size", ""},
        Bad{"0x", NumberKind::plain, "'0x' is not a number", ""},
        Bad{"K", NumberKind::size, "'K' is not a size", ""},
        Bad{"12z", NumberKind::plain, "'12z' is not a number", ""},
        Bad{"4K", NumberKind::plain, "'4K' is not a number: no suffix is allowed here", ""},
        Bad{"1a", NumberKind::size, "'1a' is not a size: without a prefix the digits are decimal", "0x1a"},
        Bad{"64MB", NumberKind::size, "'64MB' is not a size", "64M"},
        Bad{"1GiB", NumberKind::size, "'1GiB' is not a size", "1G"},
        Bad{"1T", NumberKind::size, "'1T' is not a size", ""},
        Bad{"-1", NumberKind::plain, "'-1' is not a number", ""},
        Bad{"+1", NumberKind::plain, "'+1' is not a number", ""},
        Bad{"1 ", NumberKind::plain, "'1 ' is not a number", ""},
        Bad{"1.5G", NumberKind::size, "'1.5G' is not a size", ""},
        Bad{"10000000000000000", NumberKind::address, "'10000000000000000' does not fit 64 bits", ""},
        Bad{"18446744073709551616", NumberKind::plain, "'18446744073709551616' does not fit 64 bits", ""},
        Bad{"17179869184G", NumberKind::size, "'17179869184G' does not fit 64 bits", ""},
        Bad{"0x4000000000000000K", NumberKind::size, "'0x4000000000000000K' does not fit 64 bits", ""}));

TEST(Numbers, TellWhenTheBaseMatters) {
  EXPECT_TRUE(parse_number("20", NumberKind::address)->base_matters);
  EXPECT_TRUE(parse_number("16m", NumberKind::address)->base_matters);
  EXPECT_FALSE(parse_number("1m", NumberKind::address)->base_matters);
  EXPECT_FALSE(parse_number("0", NumberKind::address)->base_matters);
  EXPECT_FALSE(parse_number("0x20", NumberKind::address)->base_matters);
  EXPECT_FALSE(parse_number("0d20", NumberKind::address)->base_matters);
  EXPECT_FALSE(parse_number("512", NumberKind::size)->base_matters);
}

// What the linter takes, vdevs get so that they read the same number.
TEST(Numbers, AreClearForEverybody) {
  EXPECT_EQ(clear_number("0X17D7840", 0x17d7840), "0x17d7840");
  EXPECT_EQ(clear_number("0D10", 10), "0xa");
  EXPECT_EQ(clear_number("1000", 0x1000), "0x1000") << "an address";
  EXPECT_EQ(clear_number("1c0f0000", 0x1c0f0000), "0x1c0f0000");
  for (const auto& [text, number] : std::vector<std::pair<std::string, std::uint64_t>>{
           {"0x1000", 0x1000}, {"1000", 1000}, {"4K", 4096}, {"0d10", 10}, {"0x10k", 0x4000}, {"0", 0}})
    EXPECT_EQ(clear_number(text, number), "") << text;
}

TEST(Numbers, ModesAreOctal) {
  EXPECT_EQ(parse_mode("640").value(), 0640U);
  EXPECT_EQ(parse_mode("0640").value(), 0640U);
  EXPECT_FALSE(parse_mode("0x1"));
  EXPECT_FALSE(parse_mode("648"));
  EXPECT_FALSE(parse_mode("17777"));
  EXPECT_FALSE(parse_mode(""));
}

TEST(Numbers, RecogniseWhatMayBeANumber) {
  EXPECT_TRUE(looks_like_number("0xD1C30000"));
  EXPECT_TRUE(looks_like_number("1m"));
  EXPECT_FALSE(looks_like_number("boot.ifs"));
  EXPECT_FALSE(looks_like_number(""));
}

}  // namespace
}  // namespace qvm::config
