// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Carries out what the life cycle decides (qvm/lifecycle) and tells it what comes of that: the way between
// one pure machine and libvirt, region manager, files, timers and clients.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/base/unique_fd.h"
#include "qvm/daemon/control/protocol.h"
#include "qvm/daemon/files/console_search.h"
#include "qvm/daemon/launcher.h"
#include "qvm/daemon/plugger.h"
#include "qvm/daemon/workers.h"
#include "qvm/lifecycle/machine.h"

namespace qvm::daemon {

// Everything on the event loop's thread; what blocks is done by the launcher on workers.
class Supervisor {
 public:
  using ClientId = lifecycle::ClientId;
  struct Hooks {
    std::function<void(ClientId, const Reply&)> send;
    // Something came to an end: idle() may have become true.
    std::function<void()> settled;
    // Said to a client that starts VMs before libvirt is asked; empty: nothing to say.
    std::function<std::string()> note_before_start;
    // A VM's state has changed; may be empty.
    std::function<void(const VmStatus&)> changed{};
    // Told every decision; may be empty.
    lifecycle::Decisions::Log decided{};
  };

  Supervisor(EventLoop& loop, RuntimePaths paths, Launcher& launcher, RegionManager& regions, Hooks hooks);

  // Finds the VMs of an earlier qvmd and goes on with them where it was. Foreign ones are looked at again,
  // until they can be adopted or can never be. Before anything else, once.
  // Requests that come meanwhile wait, questions no longer than kAdoptPatience: then they are answered by
  // what is known without libvirt and region manager, which VMs there are. adopted: called once, on the
  // loop's thread, when everything was found. Fails if it cannot be told which VMs there are; then adopted is
  // never called.
  Result<void> adopt(std::function<void()> adopted);
  static constexpr std::chrono::seconds kAdoptPatience{1};
  // Libvirt or the region manager have not answered within that time, and still do not.
  bool adoption_is_late() const { return x_adoption && x_adoption->late; }
  // One request of a client: answered by exactly one `done` or `failed`, except prepare and cancel.
  void handle(ClientId client, Request request);
  // Its connection is closed: what it is starting is rolled back, what it owns is stopped.
  void client_gone(ClientId client);

  void on_domain_event(const host::DomainEvent& event);
  void note_exit(pid_t pid, int wait_status);

  // Ends all VMs at once; nobody waits for it.
  void end_all() {
    if (has_vms()) happen(lifecycle::StopAsked{});
  }

  // Keeps the logs of all VMs from filling the disk; to be called now and then.
  void shorten_logs() const;

  // A VM lives or is being started.
  bool has_vms() const { return x_machine.has_vms(); }
  // No VM lives and nothing is under way.
  bool idle() const { return !x_workers.busy() && !has_vms(); }
  // Waits for calls that still run; false if some do after that time: then nothing may be destroyed.
  bool calls_end_within(std::chrono::milliseconds patience) { return x_workers.wait(patience); }

 private:
  using Record = std::shared_ptr<const VmRecord>;
  // A set while its processes are made.
  struct Making {
    std::vector<VmRecord> set{};
    std::vector<std::string> uuids{};
    std::atomic<bool> cancelled = false;
  };

  // While it is found out what there is of an earlier qvmd's VMs.
  struct Adoption {
    lifecycle::Machine unasked{};  // what is known of them before anybody was asked
    std::vector<VmStatus> ended{};
    bool late = false;
    std::vector<std::pair<ClientId, Request>> requests{};
    std::vector<host::DomainEvent> events{};
  };

  void happen(lifecycle::Event event);
  void adoption_is_due();
  void wait_for_adoption(ClientId client, Request request);
  void finish_adoption(const Launcher::Found& found);
  void take_over(const Launcher::Found& found, std::vector<VmStatus> ended);

  // Requests that the machine does not decide.
  void start(ClientId client, const Request& request);
  Result<std::vector<VmRecord>> records_for(const Request& request);
  void send_failed(ClientId client, std::string why) const;

  void carry_out(const lifecycle::MakeSet& effect);
  void carry_out(const lifecycle::CancelMaking& effect);
  void carry_out(const lifecycle::MakeAgain& effect);
  void carry_out(const lifecycle::LetRun& effect);
  void carry_out(const lifecycle::LinkAgain& effect);
  void carry_out(const lifecycle::AskPowerOff& effect);
  void carry_out(const lifecycle::Destroy& effect);
  void carry_out(const lifecycle::Kill& effect);
  void carry_out(const lifecycle::Conclude& effect);
  void carry_out(const lifecycle::CleanUp& effect);
  void carry_out(const lifecycle::AskStandstill& effect);
  void carry_out(const lifecycle::AskForDomain& effect);
  void carry_out(const lifecycle::WatchProcess& effect);
  void carry_out(const lifecycle::Arm& effect);
  void carry_out(const lifecycle::ArmOwner& effect);
  void carry_out(const lifecycle::ArmLookAgain& effect);
  void carry_out(const lifecycle::LookAgain& effect);
  void carry_out(const lifecycle::Save& effect);
  void carry_out(const lifecycle::MarkStarted& effect);
  void carry_out(const lifecycle::Remember& effect);
  void carry_out(const lifecycle::Forget& effect);
  void carry_out(const lifecycle::Answer& effect);
  void carry_out(const lifecycle::Tell& effect);
  void carry_out(const lifecycle::Changed& effect);
  void carry_out(const lifecycle::Note& effect);

  // What waiting VMs have to ask about.
  void observe_later();
  void observe();
  void observed(std::map<std::string, unsigned> clients);
  std::string new_domain(lifecycle::RunId run);
  void unwatch_process(lifecycle::RunId run);
  std::optional<int> take_exit(pid_t pid);
  Record record(const lifecycle::Domain& domain) const { return x_records.at(domain.name); }

  EventLoop& x_loop;
  RuntimePaths x_paths;
  Launcher& x_launcher;
  RegionManager& x_regions;
  Hooks x_hooks;
  lifecycle::Decisions x_decisions;
  std::unique_ptr<Adoption> x_adoption;
  lifecycle::Machine x_machine;
  std::deque<lifecycle::Event> x_events;  // that happened while effects are carried out
  bool x_happening = false;
  std::map<std::string, Record> x_records;  // of VMs that live
  std::map<lifecycle::StartId, std::shared_ptr<Making>> x_makings;
  std::map<std::string, lifecycle::RunId> x_domains;  // by UUID
  std::map<lifecycle::RunId, UniqueFd> x_processes;   // watched for their ends
  std::deque<std::pair<pid_t, int>> x_exits;  // of processes whose VM has not been concluded, oldest first
  // What ids of its sets begin with. In a container every qvmd may have the same pid.
  std::string x_own_sets;
  std::uint64_t x_next_set = 1;
  bool x_observing = false;
  std::map<lifecycle::ConsoleText, ConsoleSearch> x_searches;
  Workers x_workers;  // its threads use the rest
  Plugger x_plugger;
};

}  // namespace qvm::daemon
