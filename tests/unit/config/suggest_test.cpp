// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/suggest.h"

#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("loc", "loc", 3), 0U);
  EXPECT_EQ(edit_distance("lco", "loc", 3), 1U);
  EXPECT_EQ(edit_distance("lo", "loc", 3), 1U);
  EXPECT_EQ(edit_distance("lok", "loc", 3), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3U);
  EXPECT_EQ(edit_distance("abc", "", 5), 3U);
}

TEST(EditDistance, IsCapped) {
  EXPECT_EQ(edit_distance("aaaaaaaa", "bbbbbbbb", 2), 3U);
}

TEST(Suggest, FindsTheNearest) {
  const std::vector<std::string_view> words{"create", "allow", "deny"};
  EXPECT_EQ(suggest("alow", words)->name, "allow");
  EXPECT_EQ(suggest("CREATE", words)->name, "create");
  EXPECT_FALSE(suggest("xyzzy", words));
  EXPECT_FALSE(suggest("", words));
  EXPECT_FALSE(suggest(std::string(1000, 'a'), words));
}

TEST(Suggest, ShortWordsMustKeepMostLetters) {
  EXPECT_FALSE(suggest("xy", {"cpu"}));
  EXPECT_EQ(suggest("cp", {"cpu"})->name, "cpu");
}

TEST(Suggest, KnowsWhatPeopleWriteByMistake) {
  const auto found =
      suggest_option("irq", {test::shipped_tables().vdev("shmem"), &test::shipped_tables().vm()});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "intr");
  EXPECT_EQ(found->distance, 0U);
}

}  // namespace
}  // namespace qvm::config
