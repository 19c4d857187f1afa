// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/region_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qvm::cli {
namespace {

using testing::HasSubstr;

TEST(RegionTable, HasALinePerRegion) {
  const auto table = region_table(R"({"version": 1, "vms": [], "regions": [
      {"name": "moo", "bytes": 65536, "mode": "0666", "owner": 0, "group": 107, "denials": 2, "clients": [
         {"index": 0, "who": "left/shmem0", "read_only": false}, {"index": 3, "who": "host", "read_only": true}]},
      {"name": "big", "bytes": 3145728, "mode": "0600", "owner": 1, "group": 1, "denials": 0, "clients": []},
      {"name": "huge", "bytes": 2147483648, "mode": "0600", "owner": 1, "group": 1, "denials": 0, "clients": []}]})");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(*table,
            "NAME                               SIZE  MODE  OWNER  GROUP  DENIALS  CLIENTS\n"
            "moo                                 64K  0666      0    107        2  0:left/shmem0, 3:host "
            "(read-only)\n"
            "big                                  3M  0600      1      1        0  -\n"
            "huge                                 2G  0600      1      1        0  -\n");
}

TEST(RegionTable, IsEmptyButForItsTitles) {
  const auto table = region_table(R"({"version": 1, "regions": [], "vms": []})");
  ASSERT_TRUE(table);
  EXPECT_EQ(*table, "NAME                               SIZE  MODE  OWNER  GROUP  DENIALS  CLIENTS\n");
}

class RegionTableRefuses : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(What, RegionTableRefuses,
                         testing::Values("", "[]", "{}", R"({"regions": 1})", R"({"regions": [{}]})",
                                         R"({"regions": [{"name": 7}]})"));

TEST_P(RegionTableRefuses, IsNoAnswer) {
  const auto table = region_table(GetParam());
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message(), HasSubstr("the answer of qvm-regiond is not understood"));
}

}  // namespace
}  // namespace qvm::cli
