// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Every decision about the life of VMs: starting sets in order, restarting, stopping in order, and who is
// told what. Pure: events in, effects out, nothing else. What is told from outside is taken in by
// machine.cpp; how a start goes is in machine_start.cpp, how an end goes in machine_end.cpp.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "qvm/lifecycle/decisions.h"
#include "qvm/lifecycle/effect.h"
#include "qvm/lifecycle/event.h"
#include "qvm/lifecycle/vm.h"

namespace qvm::lifecycle {

// What waiting VMs have to know that nobody tells by himself.
struct Questions {
  std::set<ConsoleText> consoles{};
  std::set<std::string> regions{};
};

class Machine {
 public:
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // The effects are to be carried out in order, and before the next step. An event about a run that is over
  // changes nothing.
  Effects step(const Event& event, Time now);

  // A VM lives or is being started.
  bool has_vms() const;
  bool is_starting(StartId start) const { return x_starts.contains(start); }
  // names: none: all. Those that there are not are left out.
  std::vector<VmStatus> statuses(const std::vector<std::string>& names = {}) const;
  // Observed is wanted now and then, if only for the time that passes.
  bool is_curious() const;
  Questions questions() const;
  // Whether a VM of an earlier qvmd can be taken over under this name: at first any, later one that is
  // foreign.
  bool may_adopt(const std::string& name) const;
  // By name, which no two have at once; of one that has ended, until the name is another's.
  const std::map<std::string, Vm>& vms() const { return x_vms; }

 private:
  // From the request until all its guests were let run, or nothing is left.
  struct Start {
    ClientId client = 0;
    std::vector<std::string> names{};  // nobody else's while it lasts
    bool made = false;                 // its processes are
    bool cancelled = false;
    std::string failure{};  // why everything is being taken back; empty: it is not
  };
  struct Stop {
    ClientId client = 0;  // 0: nobody waits for the answer any more
    std::vector<VmId> vms{};
    Ticks timeout{};
    std::string failure{};
    std::vector<VmStatus> forgotten{};  // VMs of these whose start was given up, which are not known any more
  };

  void on(const Adopted& found);
  void on(const StartAsked& asked);
  void on(const CancelAsked& asked);
  void on(const StopAsked& asked);
  void on(const WatchAsked& asked);
  void on(const ClientGone& gone);
  void on(const DomainChanged& changed);
  void on(const ProcessEnded& ended);
  void on(const Observed& observed);
  void on(const SetMade& made);
  void on(const MadeAgain& made);
  void on(const LetRunDone& done);
  void on(const Destroyed& destroyed);
  void on(const Killed& killed);
  void on(const Concluded& concluded);
  void on(const CleanedUp& cleaned);
  void on(const StandstillTold& told);
  void on(const DomainMissed& missed);
  void on(const TimerFired& fired);
  void on(const OwnerOverdue& overdue);
  void on(const LookAgainDue&);

  // VMs of an earlier qvmd.
  Vm& adopt_vm(const Description& description);
  void adopt_foreign(const Adopted::Foreign& foreign);
  void foreign_is_gone(Vm& vm);
  void adopt_living(Vm& vm, const Adopted::Vm& found);
  void adopt_dead(Vm& vm, const Progress& progress);
  void look_again_later();

  // Starting.
  std::string why_not(const std::vector<Description>& set) const;
  std::string why_not_name(const std::string& name) const;
  void await_conditions(Vm& vm, pid_t pid);
  void advance();
  void follow(Vm& vm, Conditions::Look look);
  Reached reached(const std::string& name) const;
  void let_run(Vm& vm);
  void after_work(Vm& vm);
  void retry(Vm& vm);
  void check_start(StartId id);
  std::vector<StartId> starts_of(ClientId client) const;
  void cancel(StartId id);
  void roll_back(StartId id, const std::string& why);
  void check_roll_back(StartId id);
  void forget_set(StartId id);

  // Ending.
  void begin_stop(Stop stop);
  void advance_stops();
  void settle_stops();
  void stop_vm(Vm& vm, Ticks timeout);
  void want_stop(Vm& vm, Ticks timeout);
  void begin_to_end(Vm& vm);
  void stop_domain(Vm& vm);
  void shorten_stop(Vm& vm, Stopping& stopping);
  void hurry(Vm& vm, Busy& busy);
  void kill(Vm& vm, Busy& busy);
  void give_up_on(Vm& vm, Outcome verdict);
  void destroy(Vm& vm);
  void cannot_be_stopped(Vm& vm, const std::string& why);
  void domain_gone(Vm& vm, host::DomainEvent::Stop how);
  void conclude(Vm& vm);
  void ended(Vm& vm, const Verdict& verdict, Ticks ran);
  void restart_later(Vm& vm, const Verdict& verdict, const RestartDecision& decision);
  void end_for_good(Vm& vm, const Verdict& verdict);
  void is_late(Vm& vm, bool& late, const std::string& text);
  bool last_of_set(const Vm& vm) const;

  // Both.
  void enter(Vm& vm, Phase phase);
  void begin_run(Vm& vm);
  void arm(const Vm& vm, Ticks delay);
  // told: of the end of the run before, or, in its reason, what is waited for.
  void set_state(Vm& vm, VmState state, const Verdict& told = {.outcome = Outcome::none, .reason = {}},
                 std::int64_t due = 0);
  void save(const Vm& vm, Progress::Phase phase,
            const Verdict& verdict = {.outcome = Outcome::none, .reason = {}}, Time due = {});
  void save_as_it_is(const Vm& vm);
  void tell(const Vm& vm);
  void answer(ClientId client, std::vector<VmStatus> vms);
  void refuse(ClientId client, std::string why);
  Vm* find(const std::string& name);
  Vm* find_vm(VmId id);
  // None if that run is over.
  Vm* find_run(RunId run);
  void erase(const std::string& name);
  static Domain domain_of(const Vm& vm) { return {vm.run.id, vm.description.name}; }
  void emit(Effect effect) { x_effects.push_back(std::move(effect)); }

  std::map<std::string, Vm> x_vms;
  std::map<StartId, Start> x_starts;
  std::vector<Stop> x_stops;
  std::map<ClientId, std::set<VmId>> x_watched;
  Observed x_observed;
  bool x_adopted = false;        // what there was at the start
  bool x_looking_again = false;  // at foreign VMs, or a timer for it runs
  std::uint64_t x_next = 1;      // of VMs and runs
  // During a step.
  Time x_now{};
  Effects x_effects;
  Decisions x_decisions{[this](const std::string& vm, const std::string& text) { emit(Note{vm, text}); }};
};

}  // namespace qvm::lifecycle
