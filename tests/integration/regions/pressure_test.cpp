// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Clients that are slow, greedy or keep what is not theirs any more.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "qvm/base/mapping.h"
#include "qvm/regions/server/host_memory.h"
#include "qvm/regions/wire/wire.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

class RegionsPressure : public RegionsFixture {
 protected:
  long descriptors_of_daemon() {
    const std::string directory = "/proc/" + std::to_string(daemon_pid()) + "/fd";
    return std::distance(std::filesystem::directory_iterator(directory),
                         std::filesystem::directory_iterator());
  }
};

TEST_F(RegionsPressure, ASlowReaderCostsLittleAndIsToldHowThingsStand) {
  auto slow = host_client("slow");
  Connection* mine = attach(*slow, "moo");
  auto busy = host_client("busy");
  attach(*busy, "moo");
  const long before = descriptors_of_daemon();
  for (int i = 0; i < 2000; ++i) busy->detach(attach(*busy, "moo"));
  EXPECT_LT(descriptors_of_daemon(), before + 10);
  Connection* last = attach(*busy, "moo");
  ASSERT_EQ(last->index(), 2U);
  last->notify(1);

  ASSERT_TRUE(process_until(*slow, [&] { return (mine->read_status() & 4) != 0; }));
  EXPECT_EQ(mine->read_status(), 0x00070000U);
  // In both directions, by wake-ups.
  mine->notify(1U << 2);
  ASSERT_TRUE(process_until(*busy, [&] { return (last->read_status() & 1) != 0; }));
  for (int round = 0; round < 20; ++round) {
    last->notify(1);
    ASSERT_TRUE(process_until(*slow, [&] { return (mine->read_status() & 4) != 0; })) << round;
    mine->notify(1U << 2);
    ASSERT_TRUE(process_until(*busy, [&] { return (last->read_status() & 1) != 0; })) << round;
  }
}

TEST_F(RegionsPressure, ManySlowReadersOfEachOthersNews) {
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Connection*> connections;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(host_client());
    connections.push_back(attach(*clients.back(), "moo"));
  }
  // Each comes and goes while no other looks.
  for (int round = 0; round < 30; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      clients[i]->detach(connections[i]);
      connections[i] = attach(*clients[i], "moo");
    }
  }
  for (std::size_t from = 0; from < clients.size(); ++from) {
    connections[from]->notify(0xffffffff);
    for (std::size_t to = 0; to < clients.size(); ++to) {
      if (to == from) continue;
      ASSERT_TRUE(process_until(*clients[to],
                                [&] {
                                  clients[from]->process();
                                  return (connections[to]->read_status() &
                                          (1U << connections[from]->index())) != 0;
                                }))
          << from << " to " << to;
    }
  }
}

TEST_F(RegionsPressure, MemoryGoesBackEvenIfSomebodyKeepsIt) {
  constexpr std::uint32_t kPages = 4096;
  auto client = host_client();
  for (const std::uint32_t pages : {4U, kPages}) {
    Connection* connection = attach(*client, "moo", pages);
    const UniqueFd kept(::fcntl(connection->data_fd(), F_DUPFD_CLOEXEC, 0));
    auto mapped = Mapping::map(kept.get(), pages * kPageBytes, Mapping::Access::read_only);
    auto written = Mapping::map(kept.get(), pages * kPageBytes, Mapping::Access::read_write);
    ASSERT_TRUE(mapped && written);
    std::memset(written->data(), 0x5a, pages * kPageBytes);
    client->detach(connection);
    struct stat info {};
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    do {
      ASSERT_EQ(::fstat(kept.get(), &info), 0);
      std::this_thread::yield();
    } while (info.st_blocks != 0 && std::chrono::steady_clock::now() < deadline);
    EXPECT_EQ(info.st_blocks, 0) << pages << " pages";
    EXPECT_EQ(*static_cast<const char*>(mapped->data()), 0);
  }
}

TEST_F(RegionsPressure, BigRegionsOfOneDoNotHoldUpAnother) {
  constexpr std::uint64_t kBytes = std::uint64_t{1} << 29;
  if (spare_memory().value_or(UINT64_MAX) < 4 * kBytes)
    GTEST_SKIP() << "this host has too little memory to spare";
  auto small = host_client();
  auto raw = wire::connect_to(host_socket());
  ASSERT_TRUE(raw);
  wire::Hello hello;
  ASSERT_EQ(wire::send(raw->get(), wire::prepare(hello, 0, wire::sent_size(hello))), wire::Outcome::done);
  pollfd waiting{raw->get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
  wire::Message message;
  ASSERT_EQ(wire::receive(raw->get(), message, wire::kMaxDescriptors), wire::Outcome::done);
  wire::Attach request;
  request.pages = kBytes / kPageBytes;
  request.name_size = 3;
  std::memcpy(request.name.data(), "big", 3);
  ASSERT_EQ(wire::send(raw->get(), wire::prepare(request, 9)), wire::Outcome::done);
  // By the second one the daemon has read the request for the big one.
  small->detach(attach(*small, "small"));
  attach(*small, "small");
  EXPECT_EQ(wire::receive(raw->get(), message, wire::kMaxDescriptors), wire::Outcome::would_block)
      << "the big one was there first, or the small one waited for it";
  ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
  ASSERT_EQ(wire::receive(raw->get(), message, wire::kMaxDescriptors), wire::Outcome::done);
  ASSERT_NE(message.as<wire::AttachReply>(), nullptr);
  EXPECT_EQ(message.as<wire::AttachReply>()->status, 0U);
  EXPECT_EQ(message.as<wire::AttachReply>()->pages, kBytes / kPageBytes);
}

// A control group of its own below that of this process, with a limit on memory; gone with this.
class MemoryGroup {
 public:
  explicit MemoryGroup(std::uint64_t bytes) {
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
      const auto memory = line.find(":memory:");
      const bool old = memory != std::string::npos;
      if (!old && !line.starts_with("0::")) continue;
      const std::filesystem::path parent =
          (old ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup") + line.substr(line.rfind(':') + 1);
      x_parent = parent;
      x_group = parent / ("qvm-test-" + std::to_string(::getpid()));
      std::error_code error;
      std::filesystem::create_directory(x_group, error);
      const auto limit = x_group / (old ? "memory.limit_in_bytes" : "memory.max");
      x_good = !error && write(limit, std::to_string(bytes));
      if (x_good) return;
      ::rmdir(x_group.c_str());
    }
  }
  ~MemoryGroup() {
    for (const pid_t pid : x_members) write(x_parent / "cgroup.procs", std::to_string(pid));
    if (x_good) ::rmdir(x_group.c_str());
  }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  bool take_in(pid_t pid) {
    if (!x_good || !write(x_group / "cgroup.procs", std::to_string(pid))) return false;
    x_members.push_back(pid);
    return true;
  }

 private:
  static bool write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    return static_cast<bool>(file << text << std::flush);
  }
  std::filesystem::path x_parent;
  std::filesystem::path x_group;
  std::vector<pid_t> x_members;
  bool x_good = false;
};

TEST_F(RegionsPressure, AGroupWithoutMemoryIsStatus2AndNobodyIsKilled) {
  constexpr std::uint32_t kMib = (1 << 20) / kPageBytes;
  constexpr int kLimit = 64;
  const auto daemon = daemon_pids();
  MemoryGroup group(std::uint64_t{kLimit} << 20);
  if (!group.take_in(daemon.front())) GTEST_SKIP() << "no control group can be made here";
  auto client = host_client();
  EXPECT_EQ(client->attach({.name = "big", .pages = 2 * kLimit * kMib}, kDeadline).status, Status::no_memory);
  int given = 0;
  Status status = Status::ok;
  while (status == Status::ok && given < 2 * kLimit) {
    status = client->attach({.name = "small" + std::to_string(given++), .pages = kMib}, kDeadline).status;
  }
  EXPECT_EQ(status, Status::no_memory);
  EXPECT_GT(given, kLimit / 2);
  EXPECT_EQ(daemon_pids(), daemon);
  client.reset();
}

TEST_F(RegionsPressure, WhoLeavesWhileItsMemoryIsReservedLeavesNothing) {
  for (int i = 0; i < 5; ++i) {
    auto raw = wire::connect_to(host_socket());
    ASSERT_TRUE(raw);
    wire::Hello hello;
    wire::Attach request;
    request.pages = 16384;
    request.name_size = 3;
    std::memcpy(request.name.data(), "big", 3);
    ASSERT_EQ(wire::send(raw->get(), wire::prepare(hello, 0, wire::sent_size(hello))), wire::Outcome::done);
    ASSERT_EQ(wire::send(raw->get(), wire::prepare(request, 9)), wire::Outcome::done);
  }
  auto client = host_client();
  EXPECT_EQ(client->attach({.name = "big", .pages = 0}, kDeadline).status, Status::unknown_failure);
}

TEST_F(RegionsPressure, AProcessWithoutDescriptorsIsRefusedAndCanTryAgain) {
  auto peer = host_client();
  attach(*peer, "moo");
  auto client = host_client();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const UniqueFd next(::dup(0));
  rlimit tight = limit;
  tight.rlim_cur = static_cast<rlim_t>(next.get()) + 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const AttachResult refused = client->attach({.name = "moo", .pages = 1}, kDeadline);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(refused.status, Status::no_memory);
  EXPECT_EQ(attach(*client, "moo")->index(), 1U);
}

TEST_F(RegionsPressure, ADaemonWithoutDescriptorsHangsUpOnEverybodyWhoConnects) {
  const pid_t daemon = daemon_pid();
  int highest = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(daemon) + "/fd"))
    highest = std::max(highest, std::stoi(entry.path().filename().string()));
  rlimit limit{};
  ASSERT_EQ(::prlimit(daemon, RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlimit tight{static_cast<rlim_t>(highest) + 1, limit.rlim_max};
  ASSERT_EQ(::prlimit(daemon, RLIMIT_NOFILE, &tight, nullptr), 0);
  // The first ones take what numbers are free below the highest.
  constexpr std::size_t kFirst = 10;
  std::vector<UniqueFd> sockets;
  for (std::size_t i = 0; i < kFirst + 10; ++i) {
    auto socket = wire::connect_to(host_socket());
    ASSERT_TRUE(socket);
    sockets.push_back(std::move(*socket));
    pollfd hung_up{sockets.back().get(), 0, 0};
    EXPECT_TRUE(i < kFirst || ::poll(&hung_up, 1, 5'000) == 1) << i;
  }
  ASSERT_EQ(::prlimit(daemon, RLIMIT_NOFILE, &limit, nullptr), 0);
  attach(*host_client(), "moo");
}

TEST_F(RegionsPressure, AKeeperThatStandsStillIsReplaced) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo");
  const pid_t stopped = keeper_pid();
  ::kill(stopped, SIGSTOP);
  auto other = host_client();
  // Until the daemon finds that nobody takes what it wants to have kept.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto is_replaced = [&] {
    const auto keepers = keeper_pids();
    return keepers.size() == 1 && keepers.front() != stopped;
  };
  while (!is_replaced() && std::chrono::steady_clock::now() < deadline) {
    other->detach(attach(*other, "moo"));
  }
  EXPECT_TRUE(is_replaced());
  ASSERT_TRUE(admin().describe_json()) << "by the answer the new one has got everything";
  kill_daemon();
  EXPECT_EQ(attach(*other, "moo")->index(), 1U);
  ASSERT_TRUE(process_until(*client, [&] { return (mine->read_status() >> 16) == 3; }));
  EXPECT_EQ(log().find("lost"), std::string::npos) << log();
}

TEST_F(RegionsPressure, KeepersDyingAllTheTime) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo");
  std::set<pid_t> killed;
  for (int i = 0; i < 12; ++i) {
    for (const pid_t keeper : keeper_pids()) {
      ::kill(keeper, SIGKILL);
      killed.insert(keeper);
    }
    auto other = host_client();
    ASSERT_TRUE(other);
    attach(*other, "moo");
  }
  // A killed process is there until a processor has time for its end.
  const auto living = [&] {
    auto keepers = keeper_pids();
    std::erase_if(keepers, [&](pid_t keeper) { return killed.contains(keeper); });
    return keepers;
  };
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (living().empty() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  ASSERT_EQ(living().size(), 1U);
  ASSERT_TRUE(admin().describe_json()) << "by the answer it has got everything";
  kill_daemon();
  auto other = host_client();
  ASSERT_TRUE(other);
  EXPECT_EQ(attach(*other, "moo")->index(), 1U);
  ASSERT_TRUE(process_until(*client, [&] { return (mine->read_status() >> 16) == 3; }));
}

TEST_F(RegionsPressure, WithoutItsDirectoryItEndsInSpiteOfRegisteredVms) {
  ASSERT_TRUE(admin().add_vm(plain_vm("left")));
  const auto daemon = daemon_pids();
  std::filesystem::remove_all(directory() + "/vm");
  std::filesystem::remove_all(directory() + "/regiond");
  ASSERT_TRUE(admin().describe_json()) << "whoever is connected is still served";
  std::filesystem::remove(host_socket());
  // TearDown() expects that it ends.
}

}  // namespace
}  // namespace qvm::regions
