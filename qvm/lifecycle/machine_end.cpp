// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How VMs end, wanted and unwanted, and what follows from it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/manifest/supervision.h"
#include "qvm/lifecycle/machine.h"
#include "qvm/lifecycle/restart.h"
#include "qvm/lifecycle/stop_order.h"

namespace qvm::lifecycle {
namespace {

using namespace std::chrono_literals;

// How long a VM that is to end may be busy with its start before its process is ended.
constexpr Ticks kBusyGrace = 3s;
// How long it may take to take away what a run has left, before nobody is made to wait for it any more.
constexpr Ticks kTakingAway = 60s;
// Of a process that does not end, before nobody is made to wait for it any more.
constexpr unsigned kMostKills = 3;

std::string cannot_be_taken_away() {
  return fmt::format(
      "what it has left could not be taken away within {} s: libvirt or the region manager does not answer",
      kTakingAway.count() / 1000);
}

// Nobody waits for what is under way with it any more.
bool is_given_up(const Vm& vm) {
  return std::visit(
      [](const auto& phase) {
        if constexpr (requires { phase.late; }) {
          return phase.late;
        } else {
          return false;
        }
      },
      vm.phase);
}

}  // namespace

void Machine::begin_stop(Stop stop) {
  std::vector<std::string> names;
  for (const VmId id : stop.vms) names.push_back(find_vm(id)->description.name);
  x_decisions.stop_asked(names, stop.timeout);
  // At once for all: what ends before its turn must not come back.
  for (const VmId id : stop.vms) {
    Vm& vm = *find_vm(id);
    if (!vm.over() && vm.start == 0) want_stop(vm, stop.timeout);
  }
  x_stops.push_back(std::move(stop));
  advance_stops();
  settle_stops();
}

// Stops those whose turn it is: who depends on others goes before them.
void Machine::advance_stops() {
  config::Dependencies dependencies;
  for (const auto& [name, vm] : x_vms) dependencies[name] = config::named_vms(vm.description.depends_on);
  std::vector<std::pair<VmId, Ticks>> turns;
  for (const Stop& stop : x_stops) {
    std::set<std::string> alive;
    for (const VmId id : stop.vms) {
      const Vm* vm = find_vm(id);
      if (vm != nullptr && !vm->over()) alive.insert(vm->description.name);
    }
    for (const std::string& name : may_stop_now(alive, dependencies))
      turns.emplace_back(x_vms.at(name).id, stop.timeout);
  }
  for (const auto& [id, timeout] : turns) {
    if (Vm* vm = find_vm(id)) stop_vm(*vm, timeout);
  }
}

void Machine::settle_stops() {
  std::vector<Stop> done;
  std::erase_if(x_stops, [&](Stop& stop) {
    bool all_over = true;
    for (const VmId id : stop.vms) {
      Vm* vm = find_vm(id);
      if (vm == nullptr || vm->over()) continue;
      all_over = false;
      if (is_given_up(*vm))
        stop.failure = fmt::format("VM '{}': {}", vm->description.name, vm->status.reason);
    }
    if (!all_over && stop.failure.empty()) return false;
    done.push_back(std::move(stop));
    return true;
  });
  for (const Stop& stop : done) {
    if (!stop.failure.empty()) {
      refuse(stop.client, stop.failure);
      continue;
    }
    // A VM that has a name of theirs by now is another one.
    std::vector<VmStatus> stopped = stop.forgotten;
    for (const auto& [name, vm] : x_vms) {
      if (std::find(stop.vms.begin(), stop.vms.end(), vm.id) != stop.vms.end()) stopped.push_back(vm.status);
    }
    answer(stop.client, std::move(stopped));
  }
}

void Machine::stop_vm(Vm& vm, Ticks timeout) {
  if (vm.over()) return;
  if (vm.start != 0) return cancel(vm.start);
  want_stop(vm, timeout);
  vm.stop->turn = true;
  begin_to_end(vm);
}

// From now on it is not started again, by a successor neither.
void Machine::want_stop(Vm& vm, Ticks timeout) {
  if (vm.stop && vm.stop->timeout <= timeout) return;
  vm.stop = {.timeout = timeout, .turn = vm.stop && vm.stop->turn};
  if (const Foreign* foreign = vm.foreign()) {
    if (!foreign->progress) return;
    Progress progress = *foreign->progress;
    progress.phase = Progress::Phase::stopping;
    progress.stop_wanted = true;
    progress.stop_timeout = timeout;
    emit(Save{vm.description.name, std::move(progress)});
  } else if (!vm.is<Leaving>()) {
    save(vm, vm.is<Making>() ? Progress::Phase::creating : Progress::Phase::stopping);
  }
}

// Its end is wanted and its turn has come.
void Machine::begin_to_end(Vm& vm) {
  if (Busy* busy = vm.busy()) return hurry(vm, *busy);
  if (Stopping* stopping = vm.in<Stopping>()) return shorten_stop(vm, *stopping);
  if (vm.is<Restarting>()) {
    set_state(vm, VmState::stopping);
    return end_for_good(vm, {.outcome = Outcome::stopped, .reason = {}});
  }
  // What ends already ends anyway.
  if (!vm.is<Waiting>() && !vm.is<Running>() && !vm.is<Foreign>()) return;
  if (vm.run.gone) return conclude(vm);
  stop_domain(vm);
}

void Machine::stop_domain(Vm& vm) {
  // A guest that has not run yet cannot power off.
  const Ticks timeout = vm.up() ? vm.stop->timeout : Ticks(0);
  x_decisions.stop(vm.description.name, timeout);
  Stopping stopping;
  if (timeout.count() != 0) stopping.deadline = x_now.ticks + timeout;
  if (Foreign* foreign = vm.in<Foreign>()) stopping.was = std::move(*foreign);
  enter(vm, std::move(stopping));
  set_state(vm, VmState::stopping);
  if (timeout.count() == 0) return emit(Destroy{domain_of(vm)});
  // If the guest does not listen, the timer ends it.
  emit(AskPowerOff{domain_of(vm), timeout});
  arm(vm, timeout);
}

// Somebody else has less time.
void Machine::shorten_stop(Vm& vm, Stopping& stopping) {
  const Ticks deadline = x_now.ticks + vm.stop->timeout;
  if (!stopping.deadline || *stopping.deadline <= deadline) return;
  x_decisions.stop(vm.description.name, vm.stop->timeout);
  if (vm.stop->timeout.count() == 0) return destroy(vm);
  stopping.deadline = deadline;
  ++vm.stage;
  arm(vm, vm.stop->timeout);
}

// What holds a VM's start may be its process, which does not answer: with the process the start ends, and has
// failed.
void Machine::hurry(Vm& vm, Busy& busy) {
  if (std::exchange(busy.hurried, true)) return;
  ++vm.stage;
  arm(vm, kBusyGrace);
}

void Machine::on(const TimerFired& fired) {
  Vm* vm = find_run(fired.run);
  if (vm == nullptr || vm->stage != fired.stage) return;
  if (Busy* busy = vm->busy()) {
    kill(*vm, *busy);
  } else if (vm->is<Stopping>()) {
    x_decisions.stop(vm->description.name, {});
    destroy(*vm);
  } else if (Ending* ending = vm->in<Ending>()) {
    is_late(*vm, ending->late, cannot_be_taken_away());
  } else if (Leaving* leaving = vm->in<Leaving>()) {
    is_late(*vm, leaving->late, cannot_be_taken_away());
  } else if (vm->is<Restarting>()) {
    retry(*vm);
  }
}

// What the kernel does not let go, or libvirt waits for, is not waited for by anybody else. It is tried again
// all the same.
void Machine::kill(Vm& vm, Busy& busy) {
  if (busy.kills < kMostKills) {
    ++busy.kills;
    x_decisions.failure(vm.description.name, "its start does not come to an end; its process is ended");
  } else if (!busy.late) {
    is_late(
        vm, busy.late,
        fmt::format("its start does not come to an end, although its process was killed {} times: libvirt or "
                    "the kernel holds it",
                    busy.kills));
  }
  emit(Kill{domain_of(vm)});
}

// It may not have had a process yet.
void Machine::on(const Killed& killed) {
  const Vm* vm = find_run(killed.run);
  if (vm != nullptr && (vm->is<Making>() || vm->is<LettingRun>())) arm(*vm, kBusyGrace);
}

// The guest cannot go on; its process still runs.
void Machine::give_up_on(Vm& vm, Outcome verdict) {
  if (vm.run.gone || vm.run.verdict != Outcome::none) return;
  const bool later = vm.is<Making>() || vm.is<LettingRun>();
  if (!later && !vm.is<Waiting>() && !vm.is<Running>() && !vm.is<Stopping>()) return;
  vm.run.verdict = verdict;
  if (later) return;
  // A successor that finds it ended would not know why.
  save(vm, vm.stop ? Progress::Phase::stopping : Progress::Phase::running,
       {.outcome = verdict, .reason = {}});
  destroy(vm);
}

void Machine::destroy(Vm& vm) {
  Stopping stopping;
  if (Stopping* already = vm.in<Stopping>()) {
    const bool under_way = !already->deadline;
    if (under_way) return;
    stopping.was = std::move(already->was);
  }
  enter(vm, std::move(stopping));
  if (vm.status.state != VmState::stopping) set_state(vm, VmState::stopping);
  emit(Destroy{domain_of(vm)});
}

void Machine::on(const Destroyed& destroyed) {
  Vm* vm = find_run(destroyed.run);
  if (vm == nullptr || !vm->is<Stopping>()) return;
  // A start is taken back all the same.
  if (destroyed.why) cannot_be_stopped(*vm, *destroyed.why);
  if (!destroyed.why || vm->start != 0) domain_gone(*vm, host::DomainEvent::Stop::destroyed);
}

void Machine::cannot_be_stopped(Vm& vm, const std::string& why) {
  const std::string& name = vm.description.name;
  const std::string text = "cannot be stopped: " + why;
  x_decisions.failure(name, text);
  if (vm.start != 0) return;
  vm.stop.reset();
  if (std::optional<Foreign> was = std::move(vm.in<Stopping>()->was)) {
    const std::string why_foreign = was->why;
    enter(vm, std::move(*was));
    set_state(vm, VmState::foreign, {.outcome = Outcome::none, .reason = why_foreign});
    look_again_later();
  } else {
    enter(vm, Running{});
    set_state(vm, VmState::running, {.outcome = Outcome::none, .reason = text});
  }
  save_as_it_is(vm);
  for (Stop& stop : x_stops) {
    if (std::find(stop.vms.begin(), stop.vms.end(), vm.id) == stop.vms.end()) continue;
    stop.failure = fmt::format("VM '{}' {}", name, text);
    // Those whose turn had not come go on.
    for (const VmId id : stop.vms) {
      Vm* other = find_vm(id);
      if (other == nullptr || !other->stop || other->stop->turn) continue;
      other->stop.reset();
      save_as_it_is(*other);
    }
  }
  settle_stops();
}

// Of a VM that is not to be stopped any more.
void Machine::save_as_it_is(const Vm& vm) {
  if (vm.is<Waiting>()) save(vm, Progress::Phase::waiting);
  if (vm.is<Running>()) save(vm, Progress::Phase::running);
  if (const Foreign* foreign = vm.foreign(); foreign != nullptr && foreign->progress)
    emit(Save{vm.description.name, *foreign->progress});
  if (const Restarting* restarting = std::get_if<Restarting>(&vm.phase))
    save(vm, Progress::Phase::restarting, {.outcome = vm.status.outcome, .reason = vm.status.reason},
         restarting->due);
}

void Machine::domain_gone(Vm& vm, host::DomainEvent::Stop how) {
  if (vm.run.gone || vm.is<Ending>() || vm.is<Leaving>() || vm.is<Restarting>() || vm.over()) return;
  vm.run.gone = how;
  if (!vm.is<Making>() && !vm.is<LettingRun>()) conclude(vm);
}

void Machine::conclude(Vm& vm) {
  enter(vm, Ending{.ran = vm.up() ? x_now.ticks - *vm.run.up_since : Ticks(0)});
  vm.run.up_since.reset();
  if (vm.status.state != VmState::stopping) set_state(vm, VmState::stopping);
  arm(vm, kTakingAway);
  emit(Conclude{domain_of(vm), vm.status.pid});
}

void Machine::on(const Concluded& concluded) {
  Vm* vm = find_run(concluded.run);
  if (vm == nullptr || !vm->is<Ending>()) return;
  const Run& run = vm->run;
  const Ticks ran = vm->in<Ending>()->ran;
  if (!run.why_not_started.empty())
    return ended(*vm, {.outcome = Outcome::not_started, .reason = run.why_not_started}, ran);
  ended(*vm,
        judge({.how = run.gone.value_or(host::DomainEvent::Stop::other),
               .known = run.verdict,
               .stop_requested = vm->stop.has_value(),
               .reset = run.reset,
               .signalled = run.signalled && !run.powered_off,
               .wait_status = concluded.wait_status,
               .words = concluded.words}),
        ran);
}

void Machine::ended(Vm& vm, const Verdict& verdict, Ticks ran) {
  const std::string& name = vm.description.name;
  x_decisions.end(name, verdict.outcome, verdict.reason);
  if (vm.start != 0 && !vm.ever_up)
    roll_back(vm.start, fmt::format("VM '{}' ended before it was let run: {}", name, verdict.reason));
  const RestartDecision decision =
      vm.stop ? RestartDecision{} : decide_restart(vm.description.restart, verdict.outcome, vm.in_a_row, ran);
  x_decisions.after_end(name, decision);
  if (decision.kind == RestartDecision::Kind::restart) return restart_later(vm, verdict, decision);
  if (decision.kind == RestartDecision::Kind::end) return end_for_good(vm, verdict);
  const std::string given_up = fmt::format("given up after {} restart{} in a row", decision.in_a_row,
                                           decision.in_a_row == 1 ? "" : "s");
  end_for_good(vm, {.outcome = verdict.outcome,
                    .reason = verdict.reason.empty() ? given_up : verdict.reason + "; " + given_up});
}

void Machine::restart_later(Vm& vm, const Verdict& verdict, const RestartDecision& decision) {
  vm.in_a_row = decision.in_a_row;
  vm.status.pid = 0;
  const Time due{x_now.ticks + decision.delay, x_now.wall_ms + decision.delay.count()};
  enter(vm, Restarting{due});
  set_state(vm, VmState::restarting, verdict, (due.wall_ms + 999) / 1000);
  save(vm, Progress::Phase::restarting, verdict, due);
  // Of its set it may be the only one that is left to stand for it.
  if (vm.start == 0) emit(MarkStarted{domain_of(vm)});
  arm(vm, decision.delay);
  advance();
}

void Machine::end_for_good(Vm& vm, const Verdict& verdict) {
  const bool last = last_of_set(vm);
  save(vm, Progress::Phase::leaving, verdict);
  enter(vm, Leaving{.verdict = verdict});
  arm(vm, kTakingAway);
  emit(CleanUp{domain_of(vm), last});
}

bool Machine::last_of_set(const Vm& vm) const {
  return std::none_of(x_vms.begin(), x_vms.end(), [&](const auto& other) {
    return &other.second != &vm && other.second.description.set == vm.description.set &&
           !other.second.template is<Leaving>() && !other.second.over();
  });
}

void Machine::on(const CleanedUp& cleaned) {
  Vm* vm = find_run(cleaned.run);
  if (vm == nullptr || !vm->is<Leaving>()) return;
  const StartId start = vm->start;
  const Verdict verdict = vm->in<Leaving>()->verdict;
  enter(*vm, Ended{});
  set_state(*vm, is_failure(verdict.outcome) ? VmState::failed : VmState::stopped, verdict);
  if (vm->status.state == VmState::failed) emit(Remember{vm->status});
  check_roll_back(start);
  advance();
  advance_stops();
  settle_stops();
}

// Libvirt or the region manager hangs. What they were asked for stays under way, because a new VM of that
// name could get it; who waits for this one is told.
void Machine::is_late(Vm& vm, bool& late, const std::string& text) {
  late = true;
  x_decisions.failure(vm.description.name, text);
  set_state(vm, VmState::stopping, {.outcome = Outcome::none, .reason = text});
  const auto start = x_starts.find(vm.start);
  if (start != x_starts.end() && (vm.busy() != nullptr || !start->second.failure.empty())) {
    const std::string& failure = start->second.failure;
    // Should it be made after all.
    start->second.cancelled = true;
    refuse(std::exchange(start->second.client, 0),
           fmt::format("{}{}VM '{}': {}", failure, failure.empty() ? "" : "; ", vm.description.name, text));
  }
  settle_stops();
}

}  // namespace qvm::lifecycle
