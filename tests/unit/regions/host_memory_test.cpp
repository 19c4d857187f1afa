// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/host_memory.h"

#include <gtest/gtest.h>

#include <map>

namespace qvm::regions {
namespace {

// Answers with the texts it was given.
ReadText host(std::map<std::string, std::string> texts) {
  return [texts = std::move(texts)](const std::string& path) {
    const auto found = texts.find(path);
    return found == texts.end() ? std::string() : found->second;
  };
}
constexpr char kInfo[] = "MemTotal:       16000 kB\nMemFree:  1 kB\nMemAvailable:    9000 kB\n";
constexpr std::uint64_t kSpareOfHost = 8000U * 1024;

TEST(HostMemory, ASixteenthIsLeftForOthers) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", kInfo}})), kSpareOfHost);
}

TEST(HostMemory, NothingIsSpareWhenLessThanThatIsAvailable) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", "MemTotal: 16000 kB\nMemAvailable: 999 kB\n"}})), 0U);
}

TEST(HostMemory, TheTightestGroupDecides) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", kInfo},
                               {"/proc/self/cgroup", "4:memory:/x\n0::/outer/inner\n"},
                               {"/sys/fs/cgroup/outer/inner/memory.max", "max\n"},
                               {"/sys/fs/cgroup/outer/inner/memory.current", "5\n"},
                               {"/sys/fs/cgroup/outer/memory.max", "1600000\n"},
                               {"/sys/fs/cgroup/outer/memory.current", "96000\n"}})),
            1500000U - 96000U);
}

TEST(HostMemory, AGroupOverItsLimitHasNothing) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", kInfo},
                               {"/proc/self/cgroup", "0::/one\n"},
                               {"/sys/fs/cgroup/one/memory.max", "100\n"},
                               {"/sys/fs/cgroup/one/memory.current", "101\n"}})),
            0U);
}

// In a container the group is the root of its namespace.
TEST(HostMemory, TheGroupOfANamespaceIsAtItsMount) {
  const std::map<std::string, std::string> container = {
      {"/proc/meminfo", kInfo},
      {"/proc/self/mountinfo",
       "20 1 0:5 / /proc rw - proc proc rw\n"
       "30 20 0:26 / /cgroups ro,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"},
      {"/cgroups/memory.max", "1600000\n"},
      {"/cgroups/memory.current", "100000\n"}};
  for (const char* membership : {"0::/\n", "0::/../elsewhere\n"}) {
    auto texts = container;
    texts["/proc/self/cgroup"] = membership;
    EXPECT_EQ(spare_memory(host(texts)), 1500000U - 100000U) << membership;
  }
}

TEST(HostMemory, WithoutAListOfMountsTheUsualPlacesAreLookedAt) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", kInfo},
                               {"/proc/self/cgroup", "0::/\n"},
                               {"/sys/fs/cgroup/memory.max", "1600000\n"},
                               {"/sys/fs/cgroup/memory.current", "100000\n"}})),
            1500000U - 100000U);
}

TEST(HostMemory, MemoryHighIsALimitToo) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", kInfo},
                               {"/proc/self/cgroup", "0::/one\n"},
                               {"/sys/fs/cgroup/one/memory.max", "3200000\n"},
                               {"/sys/fs/cgroup/one/memory.high", "1600000\n"},
                               {"/sys/fs/cgroup/one/memory.current", "0\n"}})),
            1500000U);
}

TEST(HostMemory, CachedFilesAreNotUsed) {
  EXPECT_EQ(spare_memory(host({{"/proc/meminfo", kInfo},
                               {"/proc/self/cgroup", "0::/one\n"},
                               {"/sys/fs/cgroup/one/memory.max", "1600000\n"},
                               {"/sys/fs/cgroup/one/memory.current", "1590000\n"},
                               {"/sys/fs/cgroup/one/memory.stat",
                                "anon 90000\nfile 1500000\nshmem 300000\ninactive_file 1000000\n"
                                "active_file 200000\nslab_reclaimable 1000\n"}})),
            1500000U - (1590000U - 1201000U));
}

TEST(HostMemory, Version1GroupsAreLimitsToo) {
  EXPECT_EQ(
      spare_memory(host({{"/proc/meminfo", kInfo},
                         {"/proc/self/cgroup", "9:name=systemd:/s\n4:cpu,memory:/outer/inner\n0::/\n"},
                         {"/proc/self/mountinfo",
                          "30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                          "31 30 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                          "34 30 0:31 / /sys/fs/cgroup/both rw - cgroup cgroup rw,cpu,memory\n"
                          "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"},
                         {"/sys/fs/cgroup/both/outer/inner/memory.limit_in_bytes", "9223372036854771712\n"},
                         {"/sys/fs/cgroup/both/outer/inner/memory.usage_in_bytes", "5\n"},
                         {"/sys/fs/cgroup/both/outer/memory.limit_in_bytes", "1600000\n"},
                         {"/sys/fs/cgroup/both/outer/memory.usage_in_bytes", "1000000\n"},
                         {"/sys/fs/cgroup/both/outer/memory.stat",
                          "inactive_file 7\nactive_file 7\ntotal_inactive_file 300000\n"
                          "total_active_file 100000\n"}})),
      1500000U - 600000U);
}

// The mount of a container without a namespace shows its own group only, whose path is the host's.
TEST(HostMemory, AMountMayShowAPartOfTheHierarchy) {
  std::map<std::string, std::string> texts = {
      {"/proc/meminfo", kInfo},
      {"/proc/self/mountinfo", "34 30 0:31 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "1600000\n"},
      {"/sys/fs/cgroup/memory/memory.usage_in_bytes", "0\n"},
      {"/sys/fs/cgroup/memory/child/memory.limit_in_bytes", "160000\n"},
      {"/sys/fs/cgroup/memory/child/memory.usage_in_bytes", "0\n"}};
  texts["/proc/self/cgroup"] = "4:memory:/docker/1f\n";
  EXPECT_EQ(spare_memory(host(texts)), 1500000U);
  texts["/proc/self/cgroup"] = "4:memory:/docker/1f/child\n";
  EXPECT_EQ(spare_memory(host(texts)), 150000U);
  texts["/proc/self/cgroup"] = "4:memory:/docker/1fchild\n";
  EXPECT_EQ(spare_memory(host(texts)), 1500000U) << "somebody else's";
}

TEST(HostMemory, ASilentKernelIsNoLimit) {
  EXPECT_EQ(spare_memory(host({})), std::nullopt);
}

constexpr std::chrono::steady_clock::time_point kNow{std::chrono::hours(1)};

TEST(SmallChange, ManyLittleOnesAreNotMoreThanThereIs) {
  std::uint64_t spare = SmallChange::kMost + 3;
  int asked = 0;
  SmallChange change([&] {
    ++asked;
    return std::optional(spare);
  });
  EXPECT_TRUE(change.take(SmallChange::kMost - 1, kNow));
  EXPECT_TRUE(change.take(1, kNow));
  EXPECT_EQ(asked, 1);
  spare = 3;
  EXPECT_TRUE(change.take(3, kNow));
  EXPECT_EQ(asked, 2);
  spare = 0;
  EXPECT_FALSE(change.take(1, kNow));
}

TEST(SmallChange, AnAnswerGetsOld) {
  std::uint64_t spare = 100;
  SmallChange change([&] { return std::optional(spare); });
  EXPECT_TRUE(change.take(1, kNow));
  spare = 0;
  EXPECT_TRUE(change.take(1, kNow));
  EXPECT_FALSE(change.take(1, kNow + SmallChange::kFresh));
  spare = 1;
  EXPECT_TRUE(change.take(1, kNow + SmallChange::kFresh));
}

TEST(SmallChange, ASilentKernelIsNoLimit) {
  SmallChange change([] { return std::optional<std::uint64_t>(); });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(change.take(SmallChange::kMost, kNow));
}

}  // namespace
}  // namespace qvm::regions
