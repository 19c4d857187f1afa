// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Hosts with and without an identity: directories in which the files are as systems and images have them.
#include "qvm/cli/host_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace qvm::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kMachineId = "3d1219c7c4c5404aaa1f6d2a48adfda4";

// One host: its machine-id, absent if it has none.
struct Host {
  explicit Host(const std::optional<std::string>& machine_id = std::nullopt) {
    if (machine_id) directory.add("machine-id", *machine_id);
  }
  HostIdPlaces places() const {
    return {.machine_ids = {directory.path() + "/none", directory.path() + "/machine-id"},
            .stored = directory.path() + "/host-id"};
  }
  bool has_stored() const { return std::filesystem::exists(directory.path() + "/host-id"); }
  test::TemporaryDirectory directory;
};

TEST(HostId, FollowsFromTheMachineId) {
  const Host host(std::string(kMachineId) + "\n");
  const Host other("00112233445566778899aabbccddeeff\n");
  const std::string id = find_host_id(host.places());
  EXPECT_THAT(id, MatchesRegex("[0-9a-f]{16}"));
  EXPECT_THAT(kMachineId, Not(HasSubstr(id)));
  EXPECT_EQ(find_host_id(host.places()), id);
  EXPECT_NE(find_host_id(other.places()), id);
  EXPECT_FALSE(host.has_stored());
}

TEST(HostId, IsARandomNumberWithoutAMachineId) {
  const Host host;
  const Host other;
  const std::string id = find_host_id(host.places());
  EXPECT_EQ(find_host_id(host.places()), id);
  EXPECT_NE(find_host_id(other.places()), id);
}

// Two hosts whose images were never booted would otherwise be one.
TEST(HostId, DoesNotBelieveAnUnfinishedMachineId) {
  for (const std::string text :
       {"", "\n", "uninitialized\n", "3d1219c7\n", "00000000000000000000000000000000\n",
        "3D1219C7C4C5404AAA1F6D2A48ADFDA4\n"}) {
    const Host host(text);
    const Host other(text);
    EXPECT_NE(find_host_id(host.places()), find_host_id(other.places())) << text;
    EXPECT_EQ(find_host_id(host.places()), find_host_id(host.places())) << text;
  }
}

TEST(HostId, ReplacesADamagedNumber) {
  const Host host;
  host.directory.add("host-id", "half\n");
  const std::string id = find_host_id(host.places());
  EXPECT_EQ(find_host_id(host.places()), id);
}

TEST(HostId, DiffersEvenIfNothingCanBeStored) {
  const HostIdPlaces places{.machine_ids = {}, .stored = "/proc/self/host-id"};
  EXPECT_NE(find_host_id(places), find_host_id(places));
}

}  // namespace
}  // namespace qvm::cli
