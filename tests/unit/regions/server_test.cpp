// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A server in this process, whose memory takes as long as a test likes.
#include "qvm/regions/server/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "qvm/regions/client/admin.h"
#include "qvm/regions/client/client.h"
#include "qvm/regions/model/codec.h"
#include "qvm/regions/wire/admin_wire.h"
#include "qvm/regions/wire/wire.h"

namespace qvm::regions {
namespace {
namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint32_t kBigPages = 2 * kQuickBytes / kPageBytes;
constexpr milliseconds kPatience{5000};
constexpr milliseconds kNever{std::chrono::hours(1)};

// Reserves nothing before it is opened.
class Gate {
 public:
  Result<ReservedMemory> reserve(const MemorySpec& wanted, const std::stop_token& cancelled) {
    {
      std::unique_lock lock(x_mutex);
      ++x_arrived;
      x_changed.notify_all();
      if (!x_changed.wait(lock, cancelled, [this] { return x_open; })) {
        ++x_cancelled;
        x_changed.notify_all();
        return fail_errno("reserve memory", ECANCELED);
      }
    }
    return reserve_memory(wanted, cancelled);
  }
  void open() {
    const std::lock_guard lock(x_mutex);
    x_open = true;
    x_changed.notify_all();
  }
  bool await_arrived(int count) { return await(x_arrived, count); }
  bool await_cancelled(int count) { return await(x_cancelled, count); }

 private:
  bool await(const int& counter, int count) {
    std::unique_lock lock(x_mutex);
    return x_changed.wait_for(lock, std::chrono::seconds(30), [&] { return counter >= count; });
  }
  std::mutex x_mutex;
  std::condition_variable_any x_changed;
  bool x_open = false;  // these are guarded by x_mutex
  int x_arrived = 0;
  int x_cancelled = 0;
};

class RegionServer : public ::testing::Test {
 protected:
  void start(milliseconds word) {
    std::string name = (fs::temp_directory_path() / "qvm-server-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
    ServerOptions options;
    options.runtime_directory = name;
    options.limits.owner = ::geteuid();
    options.reserve = [this](const MemorySpec& wanted, const std::stop_token& cancelled) {
      return gate.reserve(wanted, cancelled);
    };
    options.word = word;
    auto created = Server::create(std::move(options));
    ASSERT_TRUE(created) << created.error().message();
    server = std::move(*created);
    thread = std::thread([this] { EXPECT_TRUE(server->run()); });
    visitor = client();
  }
  void TearDown() override {
    visitor.reset();
    if (server) server->stop();
    if (thread.joinable()) thread.join();
    server.reset();
    fs::remove_all(directory);
  }

  std::unique_ptr<Admin> admin(milliseconds patience = kPatience) {
    auto opened = Admin::open(directory, "/none", patience);
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<Client> client() {
    auto connected = Client::connect(directory + "/host.sock", "test");
    EXPECT_TRUE(connected) << connected.error().message();
    return connected ? std::move(*connected) : nullptr;
  }
  static RegionSpec spec(std::uint32_t pages) {
    return {.name = "moo", .bytes = pages * kPageBytes, .owner = ::getuid(), .group = ::getgid()};
  }
  // Its region "moo" is created with it.
  static VmPolicy vm(std::uint32_t pages) {
    VmPolicy policy;
    policy.vm = "left";
    policy.uid = ::getuid();
    policy.gid = ::getgid();
    VdevPolicy& vdev = policy.vdevs.emplace_back();
    vdev.vdev = "shmem0";
    CreateSpec& moo = vdev.creates.emplace_back();
    moo.name = "moo";
    moo.bytes = pages * kPageBytes;
    return policy;
  }
  // Sends the request and hangs up when the answer is there, unread.
  void ask_and_leave(admin_wire::Op op, const std::string& argument) {
    auto socket = wire::connect_to(directory + "/regiond/admin.sock");
    ASSERT_TRUE(socket) << socket.error().message();
    const std::string request = static_cast<char>(op) + argument;
    ASSERT_EQ(::send(socket->get(), request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    pollfd answered{socket->get(), POLLIN, 0};
    ASSERT_EQ(::poll(&answered, 1, 30'000), 1);
  }

  Gate gate;
  std::string directory;
  std::unique_ptr<Server> server;
  std::thread thread;
  std::unique_ptr<Client> visitor;  // as long as it is there, the server does not end as idle
};

TEST_F(RegionServer, WhatTheManifestMakesKeepsNobodyWaiting) {
  start(milliseconds(50));
  auto others = client();
  {
    auto caller = admin();
    std::jthread adding([&] { EXPECT_TRUE(caller->add_region(spec(kBigPages))); });
    ASSERT_TRUE(gate.await_arrived(1));
    EXPECT_EQ(others->attach({.name = "small", .pages = 1}, kPatience).status, Status::ok);
    EXPECT_EQ(others->attach({.name = "moo", .pages = 0}, kPatience).status, Status::unknown_failure)
        << "it is not there yet";
    gate.open();
  }
  const AttachResult attached = others->attach({.name = "moo", .pages = 0}, kPatience);
  ASSERT_EQ(attached.status, Status::ok);
  EXPECT_EQ(attached.connection->pages(), kBigPages);
}

TEST_F(RegionServer, WhatAVmCreatesKeepsNobodyWaiting) {
  start(milliseconds(50));
  auto others = client();
  {
    auto caller = admin();
    std::jthread adding([&] { EXPECT_TRUE(caller->add_vm(vm(kBigPages))); });
    ASSERT_TRUE(gate.await_arrived(1));
    EXPECT_EQ(others->attach({.name = "small", .pages = 1}, kPatience).status, Status::ok);
    gate.open();
  }
  EXPECT_EQ(others->attach({.name = "moo", .pages = 0}, kPatience).status, Status::ok);
}

TEST_F(RegionServer, NoSizeTakesTooLong) {
  constexpr milliseconds kShort{3000};  // longer than a busy machine stands still
  start(milliseconds(50));
  std::jthread later([&] {
    EXPECT_TRUE(gate.await_arrived(2));
    std::this_thread::sleep_for(kShort + milliseconds(1000));  // for nothing: this is how long it takes
    gate.open();
  });
  std::jthread adding([&] {
    const auto added = admin(kShort)->add_region(spec(kBigPages));
    EXPECT_TRUE(added) << added.error().message();
  });
  EXPECT_EQ(client()->attach({.name = "other", .pages = kBigPages}, kShort).status, Status::ok);
}

TEST_F(RegionServer, WhatTimesOutIsTakenBack) {
  start(kNever);
  EXPECT_EQ(admin(milliseconds(100))->add_region(spec(kBigPages)).error().code(), ETIMEDOUT);
  ASSERT_TRUE(gate.await_cancelled(1));
  EXPECT_EQ(admin(milliseconds(100))->add_vm(vm(kBigPages)).error().code(), ETIMEDOUT);
  ASSERT_TRUE(gate.await_cancelled(2));
  gate.open();
  auto again = admin();
  ASSERT_TRUE(again->add_region(spec(kBigPages)));
  ASSERT_TRUE(again->remove_region("moo"));
  EXPECT_TRUE(again->add_vm(vm(kBigPages)));
}

TEST_F(RegionServer, WhoseAnswerIsNotReadHasNothing) {
  start(kNever);
  ask_and_leave(admin_wire::Op::add_region, encode(spec(1)));
  auto again = admin();
  const auto region = again->add_region(spec(1));
  EXPECT_TRUE(region) << region.error().message();
  ASSERT_TRUE(again->remove_region("moo"));
  ask_and_leave(admin_wire::Op::add_vm, encode(vm(1)));
  const auto registered = again->add_vm(vm(1));
  EXPECT_TRUE(registered) << registered.error().message();
}

TEST_F(RegionServer, WhoseAnswerIsReadMayGo) {
  start(kNever);
  ASSERT_TRUE(admin()->add_region(spec(1)));
  ASSERT_TRUE(admin()->add_vm(vm(1)));
  auto again = admin();
  EXPECT_EQ(again->add_region(spec(1)).error().message(),
            "region 'moo' exists already; a manifest that is up has it");
  EXPECT_EQ(again->add_vm(vm(1)).error().message(), "a VM of this name is registered already");
}

TEST_F(RegionServer, AClientThatLeavesNeedsNoMemory) {
  start(kNever);
  const auto attached = client()->attach({.name = "moo", .pages = kBigPages}, milliseconds(100));
  EXPECT_EQ(attached.status, Status::unknown_failure);
  EXPECT_TRUE(gate.await_cancelled(1));
}

}  // namespace
}  // namespace qvm::regions
