// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What qvmd knows of its VMs and does on request: state, starting, stopping, telling clients.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/daemon/launcher.h"
#include "qvm/daemon/protocol.h"
#include "qvm/daemon/workers.h"

namespace qvm::daemon {

// Everything on the event loop's thread; what blocks is done by the launcher on workers.
class Supervisor {
 public:
  using ClientId = std::uint64_t;  // never 0
  struct Hooks {
    std::function<void(ClientId, const Reply&)> send;
    // Something came to an end: idle() may have become true.
    std::function<void()> settled;
    // Said to a client that starts VMs before libvirt is asked; empty: nothing to say.
    std::function<std::string()> note_before_start;
    // A VM's state has changed; may be empty.
    std::function<void(const VmStatus&)> changed{};
  };

  Supervisor(EventLoop& loop, RuntimePaths paths, Launcher& launcher, RegionManager& regions, Hooks hooks);

  // VMs that an earlier qvmd has left running.
  void adopt(std::vector<Launcher::Adopted> vms);
  // One request of a client: answered by exactly one `done` or `failed`, except prepare and cancel.
  void handle(ClientId client, Request request);
  // Its connection is closed: what it is starting is rolled back, what it owns is stopped.
  void client_gone(ClientId client);

  void on_domain_event(const host::DomainEvent& event);
  void on_process_exit(pid_t pid, int wait_status);

  // A VM lives or is being started.
  bool has_vms() const;
  // No VM lives and nothing is under way.
  bool idle() const;

 private:
  struct Vm {
    VmRecord record{};
    VmStatus status{};
    ClientId owner = 0;
    bool in_start = false;  // its start job has not come back
    bool resumed = false;   // its guest has run
    bool stop_requested = false;
    std::optional<host::DomainEvent::Stop> gone{};  // the domain's end, once it was told
    bool cleaning = false;
    Outcome verdict = Outcome::none;  // known before the domain is gone
  };
  struct StartJob {
    ClientId client = 0;
    std::vector<VmRecord> set{};
    std::atomic<bool> cancelled = false;
    std::optional<Result<std::vector<host::DomainInfo>>> result{};
  };
  struct StopWait {
    ClientId client = 0;
    std::vector<std::string> names{};
    std::string failure{};
  };

  void start(ClientId client, const Request& request);
  void start_ended(StartJob& job);
  void stop(ClientId client, const Request& request);
  void stop_vm(Vm& vm, std::uint32_t timeout_ms);
  void destroy_vm(const std::string& name);
  void watch(ClientId client, const Request& request);
  // Answers with the text that ask returns; it runs on a worker.
  void ask_regions(ClientId client, std::function<Result<std::string>(RegionManager&)> ask);
  void domain_gone(Vm& vm, host::DomainEvent::Stop how);
  void find_out_why_paused(const std::string& name);
  void give_up_on(Vm& vm, Outcome verdict);
  void clean_up(Vm& vm);
  void conclude(Vm& vm, const host::LastWords& words);
  void set_state(Vm& vm, VmState state);
  void tell(const Vm& vm);
  void settle_stops();
  Result<std::vector<VmRecord>> records_for(const Request& request);
  Vm* find(const std::string& name);
  std::vector<VmStatus> statuses(const std::vector<std::string>& names) const;
  void send_failed(ClientId client, std::string why) const;

  EventLoop& x_loop;
  RuntimePaths x_paths;
  Launcher& x_launcher;
  RegionManager& x_regions;
  Hooks x_hooks;
  std::map<std::string, Vm> x_vms;
  std::map<ClientId, std::set<std::string>> x_watched;
  std::vector<std::shared_ptr<StartJob>> x_starts;
  std::vector<StopWait> x_stops;
  std::map<pid_t, int> x_exits;  // of processes whose VM has not been concluded
  std::uint64_t x_next_set = 1;
  Workers x_workers;  // last: its threads use the rest
};

}  // namespace qvm::daemon
