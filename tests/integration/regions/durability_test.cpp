// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What qvm-regiond grants must outlive it, also while its journal cannot be written or there is no keeper.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RegionsDurability : public RegionsFixture {
 protected:
  // Files beyond this size cannot grow, as on a full file system; pages and regions of two pages can be made.
  static constexpr rlim_t kFull = 8192;

  static void limit(pid_t process, __rlimit_resource resource, rlim_t soft) {
    rlimit limit{};
    ASSERT_EQ(::prlimit(process, resource, nullptr, &limit), 0);
    limit.rlim_cur = std::min(soft, limit.rlim_max);
    ASSERT_EQ(::prlimit(process, resource, &limit, nullptr), 0);
  }
  void fill_up() { limit(daemon_pid(), RLIMIT_FSIZE, kFull); }
  void make_room() { limit(daemon_pid(), RLIMIT_FSIZE, RLIM_INFINITY); }

  // Its record alone makes the journal larger than kFull, however short the rest of the state is.
  VmPolicy verbose_vm(const std::string& name) const {
    VmPolicy policy = plain_vm(name);
    for (int i = 0; i < 300; ++i) {
      policy.vdevs[0].rules.push_back(
          {false, "never-" + std::to_string(i), "left.qvmconf:" + std::to_string(i) + ":1"});
    }
    policy.vdevs[0].rules.push_back({true, "*", "left.qvmconf:999:1"});
    return policy;
  }
  std::unique_ptr<Client> verbose_client() {
    EXPECT_TRUE(admin().add_vm(verbose_vm("left")));
    return connect_vm("left");
  }
  Status try_attach(Client& client, const std::string& name, std::uint32_t pages = 1) {
    return client.attach({.name = name, .pages = pages}, kDeadline).status;
  }
  // Room is noticed soon, not at once: trying takes a share of the daemon's time.
  bool attach_in_time(Client& client, const std::string& name) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (std::chrono::steady_clock::now() < deadline) {
      if (try_attach(client, name) == Status::ok) return true;
    }
    return false;
  }
  std::string described() {
    const auto text = admin().describe_json();
    EXPECT_TRUE(text) << text.error().message();
    return text.value_or("");
  }
};

TEST_F(RegionsDurability, WhatCannotBeJournaledIsNotGranted) {
  auto client = verbose_client();
  attach(*client, "kept");
  const auto daemon = daemon_pids();
  fill_up();
  EXPECT_EQ(try_attach(*client, "fresh"), Status::no_memory);
  EXPECT_EQ(try_attach(*client, "kept"), Status::no_memory);
  EXPECT_EQ(try_attach(*client, "never-7"), Status::no_permission) << "what is refused anyway";
  const auto vm = admin().add_vm(plain_vm("right"));
  ASSERT_FALSE(vm);
  EXPECT_THAT(vm.error().message(), HasSubstr("write the journal: File too large"));
  const auto region = admin().add_region({"moo", kPageBytes, 0666, ::getuid(), ::getgid()});
  ASSERT_FALSE(region);
  EXPECT_THAT(region.error().message(), HasSubstr("write the journal: File too large"));
  EXPECT_EQ(daemon_pids(), daemon);

  kill_daemon();
  EXPECT_EQ(attach(*client, "kept")->index(), 1U);
  EXPECT_EQ(try_attach(*client, "fresh", 0), Status::unknown_failure);
  EXPECT_THAT(described(), Not(HasSubstr("moo")));
  EXPECT_TRUE(admin().add_vm(plain_vm("right")));
  EXPECT_TRUE(admin().remove_vm("right"));
  EXPECT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsDurability, OnceThereIsRoomEverythingIsWritten) {
  auto client = verbose_client();
  Connection* gone = attach(*client, "gone");
  attach(*client, "kept");
  fill_up();
  client->detach(gone);
  auto late = host_client("late");
  EXPECT_EQ(try_attach(*late, "kept"), Status::no_memory);
  make_room();
  ASSERT_TRUE(attach_in_time(*late, "fresh"));
  attach(*client, "fresh");

  kill_daemon();
  EXPECT_EQ(try_attach(*late, "gone", 0), Status::unknown_failure);
  EXPECT_EQ(attach(*late, "kept")->index(), 1U);
  EXPECT_EQ(attach(*client, "fresh")->index(), 2U);
  EXPECT_THAT(log(), Not(HasSubstr("does not fit")));
  EXPECT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsDurability, ARemovalThatCouldNotBeJournaledIsKept) {
  auto client = verbose_client();
  attach(*client, "moo");
  ASSERT_TRUE(admin().add_region({"manifest", kPageBytes, 0666, ::getuid(), ::getgid()}));
  fill_up();
  ASSERT_TRUE(admin().remove_vm("left"));
  ASSERT_TRUE(admin().remove_region("manifest"));
  kill_daemon();
  EXPECT_THAT(described(), Not(HasSubstr("\"left\"")));
  EXPECT_THAT(described(), Not(HasSubstr("\"manifest\"")));
  EXPECT_TRUE(admin().add_vm(plain_vm("left")));
  EXPECT_NE(connect_vm("left"), nullptr);
  EXPECT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsDurability, ASuccessorWithoutRoomServesAndLosesNothing) {
  auto client = verbose_client();
  Connection* mine = attach(*client, "kept");
  // The successor is the keeper's child and has its limits.
  limit(keeper_pid(), RLIMIT_FSIZE, kFull);
  kill_daemon();
  EXPECT_EQ(try_attach(*client, "fresh"), Status::no_memory);
  make_room();
  auto late = host_client("late");
  ASSERT_TRUE(attach_in_time(*late, "kept"));
  EXPECT_EQ(late->connections().front()->index(), 1U);
  ASSERT_TRUE(process_until(*client, [&] { return (mine->read_status() >> 16) == 3; }));
  EXPECT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsDurability, AKeeperIsTriedUntilItCanBeHad) {
  auto client = host_client();
  attach(*client, "kept");
  const pid_t daemon = daemon_pid();
  // Not one descriptor more for the daemon: it cannot even make the socket for a keeper.
  limit(daemon, RLIMIT_NOFILE, 3);
  kill_and_wait(keeper_pid());
  ASSERT_TRUE(logs("the next try is in 2000 ms")) << "it has failed at least twice with pauses";
  EXPECT_TRUE(keeper_pids().empty());
  limit(daemon, RLIMIT_NOFILE, RLIM_INFINITY);
  ASSERT_TRUE(logs("another keeper holds everything now"));
  EXPECT_NO_THROW(keeper_pid());
  kill_daemon();
  auto other = host_client();
  EXPECT_EQ(attach(*other, "kept")->index(), 1U);
}

}  // namespace
}  // namespace qvm::regions
