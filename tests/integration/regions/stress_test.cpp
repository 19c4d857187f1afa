// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Many threads, each with a client of its own: no signal is lost, no stranger's signal is inherited.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/support/footprint.h"
#include "tests/support/regions_fixture.h"
#include "tests/support/sanitizers.h"

namespace qvm::regions {
namespace {

using test::Footprint;
using test::footprint_of;

class RegionsStress : public RegionsFixture {
 protected:
  // From a thread: no EXPECT in there.
  std::unique_ptr<Client> quiet_client() {
    auto client = Client::connect(host_socket(), "stress");
    return client ? std::move(*client) : nullptr;
  }
  static Connection* quiet_attach(Client& client, const std::string& name) {
    return client.attach({.name = name, .pages = 1}, kDeadline).connection;
  }
};

// Only the wake-ups of event_fd() drive this: one that is lost stops it.
TEST_F(RegionsStress, NoWakeUpIsLost) {
  constexpr int kRounds = 5000;
  auto here = host_client("here");
  Connection* mine = attach(*here, "moo");
  auto there = host_client("there");
  Connection* theirs = attach(*there, "moo");
  ASSERT_TRUE(process_until(*here, [&] { return here->process(), (mine->read_status() >> 16) == 3; }));

  int lost = 0;
  std::jthread answering([&] {
    for (int i = 0; i < kRounds; ++i) {
      if (!process_until(*there, [&] { return (theirs->read_status() & 1) != 0; })) break;
      theirs->notify(1);
    }
  });
  for (int i = 0; i < kRounds && lost == 0; ++i) {
    mine->notify(2);
    if (!process_until(*here, [&] { return (mine->read_status() & 2) != 0; })) ++lost;
  }
  EXPECT_EQ(lost, 0);
}

// A newcomer in a much used slot has no signal of its predecessor's, and gets each of its own.
TEST_F(RegionsStress, SlotsAreReusedCleanly) {
  constexpr int kRounds = 400;
  auto resident = host_client("resident");
  Connection* home = attach(*resident, "moo");
  std::atomic<bool> done = false;
  std::atomic<int> inherited = 0;
  std::atomic<int> lost = 0;
  std::jthread visitor([&] {
    auto client = quiet_client();
    for (int i = 0; client && i < kRounds; ++i) {
      Connection* connection = quiet_attach(*client, "moo");
      if (connection == nullptr) {
        ++lost;
        break;
      }
      // The resident answers only what this one asks for.
      if ((connection->read_status() & 0xffff) != 0) ++inherited;
      connection->notify(1);
      if (!process_until(*client, [&] { return (connection->read_status() & 1) != 0; })) ++lost;
      client->detach(connection);
    }
    done = true;
  });
  while (!done) {
    process_until(
        *resident, [&] { return home->pending(); }, std::chrono::milliseconds(50));
    const std::uint32_t status = home->read_status();
    if ((status & 0xffff) != 0) home->notify(status & 0xffff);
  }
  visitor.join();
  EXPECT_EQ(lost, 0);
  // An answer that crosses the detach and the next attach belongs to whoever has the index by then.
  EXPECT_LE(inherited, kRounds / 10);
}

TEST_F(RegionsStress, ManyComeAndGoAtOnce) {
  constexpr int kThreads = 6;
  constexpr int kRounds = 150;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::minstd_rand random(static_cast<unsigned>(t));
        auto client = quiet_client();
        if (!client) {
          ++failures;
          return;
        }
        for (int i = 0; i < kRounds; ++i) {
          Connection* one = quiet_attach(*client, "region" + std::to_string(random() % 3));
          if (one == nullptr) {
            ++failures;
            return;
          }
          one->notify(0xffffffff);
          client->process();
          one->read_status();
          if (client->connections().size() > 2) client->detach(client->connections().front());
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
}

TEST_F(RegionsStress, TheDaemonMayDieAllTheTime) {
  constexpr int kThreads = 4;
  std::atomic<bool> stop = false;
  std::atomic<int> attaches = 0;
  std::atomic<int> failures = 0;
  std::atomic<int> failure = 0;  // status of the last
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        auto client = quiet_client();
        while (client && !stop) {
          const AttachResult result = client->attach({.name = "moo", .pages = 1}, kDeadline);
          Connection* one = result.connection;
          if (one == nullptr) {
            failure = static_cast<int>(result.status);
            ++failures;
            continue;
          }
          ++attaches;
          one->notify(0xffff);
          client->process();
          client->detach(one);
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      kill_daemon();
      const int before = attaches;
      const auto deadline = std::chrono::steady_clock::now() + kDeadline;
      while (attaches < before + 5 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
      ASSERT_GE(attaches, before + 5) << "after death " << i;
    }
    stop = true;
  }
  EXPECT_EQ(failures, 0) << "last status " << failure;
  const auto described = admin().describe_json();
  ASSERT_TRUE(described);
  EXPECT_NE(described->find("\"regions\":[]"), std::string::npos) << *described;
}

// Of all threads of a process.
std::uint64_t turns_of(pid_t pid) {
  std::uint64_t turns = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream status(thread.path() / "status");
    for (std::string line; std::getline(status, line);) {
      // "voluntary_ctxt_switches:\t7" and "nonvoluntary_…"
      const auto at = line.find("voluntary_ctxt_switches:");
      if (at != std::string::npos) turns += std::stoull(line.substr(line.find('\t') + 1));
    }
  }
  return turns;
}

TEST_F(RegionsStress, AHundredThousandSignalsCostNoDaemonAnything) {
  auto here = host_client("here");
  Connection* mine = attach(*here, "moo");
  auto there = host_client("there");
  Connection* theirs = attach(*there, "moo");
  ASSERT_TRUE(process_until(*here, [&] { return (mine->read_status() >> 16) == 3; }));
  here->process();
  // Whatever is put off for a moment is over by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const pid_t daemons[] = {daemon_pid(), keeper_pid()};
  const auto turns = [&] {
    std::uint64_t sum = 0;
    for (const pid_t pid : daemons) sum += turns_of(pid);
    return sum;
  };
  const std::uint64_t before = turns();
  int heard = 0;
  for (int i = 0; i < 50'000; ++i) {
    mine->notify(2);
    if ((theirs->read_status() & 1) != 0) ++heard;
    theirs->notify(1);
    if ((mine->read_status() & 2) != 0) ++heard;
  }
  EXPECT_EQ(heard, 100'000);
  // Its threads never had a CPU meanwhile. One that must wake for a timer of its own may; a sanitizer has
  // several.
  if (!test::kSanitized) {
    EXPECT_LE(turns() - before, 2U);
  }
}

// tests/bench/host_attach.py --cycles 1000000 is the long form.
TEST_F(RegionsStress, ThousandsOfCyclesCostNothing) {
  constexpr std::uint64_t kSlackKib = 512;
  auto holder = host_client();
  attach(*holder, "held");
  auto client = host_client();
  const auto cycle = [&] {
    client->detach(attach(*client, "moo", 4));
    client->detach(attach(*client, "held"));
  };
  for (int i = 0; i < 500; ++i) cycle();
  const std::vector<pid_t> pids = {daemon_pid(), keeper_pid(), ::getpid()};
  const auto look = [&] {
    // What it had no room for comes when it has read the rest, and the keeper lets go a moment later, too.
    holder->process();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    holder->process();
    std::vector<Footprint> all;
    for (const pid_t pid : pids) all.push_back(footprint_of(pid));
    return all;
  };
  const auto before = look();
  for (int i = 0; i < 2000; ++i) cycle();
  const auto after = look();
  for (std::size_t i = 0; i < pids.size(); ++i) {
    SCOPED_TRACE(i == 0 ? "qvm-regiond" : i == 1 ? "keeper" : "client");
    EXPECT_EQ(after[i].descriptors, before[i].descriptors);
    // A sanitizer keeps what was freed.
    if (!test::kSanitized) {
      EXPECT_LE(after[i].mappings, before[i].mappings + 2);
      EXPECT_LE(after[i].resident_kib, before[i].resident_kib + kSlackKib);
    }
  }
}

}  // namespace
}  // namespace qvm::regions
