// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sudden deaths.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "qvm/base/mapping.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

// A host program in a process of its own, attached to region "moo", which does nothing but live.
class Bystander {
 public:
  explicit Bystander(const std::string& socket) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return;
    x_pid = ::fork();
    if (x_pid == 0) {
      ::close(ends[0]);
      auto client = Client::connect(socket, "bystander");
      if (client &&
          (*client)->attach({.name = "moo", .pages = 1}, std::chrono::seconds(5)).connection != nullptr) {
        [[maybe_unused]] const auto written = ::write(ends[1], "x", 1);
        for (;;) ::pause();
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    char byte = 0;
    x_attached = ::read(ends[0], &byte, 1) == 1;
    ::close(ends[0]);
  }
  ~Bystander() { kill(); }

  bool attached() const { return x_attached; }
  void kill() {
    if (x_pid <= 0) return;
    ::kill(x_pid, SIGKILL);
    ::waitpid(x_pid, nullptr, 0);
    x_pid = -1;
  }

 private:
  pid_t x_pid = -1;
  bool x_attached = false;
};

class RegionsRecovery : public RegionsFixture {
 protected:
  // While it is stopped, a qvm-regiond that dies stays dead.
  void stop_keeper() { ::kill(keeper_pid(), SIGSTOP); }
  void continue_keeper() { ::kill(keeper_pid(), SIGCONT); }
};

TEST_F(RegionsRecovery, DeathOfAClientLooksLikeADetach) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo");
  Bystander other(host_socket());
  ASSERT_TRUE(other.attached());
  ASSERT_TRUE(process_until(*client, [&] { return mine->read_status() == 0x00030000; }));
  other.kill();
  ASSERT_TRUE(process_until(*client, [&] { return mine->pending(); }));
  EXPECT_EQ(mine->read_status(), 0x00010000U);
}

TEST_F(RegionsRecovery, SignalsOfTheDeadAreStillDelivered) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo");
  auto other = host_client();
  attach(*other, "moo")->notify(1);
  other.reset();
  ASSERT_TRUE(process_until(*client, [&] { return client->process(), mine->read_status() == 0x00010002; }));
}

TEST_F(RegionsRecovery, WithoutTheDaemonDataAndSignalsGoOn) {
  auto left = host_client("left");
  auto right = host_client("right");
  Connection* a = attach(*left, "moo");
  Connection* b = attach(*right, "moo");
  ASSERT_TRUE(process_until(*left, [&] { return a->read_status() == 0x00030000; }));
  stop_keeper();
  kill_daemon();
  for (int round = 0; round < 100; ++round) {
    a->notify(0xffffffff);
    ASSERT_TRUE(process_until(*right, [&] { return b->pending(); }));
    ASSERT_EQ(b->read_status(), 0x00030001U);
    b->notify(1);
    ASSERT_TRUE(process_until(*left, [&] { return a->pending(); }));
    ASSERT_EQ(a->read_status(), 0x00030002U);
  }
  continue_keeper();
}

TEST_F(RegionsRecovery, ADaemonThatHangsIsWaitedForOnceByAllWhoLeave) {
  auto watcher = host_client();
  Connection* seen = attach(*watcher, "moo9");
  auto leaver = host_client();
  std::vector<Connection*> connections;
  for (int i = 0; i < 10; ++i) connections.push_back(attach(*leaver, "moo" + std::to_string(i)));
  ASSERT_TRUE(process_until(*watcher, [&] { return seen->read_status() >> 16 == 3; }));
  const pid_t daemon = daemon_pid();
  ::kill(daemon, SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  for (Connection* connection : connections) leaver->detach(connection);
  // One deadline is 2 s; one for each would be 20.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(8));
  ::kill(daemon, SIGCONT);
  EXPECT_TRUE(process_until(*watcher, [&] { return seen->read_status() >> 16 == 1; }));
  attach(*leaver, "moo9");
  EXPECT_TRUE(process_until(*watcher, [&] { return seen->read_status() >> 16 == 3; }));
}

TEST_F(RegionsRecovery, TheNextAttachWorks) {
  auto vm = vm_client("left");
  Connection* before = attach(*vm, "moo", 2);
  auto data = Mapping::map(before->data_fd(), 2 * kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(data);
  std::strcpy(static_cast<char*>(data->data()), "still here");
  for (unsigned round = 1; round <= 5; ++round) {
    kill_daemon();
    auto late = host_client();
    Connection* other = attach(*late, "moo", 9);
    EXPECT_EQ(other->index(), 1U);
    EXPECT_EQ(other->pages(), 2U);
    auto seen = Mapping::map(other->data_fd(), 2 * kPageBytes, Mapping::Access::read_only);
    ASSERT_TRUE(seen);
    EXPECT_STREQ(static_cast<char*>(seen->data()), "still here");
    ASSERT_TRUE(process_until(*vm, [&] { return (before->read_status() >> 16) == 3; }));
    other->notify(1);
    ASSERT_TRUE(process_until(*vm, [&] { return (before->read_status() & 2) != 0; }));
    before->notify(2);
    ASSERT_TRUE(process_until(*late, [&] { return (other->read_status() & 1) != 0; }));
    kill_daemon();
    Connection* own = attach(*vm, "other");
    EXPECT_EQ(own->index(), 0U);
    vm->detach(own);
    late.reset();
    ASSERT_TRUE(process_until(*vm, [&] { return (before->read_status() >> 16) == 1; }));
  }
  ASSERT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsRecovery, WhoDiedMeanwhileIsFound) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo");
  Bystander other(host_socket());
  ASSERT_TRUE(other.attached());
  ASSERT_TRUE(process_until(*client, [&] { return mine->read_status() == 0x00030000; }));
  stop_keeper();
  kill_daemon();
  other.kill();
  continue_keeper();
  ASSERT_TRUE(process_until(*client, [&] { return mine->pending(); }));
  EXPECT_EQ(mine->read_status(), 0x00010000U);
}

TEST_F(RegionsRecovery, WhoDetachedMeanwhileIsGone) {
  auto staying = host_client();
  Connection* mine = attach(*staying, "moo");
  auto leaving = host_client();
  attach(*leaving, "moo");
  ASSERT_TRUE(process_until(*staying, [&] { return mine->read_status() == 0x00030000; }));
  stop_keeper();
  kill_daemon();
  leaving->process();
  leaving.reset();
  continue_keeper();
  ASSERT_TRUE(process_until(*staying, [&] { return mine->pending(); }));
  EXPECT_EQ(mine->read_status(), 0x00010000U);
}

TEST_F(RegionsRecovery, GenerationsAndIndicesAreKept) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(host_client());
    attach(*clients.back(), "moo");
  }
  clients[1].reset();
  kill_daemon();
  auto late = host_client();
  Connection* connection = attach(*late, "moo");
  EXPECT_EQ(connection->index(), 1U);
  // All five pairs of doorbells work, old and new.
  for (const unsigned i : {0U, 2U, 3U}) {
    Connection* other = clients[i]->connections().front();
    ASSERT_TRUE(process_until(*clients[i], [&] { return (other->read_status() >> 16) == 0xf; }));
    other->notify(0xffffffff);
    ASSERT_TRUE(process_until(*late, [&] { return (connection->read_status() & (1U << i)) != 0; }));
    connection->notify(1U << i);
    ASSERT_TRUE(process_until(*clients[i], [&] { return (other->read_status() & 2) != 0; }));
  }
}

TEST_F(RegionsRecovery, ADeadKeeperIsReplaced) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo");
  for (int round = 0; round < 3; ++round) {
    const pid_t old = keeper_pid();
    kill_and_wait(old);
    // Whatever goes through the daemon now comes after the replacement.
    ASSERT_TRUE(admin().describe_json());
    auto again = host_client();
    attach(*again, "moo");
    ASSERT_NE(keeper_pid(), old);
    again.reset();
    kill_daemon();
    auto other = host_client();
    EXPECT_EQ(attach(*other, "moo")->index(), 1U);
    other.reset();
    ASSERT_TRUE(process_until(*client, [&] { return (mine->read_status() >> 16) == 1; }));
  }
}

TEST_F(RegionsRecovery, TheAdminDoesNotNoticeARestart) {
  ASSERT_TRUE(admin().add_vm(plain_vm("left")));
  kill_daemon();
  ASSERT_TRUE(admin().add_vm(plain_vm("right")));
  kill_daemon();
  const auto described = admin().describe_json();
  ASSERT_TRUE(described);
  EXPECT_NE(described->find("\"left\""), std::string::npos);
  ASSERT_TRUE(admin().remove_vm("left"));
  ASSERT_TRUE(admin().remove_vm("right"));
}

TEST_F(RegionsRecovery, WhatTimedOutWhileTheDaemonStoodStillIsUndone) {
  const RegionSpec moo{.name = "moo", .bytes = kPageBytes, .owner = ::getuid(), .group = ::getgid()};
  const pid_t daemon = daemon_pid();
  ::kill(daemon, SIGSTOP);
  auto hasty = Admin::open(directory(), "/none", std::chrono::milliseconds(100));
  ASSERT_TRUE(hasty);
  EXPECT_EQ((*hasty)->add_region(moo).error().code(), ETIMEDOUT);
  EXPECT_EQ((*hasty)->add_vm(plain_vm("left")).error().code(), ETIMEDOUT);
  ::kill(daemon, SIGCONT);
  const auto region = admin().add_region(moo);
  EXPECT_TRUE(region) << region.error().message();
  const auto vm = admin().add_vm(plain_vm("left"));
  EXPECT_TRUE(vm) << vm.error().message();
  ASSERT_TRUE(admin().remove_region("moo"));
  ASSERT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsRecovery, WithBothGoneWhatIsLostIsSaid) {
  auto client = host_client("left");
  auto peer = host_client("right");
  Connection* mine = attach(*client, "moo");
  Connection* theirs = attach(*peer, "moo");
  const pid_t keeper = keeper_pid();
  stop_keeper();
  kill_daemon();
  kill_and_wait(keeper);
  close_admin();
  reopen_admin();
  client->process();
  peer->process();
  mine->notify(2);
  ASSERT_TRUE(process_until(*peer, [&] { return theirs->pending(); })) << "those attached go on";
  EXPECT_EQ(theirs->read_status() & 0xffff, 1U);
  EXPECT_EQ(attach(*client, "fresh")->index(), 0U);
}

}  // namespace
}  // namespace qvm::regions
