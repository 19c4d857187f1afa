// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a real qvm-regiond logs, as JSON.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/long_log.h"
#include "tests/support/regions_fixture.h"
#include "tests/support/run_program.h"

namespace qvm::regions {
namespace {

using nlohmann::json;

class RegionsLog : public RegionsFixture {
 protected:
  void SetUp() override {
    ::setenv("QVM_LOG_FORMAT", "json", 1);
    RegionsFixture::SetUp();
    ::unsetenv("QVM_LOG_FORMAT");
  }
  std::string path() const { return directory() + "/log/regiond.log"; }
  // Lines with this event, without what differs from run to run. A line is written before the daemon waits
  // for more, but after it has answered: the next answer is behind it.
  std::vector<json> lines(const std::string& event) {
    EXPECT_TRUE(admin().describe_json());
    EXPECT_TRUE(admin().describe_json());
    std::vector<json> found;
    std::ifstream file(path());
    for (std::string line; std::getline(file, line);) {
      json parsed = json::parse(line);
      if (parsed.at("event") != event) continue;
      for (const char* key : {"time", "monotonic", "daemon_pid", "pid"}) parsed.erase(key);
      found.push_back(std::move(parsed));
    }
    return found;
  }
  static json who(json more) {
    const json base = {{"daemon", "qvm-regiond"}, {"kind", "vm"},      {"vm", "left"},
                       {"vdev", "shmem0"},        {"uid", ::getuid()}, {"gid", ::getgid()}};
    more.update(base);
    return more;
  }
};

TEST_F(RegionsLog, SaysWhoGotWhatByWhichRule) {
  VmPolicy policy = plain_vm("left");
  policy.vdevs[0].rules = {{false, "secret*", "left.qvmconf:3:8"}, {true, "*", "left.qvmconf:4:9"}};
  policy.vdevs[0].substitutions = {{"", "team-", "left.qvmconf:5:9"}};
  ASSERT_TRUE(admin().add_vm(policy));
  ASSERT_TRUE(admin().add_region({.name = "team-view",
                                  .bytes = 4096,
                                  .mode = 0444,
                                  .owner = ::getuid(),
                                  .group = ::getgid(),
                                  .place = "system.yaml:7:3"}));
  auto client = connect_vm("left");
  EXPECT_EQ(client->attach({.name = "secret1", .pages = 1, .mode = 0}, kDeadline).status,
            Status::no_permission);
  attach(*client, "view");
  auto attaches = lines("attach");
  ASSERT_EQ(attaches.size(), 2U);
  for (json& line : attaches) line.erase("text");
  EXPECT_EQ(attaches[0], who({{"event", "attach"},
                              {"verdict", "refused"},
                              {"region", "secret1"},
                              {"host_name", "secret1"},
                              {"status", 5},
                              {"place", "left.qvmconf:3:8"}}));
  EXPECT_EQ(attaches[1], who({{"event", "attach"},
                              {"verdict", "granted"},
                              {"region", "view"},
                              {"host_name", "team-view"},
                              {"status", 0},
                              {"index", 0},
                              {"access", "read-only"}}));
  client->detach(client->connections().front());
  EXPECT_EQ(lines("detach").size(), 1U);
  EXPECT_EQ(lines("vm-added").at(0).at("vm"), "left");
  EXPECT_EQ(lines("region-added").at(0).at("place"), "system.yaml:7:3");
  client.reset();
  ASSERT_TRUE(admin().remove_vm("left"));
  ASSERT_TRUE(admin().remove_region("team-view"));
  EXPECT_FALSE(admin().remove_region("team-view"));
  EXPECT_EQ(lines("admin").at(0).at("verdict"), "refused");
}

TEST_F(RegionsLog, FollowsItsSchema) {
  auto client = host_client("odd \"name\"\n");
  attach(*client, "moo");
  EXPECT_EQ(client->attach({.name = "a/\x01\xff", .pages = 1, .mode = 0}, kDeadline).status,
            Status::illegal_name);
  ASSERT_EQ(lines("attach").size(), 2U);
  kill_daemon();
  reopen_admin();
  attach(*host_client(), "moo");
  ASSERT_GE(lines("attach").size(), 3U);
  std::ifstream file(path());
  for (std::string line; std::getline(file, line);) {
    const auto checked = test::run_program(
        {"python3", QVM_SOURCE_DIR "/tests/support/check_json.py", QVM_SOURCE_DIR "/schemas/log.schema.json"},
        line);
    EXPECT_EQ(checked.status, 0) << line << '\n' << checked.output;
  }
}

TEST_F(RegionsLog, WhatIsGrantedOftenDoesNotHideWhatIsRefused) {
  auto client = host_client();
  for (int i = 0; i < 200; ++i) client->detach(attach(*client, "moo"));
  EXPECT_EQ(client->attach({.name = "a/b", .pages = 1, .mode = 0}, kDeadline).status, Status::illegal_name);
  const auto attaches = lines("attach");
  EXPECT_LE(attaches.size(), 51U);
  EXPECT_EQ(attaches.back().at("verdict"), "refused");
}

// Alone with host programs, nobody else looks after it.
TEST_F(RegionsLog, IsKeptShort) {
  ASSERT_TRUE(admin().describe_json());
  test::fill_log(path());
  EXPECT_TRUE(test::is_shortened_soon(path()));
}

}  // namespace
}  // namespace qvm::regions
