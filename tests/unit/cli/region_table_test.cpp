// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/region_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qvm::cli {
namespace {

using testing::HasSubstr;

TEST(RegionTable, HasALinePerRegionAndPerClient) {
  ::setenv("TZ", "UTC", 1);
  const auto table = region_table(R"({"version": 1, "vms": [], "regions": [
      {"name": "moo", "bytes": 65536, "mode": "0666", "owner": 0, "group": 4294967294, "denials": 2, "signals": 12, "clients": [
         {"index": 0, "who": "left/shmem0", "read_only": false, "since": 1700000000, "signals": 12},
         {"index": 13, "who": "host", "read_only": true, "since": 1700000061, "signals": 0}]},
      {"name": "big", "bytes": 3145728, "mode": "0600", "owner": 1, "group": 1, "denials": 0, "signals": 0, "clients": []},
      {"name": "huge", "bytes": 2147483648, "mode": "0600", "owner": 1, "group": 1, "denials": 0, "signals": 0, "clients": []}]})");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(
      *table,
      "NAME                               SIZE  MODE       OWNER       GROUP  CLIENTS  SIGNALS  DENIALS\n"
      "moo                                 64K  0666           0  4294967294        2       12  2\n"
      "   0:left/shmem0  since 2023-11-14 22:13:20, 12 signals\n"
      "  13:host  since 2023-11-14 22:14:21, 0 signals, read-only\n"
      "big                                  3M  0600           1           1        0        0  0\n"
      "huge                                 2G  0600           1           1        0        0  0\n");
}

TEST(RegionTable, IsEmptyButForItsTitles) {
  const auto table = region_table(R"({"version": 1, "regions": [], "vms": []})");
  ASSERT_TRUE(table);
  EXPECT_EQ(
      *table,
      "NAME                               SIZE  MODE       OWNER       GROUP  CLIENTS  SIGNALS  DENIALS\n");
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

TEST(ExplanationText, HasALinePerLayerAndTheVerdict) {
  const auto text = explanation_text(R"({"version": 1, "explanations": [
      {"who": {"kind": "vm", "vm": "left", "vdev": "shmem0", "uid": 1, "gid": 2, "groups": [3]}, "name": "moo", "pages": 1,
       "verdict": "refused", "status": 5, "status_name": "no permission", "reason": "denied", "layers": [
         {"layer": "name", "outcome": "passes", "text": "'moo' is a legal name"},
         {"layer": "rules", "outcome": "refuses", "text": "'deny moo' fits", "place": "left.qvmconf:3:8"}]},
      {"who": {"kind": "host", "uid": 1, "gid": 2, "groups": []}, "name": "moo", "pages": 1, "verdict": "granted",
       "status": 0, "status_name": "ok", "access": "read-only", "layers": []}]})");
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_EQ(*text,
            "left/shmem0, uid 1, gid 2, groups 3 to 'moo':\n"
            "  passes   name                'moo' is a legal name\n"
            "  refuses  rules               'deny moo' fits (left.qvmconf:3:8)\n"
            "refused with status 5 (no permission): denied\n"
            "\n"
            "a host program, uid 1, gid 2 to 'moo':\n"
            "granted read-only, status 0 (ok)\n");
}

TEST_P(RegionTableRefuses, IsNoExplanation) {
  const auto text = explanation_text(GetParam());
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message(), HasSubstr("the answer of qvm-regiond is not understood"));
}

}  // namespace
}  // namespace qvm::cli
