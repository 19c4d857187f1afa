// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What qvmd knows of its VMs and does: state, starting in order, restarting, stopping in order, telling
// clients. How a start goes is in supervisor_start.cpp, how an end goes in supervisor_end.cpp, and how VMs
// are linked in supervisor_links.cpp.
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
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/base/unique_fd.h"
#include "qvm/daemon/console_search.h"
#include "qvm/daemon/decisions.h"
#include "qvm/daemon/launcher.h"
#include "qvm/daemon/links.h"
#include "qvm/daemon/protocol.h"
#include "qvm/daemon/verdict.h"
#include "qvm/daemon/waiting.h"
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
    // Told every decision; may be empty.
    Decisions::Log decided{};
  };

  Supervisor(EventLoop& loop, RuntimePaths paths, Launcher& launcher, RegionManager& regions, Hooks hooks);

  // VMs of an earlier qvmd: goes on with them where it was. Foreign ones are looked at again, until they can
  // be adopted or can never be.
  void adopt(Launcher::Found found);
  // One request of a client: answered by exactly one `done` or `failed`, except prepare and cancel.
  void handle(ClientId client, Request request);
  // Its connection is closed: what it is starting is rolled back, what it owns is stopped.
  void client_gone(ClientId client);

  void on_domain_event(const host::DomainEvent& event);
  void on_process_exit(pid_t pid, int wait_status);

  // Ends all VMs at once; nobody waits for it.
  void end_all();

  // Keeps the logs of all VMs from filling the disk; to be called now and then.
  void shorten_logs() const;

  // A VM lives or is being started.
  bool has_vms() const;
  // No VM lives and nothing is under way.
  bool idle() const;
  // Waits for calls that still run; false if some do after that time: then nothing may be destroyed.
  bool calls_end_within(std::chrono::milliseconds patience) { return x_workers.wait(patience); }

 private:
  using Clock = std::chrono::steady_clock;

  // How long the monitor of a VM's process may take. On a busy host it takes a second or two; one that is
  // stopped, or that somebody else speaks for, never answers.
  static constexpr std::chrono::seconds kMonitorAnswer{30};
  // The start of a set: from the request until all its guests run.
  struct StartJob {
    ClientId client = 0;
    std::vector<VmRecord> set{};
    std::vector<std::string> names{};
    std::atomic<bool> cancelled = false;
    std::string failure{};  // why everything is being taken back; empty: it is not
    std::optional<Result<std::vector<host::DomainInfo>>> result{};  // a worker's until `created`
    bool created = false;                                           // the worker is done
  };
  // One run of a VM: a name may be another VM's by the time that somebody answers, or the same VM's next run.
  struct Run {
    std::string vm{};
    std::uint64_t number = 0;
  };
  struct Vm {
    VmRecord record{};
    Run run{};
    VmStatus status{};
    ClientId owner = 0;
    std::shared_ptr<StartJob> job{};   // while its set starts
    bool busy = false;                 // a worker makes its domain or lets it run: its end has to wait
    std::optional<Waiting> waiting{};  // complete, but its guest may not run yet
    bool up = false;                   // its guest was let run, in this run
    bool ever_up = false;              // in this run or one before
    bool resumed = false;              // the hypervisor has said so
    bool powered_off = false;          // the guest has, in this run
    bool reset = false;                // the guest has reset itself, which ends this run
    UniqueFd process{};                // of an adopted VM, watched for its end
    Clock::time_point up_since{};
    bool stop_requested = false;
    bool stop_begun = false;  // its turn to stop has come
    std::uint32_t stop_timeout_ms = 0;
    std::optional<host::DomainEvent::Stop> gone{};  // the domain's end, once it was told
    bool ending = false;                            // what it leaves is being looked at or taken away
    bool leaving = false;                           // for good
    std::string why_not_started{};                  // a start of it alone has failed
    Outcome verdict = Outcome::none;                // known before the domain is gone
    unsigned in_a_row = 0;                          // restarts without a stable run between them
    std::optional<EventLoop::TimerId> retry{};
    bool hurried = false;                         // it is to end: what it is busy with may not take long
    bool plugged = false;                         // its links are made, in this run
    bool plugging = false;                        // a worker plugs ends of links in
    std::map<std::string, PluggedEnd> to_plug{};  // when the worker is done; by vdev
    std::function<void()> after_plugging{};       // its end waits for the worker
    std::string why_foreign{};
    bool foreign_for_now = false;  // it is looked at again
  };
  struct StopWait {
    ClientId client = 0;  // 0: nobody waits for the answer any more
    std::vector<std::string> names{};
    std::uint32_t timeout_ms = 0;
    std::string failure{};
  };

  // Starting.
  void start(ClientId client, const Request& request);
  Result<std::vector<VmRecord>> records_for(const Request& request);
  Result<void> check_name(const std::string& name) const;
  void created(const std::shared_ptr<StartJob>& job);
  void await_conditions(Vm& vm, pid_t pid);
  void advance();
  void follow(const std::string& name, Waiting::Result look);
  Facts facts();
  void poll_later();
  void poll();
  void let_run(Vm& vm);
  void let_run_done(Vm& vm, const Result<void>& result);
  void hurry(Vm& vm);
  void end_if_still_busy(const Run& run, std::chrono::milliseconds patience);
  void after_busy(Vm& vm);
  void check_job(std::shared_ptr<StartJob> job);
  void check_roll_back(std::shared_ptr<StartJob> job);
  void roll_back(const std::shared_ptr<StartJob>& job, const std::string& why);
  void forget_set(StartJob& job);
  void retry(const std::string& name);

  // Links to other VMs.
  Result<std::vector<PluggedEnd>> make_links(Vm& vm);
  void relink();
  void plug_in_later(Vm& vm, PluggedEnd end);
  void plug_in_next(Vm& vm);
  void plugging_done(Vm& vm, const Result<void>& result);

  // Ending.
  void stop(ClientId client, const Request& request);
  void begin_stop(StopWait wait);
  void advance_stops();
  void cancel(const std::shared_ptr<StartJob>& job);
  void cancel_of(ClientId client);
  void begin_to_end(Vm& vm);
  void stop_vm(Vm& vm, std::uint32_t timeout_ms);
  void destroy_vm(const Vm& vm);
  void destroy_failed(Vm& vm, const std::string& why);
  void domain_gone(Vm& vm, host::DomainEvent::Stop how);
  void find_out_why_paused(const Run& run);
  void give_up_on(Vm& vm, Outcome verdict);
  void begin_end(Vm& vm);
  void judge_end(Vm& vm, const host::LastWords& words, std::chrono::milliseconds ran);
  std::optional<int> take_exit(pid_t pid);
  void attempt_failed(Vm& vm, const std::string& why);
  void ended(Vm& vm, const Verdict& verdict, std::chrono::milliseconds ran);
  void restart_later(Vm& vm, const Verdict& verdict, const RestartDecision& decision);
  void wait_for_retry(Vm& vm, std::chrono::milliseconds delay);
  void end_for_good(Vm& vm, const Verdict& verdict);
  void conclude(Vm& vm, const Verdict& verdict);
  void settle_stops();

  // Both.
  void watch(ClientId client, const Request& request);
  // Answers with the text that ask returns; it runs on a worker.
  void ask_regions(ClientId client, std::function<Result<std::string>(RegionManager&)> ask);
  void adopt_foreign(const Launcher::Foreign& foreign);
  void look_again_later();
  void adopt_dead(Vm& vm, const VmProgress& progress);
  void adopt_living(Vm& vm, const VmProgress& progress);
  void watch_process(Vm& vm);
  void process_ended(const std::string& name, pid_t pid);
  // told: of the end of the run before, or, in its reason, what is waited for. due: seconds since 1970.
  void set_state(Vm& vm, VmState state, const Verdict& told = {.outcome = Outcome::none, .reason = {}},
                 std::int64_t due = 0);
  void save(const Vm& vm, VmProgress::Phase phase, std::int64_t due_ms = 0);
  void tell(const Vm& vm);
  bool last_of_set(const Vm& vm) const;
  Vm* find(const std::string& name);
  // None if that run is over.
  Vm* find(const Run& run);
  void begin_run(Vm& vm);
  std::vector<VmStatus> statuses(const std::vector<std::string>& names) const;
  void send(ClientId client, const Reply& reply) const;
  void send_failed(ClientId client, std::string why) const;

  EventLoop& x_loop;
  RuntimePaths x_paths;
  Launcher& x_launcher;
  RegionManager& x_regions;
  Hooks x_hooks;
  Decisions x_decisions;
  std::map<std::string, Vm> x_vms;
  std::map<ClientId, std::set<std::string>> x_watched;
  std::vector<std::shared_ptr<StartJob>> x_starts;
  std::vector<StopWait> x_stops;
  std::deque<std::pair<pid_t, int>> x_exits;  // of processes whose VM has not been concluded, oldest first
  std::uint64_t x_next_set = 1;
  std::uint64_t x_next_run = 1;
  // What waiting VMs have to ask about, and the answers.
  bool x_polling = false;
  bool x_looking_again = false;               // at foreign VMs, or a timer for it runs
  std::map<std::string, unsigned> x_clients;  // by region, those that exist
  std::map<std::pair<std::string, std::string>, ConsoleSearch> x_searches;  // by VM and text
  Workers x_workers;                                                        // last: its threads use the rest
};

}  // namespace qvm::daemon
