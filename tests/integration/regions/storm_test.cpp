// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Random `kill -9` of the region manager, its keeper and its clients, alone and in bursts, in whatever they
// are doing; after each, what must hold is looked at.
//
// QVM_STORM_SECONDS: how long (8). QVM_STORM_SEED: the order of kills of an earlier storm.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <utility>

#include "qvm/base/mapping.h"
#include "tests/integration/regions/storm_worker.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr unsigned kWorkers = 10;
constexpr unsigned kVms = 3;
constexpr std::chrono::seconds kPatience{60};  // sanitizers are slow, and a busy disk stands still for 20 s

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// One that is never killed: whatever happens, it exchanges data and signals with the other residents.
struct Resident {
  std::unique_ptr<Client> client;
  Connection* connection = nullptr;
  Mapping data;
  unsigned region = 0;

  StormSeats& seats() const { return *static_cast<StormSeats*>(data.data()); }
};

class RegionsStorm : public RegionsFixture {
 protected:
  enum class Kill {
    daemon,
    keeper,
    daemons_in_a_row,
    worker,
    workers,
    daemon_and_workers,
    both,
    both_at_once
  };
  static constexpr std::array kNames{"daemon", "keeper",      "daemons in a row",
                                     "worker", "workers",     "daemon and workers",
                                     "both",   "both at once"};

  void SetUp() override {
    RegionsFixture::SetUp();
    void* memory =
        ::mmap(nullptr, sizeof(StormTable), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    table = static_cast<StormTable*>(memory);
    ASSERT_EQ(::pipe(stop), 0);
    // What is sent to the keeper may wait a moment in its socket.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    descriptors_at_start = descriptors();
    register_vms();
  }
  void TearDown() override {
    for (auto& [pid, worker] : workers) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    residents.clear();
    for (unsigned i = 0; i < kVms; ++i) [[maybe_unused]] const auto removed = admin().remove_vm(vm_name(i));
    RegionsFixture::TearDown();
    ::munmap(table, sizeof(StormTable));
  }

  static std::string vm_name(unsigned number) { return "vm" + std::to_string(number); }
  void register_vms() {
    for (unsigned i = 0; i < kVms; ++i) {
      const auto added = admin().add_vm(plain_vm(vm_name(i)));
      ASSERT_TRUE(added) << added.error().message();
    }
  }
  // What the daemon and the keeper hold, by kind: "memfd:qvm-client-page", "socket", …
  std::map<std::string, int> descriptors() const {
    std::map<std::string, int> held;
    for (const auto& pids : {daemon_pids(), keeper_pids()}) {
      for (const pid_t pid : pids) {
        std::error_code gone;
        for (const auto& file :
             std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
          const std::string what = std::filesystem::read_symlink(file.path(), gone).string();
          ++held[what.substr(0, what.find(":["))];
        }
      }
    }
    return held;
  }

  // Before all workers, so that these find the regions.
  void settle_residents() {
    residents.clear();
    for (unsigned i = 0; i < 2 * kStormRegions; ++i) {
      Resident resident;
      resident.region = i / 2;
      resident.client = host_client("resident");
      ASSERT_NE(resident.client, nullptr);
      // After the loss of everything a worker may be quicker.
      resident.connection = attach(*resident.client, storm_region(resident.region));
      ASSERT_NE(resident.connection, nullptr);
      auto data = Mapping::map(resident.connection->data_fd(), kPageBytes, Mapping::Access::read_write);
      ASSERT_TRUE(data);
      resident.data = std::move(*data);
      take_seat(*table, resident.seats(), resident.connection->index(), spawn_number());
      residents.push_back(std::move(resident));
    }
  }

  std::uint32_t spawn_number() {
    table->state[next_worker] = StormTable::alive;
    return next_worker++;
  }
  void start_worker(unsigned slot) {
    StormWorker worker;
    worker.table = table;
    worker.number = spawn_number();
    worker.runtime_directory = directory();
    if (slot % 3 == 2) worker.vm = vm_name(slot / 3 % kVms);
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      ::close(stop[1]);
      run_storm_worker(worker, stop[0]);
    }
    workers[pid] = {slot, worker.number};
  }

  void kill_worker() {
    const auto victim = std::next(workers.begin(), static_cast<std::ptrdiff_t>(random() % workers.size()));
    const auto [slot, number] = victim->second;
    table->state[number] = StormTable::doomed;
    ::kill(victim->first, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(victim->first, &status, 0), victim->first);
    ASSERT_TRUE(WIFSIGNALED(status)) << "worker " << number << " ended by itself with " << status;
    workers.erase(victim);
    dead.push_back(number);
    start_worker(slot);
  }
  // They are dead afterwards.
  static void kill_all(const std::vector<pid_t>& pids) {
    for (const pid_t pid : pids) kill_if_there(pid);
  }

  void strike(Kill kill) {
    ++kills[kill];
    // Between the lines of the daemons.
    std::ofstream(directory() + "/log/regiond.log", std::ios::app)
        << "storm: " << kNames[static_cast<std::size_t>(kill)] << std::endl;
    const bool one_worker = kill == Kill::worker || kill == Kill::workers;
    daemon_hit = daemon_hit || !(one_worker || kill == Kill::keeper);
    keeper_hit = keeper_hit || kill == Kill::keeper || kill == Kill::both || kill == Kill::both_at_once;
    switch (kill) {
      case Kill::daemon:
        return kill_all(daemon_pids());
      case Kill::keeper:
        return kill_all(keeper_pids());
      case Kill::daemons_in_a_row:
        for (int i = 0; i < 4; ++i) {
          kill_all(daemon_pids());
          std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
        }
        return;
      case Kill::worker:
        return kill_worker();
      case Kill::daemon_and_workers:
        kill_all(daemon_pids());
        [[fallthrough]];
      case Kill::workers:
        for (unsigned i = 0; i < kWorkers / 2; ++i) kill_worker();
        return;
      case Kill::both:
        // The keeper cannot start another one meanwhile.
        for (const pid_t pid : keeper_pids()) ::kill(pid, SIGSTOP);
        kill_all(daemon_pids());
        return kill_all(keeper_pids());
      case Kill::both_at_once:
        // Either may notice and replace the other in time, or not.
        kill_all(random() % 2 == 0 ? keeper_pids() : daemon_pids());
        kill_all(random() % 2 == 0 ? keeper_pids() : daemon_pids());
        return kill_all(random() % 2 == 0 ? keeper_pids() : daemon_pids());
    }
  }

  // Whatever the daemons are doing.
  void expect_residents_talk() {
    ++said;
    for (Resident& from : residents) {
      for (Resident& to : residents) {
        if (&from == &to || from.region != to.region) continue;
        const unsigned me = from.connection->index();
        const unsigned you = to.connection->index();
        from.seats().word[me] = said;
        from.connection->notify(1U << you);
        std::uint32_t senders = 0;
        const auto heard = [&] { return ((senders |= to.connection->read_status()) & 1U << me) != 0; };
        ASSERT_TRUE(process_until(*to.client, heard, kPatience))
            << me << " to " << you << " in " << from.region;
        ASSERT_EQ(to.seats().word[me], said);
      }
    }
  }

  // A daemon serves, after whatever happened; empty if none can be had.
  Json describe() {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      if (const auto text = admin().describe_json()) return Json::parse(*text);
      // Without a keeper nobody starts it, so the next request does.
    }
    return {};
  }
  static bool lists(const Json& described, const Resident& resident) {
    for (const Json& region : described["regions"]) {
      if (region["name"] != storm_region(resident.region)) continue;
      for (const Json& client : region["clients"]) {
        if (client["index"] == resident.connection->index()) return client["who"] == "resident";
      }
    }
    return false;
  }
  void expect_adopted_or_lost() {
    // Together: before either had replaced the other.
    const bool may_be_lost = std::exchange(daemon_hit, false) & std::exchange(keeper_hit, false);
    const Json described = describe();
    ASSERT_FALSE(described.is_null()) << "no daemon serves";
    const auto known = std::count_if(residents.begin(), residents.end(),
                                     [&](const Resident& one) { return lists(described, one); });
    // After several deaths in a row, it is a while before there is another keeper.
    const auto deadline = Clock::now() + kPatience;
    while (keeper_pids().size() != 1 && Clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(keeper_pids().size(), 1U);
    ASSERT_FALSE(describe().is_null()) << "by the answer the keeper has everything";
    if (static_cast<std::size_t>(known) == residents.size()) return;
    ASSERT_TRUE(may_be_lost) << known << " of " << residents.size() << " are known: " << described;
    ASSERT_EQ(known, 0) << "all or nothing: " << described;
    ++losses;
    // What is lost is said, and those who have it go on.
    EXPECT_TRUE(logs("is lost: its keeper died together with qvm-regiond"));
    for (Resident& one : residents) one.client->process();
    expect_residents_talk();
    register_vms();
    settle_residents();
  }

  // Nobody who is dead has a seat and an index any more.
  void expect_dead_are_gone() {
    for (Resident& resident : residents) {
      const auto none_left = [&] {
        const std::uint32_t attached = resident.connection->read_status() >> 16;
        for (unsigned i = 0; i < kMaxClients; ++i) {
          const bool is_dead =
              std::find(dead.begin(), dead.end(), resident.seats().worker[i].load()) != dead.end();
          if ((attached & 1U << i) != 0 && is_dead) return false;
        }
        return true;
      };
      // The index may belong to one who has not taken its seat yet.
      ASSERT_TRUE(process_until(*resident.client, none_left, kPatience)) << "in region " << resident.region;
    }
    dead.clear();
  }
  void expect_no_conflict() const {
    ASSERT_EQ(table->conflicts, 0U) << "index " << table->conflict_index << ": " << table->conflict_old
                                    << " and " << table->conflict_new;
  }

  void end_workers() {
    ::close(stop[1]);
    for (auto& [pid, worker] : workers) {
      int status = 0;
      EXPECT_EQ(::waitpid(pid, &status, 0), pid);
      EXPECT_EQ(status, 0) << "worker " << worker.second;
    }
    workers.clear();
    ::close(stop[0]);
  }

  StormTable* table = nullptr;
  int stop[2] = {-1, -1};
  std::uint32_t next_worker = 1;
  std::minstd_rand random;
  std::map<pid_t, std::pair<unsigned, std::uint32_t>> workers;  // slot, number
  std::vector<std::uint32_t> dead;                              // numbers; since the last look
  std::vector<Resident> residents;
  std::map<Kill, unsigned> kills;
  bool daemon_hit = false;  // since the last look
  bool keeper_hit = false;
  std::uint32_t said = 0;
  unsigned losses = 0;
  std::map<std::string, int> descriptors_at_start;
};

TEST_F(RegionsStorm, WhatMustHoldHolds) {
  const unsigned seconds = number_from("QVM_STORM_SECONDS", 8);
  const unsigned seed = number_from("QVM_STORM_SEED", std::random_device{}());
  std::cout << "QVM_STORM_SEED=" << seed << std::endl;  // before any fork, which would copy it
  random.seed(seed);
  settle_residents();
  for (unsigned i = 0; i < kWorkers; ++i) start_worker(i);

  const auto end = Clock::now() + std::chrono::seconds(seconds);
  while (Clock::now() < end && !HasFatalFailure()) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 50'000));
    const auto kill = static_cast<Kill>(random() % kNames.size());
    SCOPED_TRACE(kNames[static_cast<std::size_t>(kill)]);
    strike(kill);
    if (HasFatalFailure()) break;
    expect_residents_talk();
    if (HasFatalFailure()) break;
    // Now and then the next blow comes before the recovery from this one is over.
    if (random() % 3 == 0 && kill != Kill::both && kill != Kill::both_at_once) continue;
    expect_adopted_or_lost();
    if (HasFatalFailure()) break;
    expect_residents_talk();
    if (HasFatalFailure()) break;
    expect_dead_are_gone();
    expect_no_conflict();
  }
  for (const auto& [kill, count] : kills) {
    std::cout << kNames[static_cast<std::size_t>(kill)] << ": " << count << " times\n";
  }
  std::cout << table->attaches << " attaches, " << table->refusals << " refusals, " << next_worker - 1
            << " processes, everything lost " << losses << " times\n";
  if (HasFatalFailure()) return;

  end_workers();
  expect_adopted_or_lost();
  residents.clear();
  // One whose socket was lost says so in its next hello, which nobody waits for.
  const auto deadline = Clock::now() + kPatience;
  Json described = describe();
  while (described["regions"] != Json::array() && Clock::now() < deadline) described = describe();
  EXPECT_EQ(described["regions"], Json::array()) << described;
  for (unsigned i = 0; i < kVms; ++i) EXPECT_TRUE(admin().remove_vm(vm_name(i)));
  while (descriptors() != descriptors_at_start && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(descriptors(), descriptors_at_start);
}

}  // namespace
}  // namespace qvm::regions
