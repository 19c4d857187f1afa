// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace qvm::lifecycle {
namespace {

using namespace std::chrono_literals;

// How long a VM whose owner lost its qvmd waits for the owner to find the next one.
constexpr Ticks kOwnerGrace = 5s;
// A guest that panics or whose watchdog bites is paused, too, and only then libvirt tells which it was: at
// once, but on a busy host that has been seen to take more than 200 ms.
constexpr Ticks kReasonGrace = 2s;
// How often VMs are looked at that are foreign for now.
constexpr Ticks kLookAgain = 1s;

std::string no_such_vm(const std::string& name) {
  return fmt::format("there is no VM '{}' ('qvm ps' lists them)", name);
}

// What is lacking now and what was a moment ago: how much it is changes all the time.
bool same_but_for_numbers(std::string_view one, std::string_view other) {
  const auto without_numbers = [](std::string_view text) {
    std::string kept;
    std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
                 [](char c) { return c < '0' || c > '9'; });
    return kept;
  };
  return without_numbers(one) == without_numbers(other);
}

}  // namespace

Effects Machine::step(const Event& event, Time now) {
  x_now = now;
  std::visit([this](const auto& happened) { on(happened); }, event);
  return std::exchange(x_effects, {});
}

void Machine::on(const Adopted& found) {
  x_looking_again = false;
  for (const VmStatus& status : found.ended) {
    if (find(status.name) != nullptr) continue;
    Vm& vm = adopt_vm({.name = status.name});
    vm.status = status;
    enter(vm, Ended{});
  }
  for (const Adopted::Foreign& foreign : found.foreign) {
    if (may_adopt(foreign.description.name)) adopt_foreign(foreign);
  }
  for (const std::string& name : found.gone) {
    if (Vm* vm = find(name); vm != nullptr && vm->is<Foreign>()) foreign_is_gone(*vm);
  }
  Stop wanted;
  std::vector<std::pair<Vm*, const Adopted::Vm*>> taken;
  for (const Adopted::Vm& one : found.vms) {
    if (!may_adopt(one.description.name)) continue;
    Vm& vm = adopt_vm(one.description);
    taken.emplace_back(&vm, &one);
    vm.status.pid = one.process.value_or(0);
    vm.status.restarts = one.progress.restarts;
    vm.in_a_row = one.progress.in_a_row;
    vm.ever_up = true;
    if (one.progress.phase == Progress::Phase::running || one.progress.phase == Progress::Phase::stopping)
      vm.run.verdict = one.progress.outcome;
    if (!one.progress.stop_wanted) continue;
    vm.stop = {.timeout = one.progress.stop_timeout};
    wanted.vms.push_back(vm.id);
    wanted.timeout = std::max(wanted.timeout, one.progress.stop_timeout);
  }
  x_adopted = true;
  // All are known before anything is decided about one.
  for (const auto& [vm, one] : taken) {
    if (one->process) {
      adopt_living(*vm, *one);
    } else {
      adopt_dead(*vm, one->progress);
    }
  }
  if (!wanted.vms.empty()) begin_stop(std::move(wanted));
  advance();
  advance_stops();
  settle_stops();
  look_again_later();
}

// Somebody may have stopped it since it was looked at, and forgotten it.
bool Machine::may_adopt(const std::string& name) const {
  const auto known = x_vms.find(name);
  return !x_adopted || (known != x_vms.end() && known->second.is<Foreign>());
}

// If it was foreign until now, it keeps its number, its owner, and that it is to be stopped when its turn
// comes.
Vm& Machine::adopt_vm(const Description& description) {
  Vm& vm = x_vms[description.name];
  Vm before = std::exchange(vm, {});
  vm.id = before.id != 0 ? before.id : x_next++;
  vm.owner = before.owner;
  vm.stop = before.stop;
  vm.description = description;
  vm.status = {.name = description.name, .since = description.since, .terminals = description.terminals};
  begin_run(vm);
  return vm;
}

// It is shown and can be stopped; nothing else is done with it.
void Machine::adopt_foreign(const Adopted::Foreign& foreign) {
  const pid_t pid = foreign.pid.value_or(0);
  const std::string why = foreign.pid == 0 ? foreign.why + "; it has no process" : foreign.why;
  if (Vm* known = find(foreign.description.name)) {
    Foreign* now = known->in<Foreign>();
    if (now != nullptr && same_but_for_numbers(now->why, why)) return;
  }
  Vm& vm = adopt_vm(foreign.description);
  vm.status.pid = pid;
  enter(vm, Foreign{why, foreign.for_now, foreign.progress});
  x_decisions.adopt(vm.description.name, "left as it is, because " + why);
  if (pid != 0) {
    vm.run.up_since = x_now.ticks;
    vm.ever_up = true;
  }
  set_state(vm, VmState::foreign, {.outcome = Outcome::none, .reason = why});
  if (!foreign.for_now && pid != 0) emit(WatchProcess{vm.run.id, pid});
}

// Whoever has seen it is told what became of it.
void Machine::foreign_is_gone(Vm& vm) {
  const Verdict verdict{.outcome = Outcome::not_started, .reason = "its start had not come to an end"};
  x_decisions.end(vm.description.name, verdict.outcome, verdict.reason);
  enter(vm, Ended{});
  set_state(vm, VmState::failed, verdict);
}

void Machine::adopt_living(Vm& vm, const Adopted::Vm& found) {
  const std::string& name = vm.description.name;
  if (vm.status.pid != 0) emit(WatchProcess{vm.run.id, vm.status.pid});
  if (found.progress.phase == Progress::Phase::waiting) {
    x_decisions.adopt(name, "waiting to be let run");
    return await_conditions(vm, vm.status.pid);
  }
  x_decisions.adopt(name, vm.stop ? "running, to be stopped" : "running");
  enter(vm, Running{});
  vm.status.state = VmState::running;
  const Time since = found.progress.since;
  if (since.wall_ms != 0) vm.status.since = since.wall_ms / 1000;
  vm.run.resumed = true;
  vm.run.up_since = since.wall_ms != 0 ? std::min(since.ticks, x_now.ticks) : x_now.ticks;
  emit(LinkAgain{domain_of(vm)});
  if (vm.description.owned) emit(ArmOwner{vm.id, kOwnerGrace});
  if (vm.run.verdict != Outcome::none) return destroy(vm);
  // It may have panicked while nobody looked.
  emit(AskStandstill{domain_of(vm), {}});
}

void Machine::adopt_dead(Vm& vm, const Progress& progress) {
  const std::string& name = vm.description.name;
  const bool between_runs =
      progress.phase == Progress::Phase::restarting || progress.phase == Progress::Phase::creating;
  if (between_runs && !vm.stop) {
    // Also if the host was booted since.
    const Ticks left =
        std::clamp(progress.due.ticks - x_now.ticks, Ticks(0), vm.description.restart.max_delay);
    const Time due{x_now.ticks + left, x_now.wall_ms + left.count()};
    x_decisions.adopt(name, fmt::format("to be started again in {} ms", left.count()));
    enter(vm, Restarting{due});
    set_state(vm, VmState::restarting, {.outcome = progress.outcome, .reason = progress.reason},
              (due.wall_ms + 999) / 1000);
    return arm(vm, left);
  }
  if (progress.phase == Progress::Phase::leaving) {
    x_decisions.adopt(name, "it has ended");
    set_state(vm, VmState::stopping);
    return end_for_good(vm, {.outcome = progress.outcome, .reason = progress.reason});
  }
  x_decisions.adopt(name, "it ended while no qvmd ran");
  vm.status.state = VmState::stopping;
  vm.run.gone = host::DomainEvent::Stop::failed;
  if (progress.phase == Progress::Phase::running && progress.since.wall_ms != 0)
    vm.run.up_since = std::min(progress.since.ticks, x_now.ticks);
  conclude(vm);
}

void Machine::look_again_later() {
  const bool any = std::any_of(x_vms.begin(), x_vms.end(), [](auto& vm) {
    const Foreign* foreign = vm.second.template in<Foreign>();
    return foreign != nullptr && foreign->for_now;
  });
  if (any && !std::exchange(x_looking_again, true)) emit(ArmLookAgain{kLookAgain});
}

void Machine::on(const LookAgainDue&) {
  LookAgain look;
  for (auto& [name, vm] : x_vms) {
    const Foreign* foreign = vm.in<Foreign>();
    if (foreign != nullptr && foreign->for_now) look.names.insert(name);
  }
  if (look.names.empty()) {
    x_looking_again = false;
  } else {
    emit(std::move(look));
  }
}

void Machine::on(const WatchAsked& asked) {
  for (const std::string& name : asked.names) {
    if (find(name) == nullptr) return refuse(asked.client, no_such_vm(name));
  }
  for (const std::string& name : asked.names) {
    Vm& vm = *find(name);
    x_watched[asked.client].insert(vm.id);
    if (asked.owned) vm.owner = asked.client;
  }
  answer(asked.client, asked.names.empty() ? std::vector<VmStatus>() : statuses(asked.names));
}

void Machine::on(const StopAsked& asked) {
  Stop stop{.client = asked.client, .timeout = asked.timeout};
  for (const std::string& name : asked.names) {
    const Vm* vm = find(name);
    if (vm == nullptr) return refuse(asked.client, no_such_vm(name));
    stop.vms.push_back(vm->id);
  }
  for (const auto& [name, vm] : x_vms) {
    if (asked.names.empty() && !vm.over()) stop.vms.push_back(vm.id);
  }
  begin_stop(std::move(stop));
}

void Machine::on(const CancelAsked& asked) {
  for (const StartId id : starts_of(asked.client)) cancel(id);
}

void Machine::on(const ClientGone& gone) {
  x_watched.erase(gone.client);
  // What it wanted stopped is stopped all the same.
  for (Stop& stop : x_stops) {
    if (stop.client == gone.client) stop.client = 0;
  }
  for (const StartId id : starts_of(gone.client)) {
    x_starts.at(id).client = 0;
    cancel(id);
  }
  std::vector<VmId> owned;
  for (const auto& [name, vm] : x_vms) {
    if (vm.owner == gone.client) owned.push_back(vm.id);
  }
  for (const VmId id : owned) {
    if (Vm* vm = find_vm(id)) stop_vm(*vm, {});
  }
}

void Machine::on(const OwnerOverdue& overdue) {
  Vm* orphan = find_vm(overdue.vm);
  if (orphan != nullptr && orphan->owner == 0) stop_vm(*orphan, {});
}

void Machine::on(const DomainChanged& changed) {
  using Kind = host::DomainEvent::Kind;
  const Kind kind = changed.kind;
  Vm* vm = find_run(changed.run);
  if (vm == nullptr || vm->is<Leaving>() || vm->over()) return;
  // Of a foreign one only its end matters, however it comes.
  if (vm->is<Foreign>() && kind != Kind::power_off && kind != Kind::stopped) return;
  switch (kind) {
    case Kind::started:
      break;
    case Kind::rebooted:
      ++vm->status.resets;
      return tell(*vm);
    case Kind::resumed:
      vm->run.resumed = true;
      break;
    case Kind::paused:
      // Every VM is started paused.
      if (vm->run.resumed) emit(AskStandstill{domain_of(*vm), kReasonGrace});
      break;
    case Kind::watchdog:
      return give_up_on(*vm, Outcome::watchdog);
    case Kind::panicked:
      return give_up_on(*vm, Outcome::panicked);
    case Kind::reset:
      vm->run.reset = true;
      break;
    case Kind::power_off:
      vm->run.powered_off = true;
      break;
    case Kind::signalled:
      vm->run.signalled = true;
      break;
    case Kind::stopped:
      return domain_gone(*vm, changed.how);
  }
}

void Machine::on(const Observed& observed) {
  x_observed = observed;
  advance();
}

// A domain whose guest powers off, or whose process dies, just while a new libvirt takes it over is ended by
// libvirt without an event.
void Machine::on(const ProcessEnded& ended) {
  const Vm* vm = find_run(ended.run);
  if (vm != nullptr && !vm->run.gone && !vm->over()) emit(AskForDomain{domain_of(*vm)});
}

void Machine::on(const DomainMissed& missed) {
  Vm* vm = find_run(missed.run);
  if (vm == nullptr) return;
  domain_gone(*vm, vm->run.powered_off ? host::DomainEvent::Stop::shutdown : host::DomainEvent::Stop::failed);
}

void Machine::on(const StandstillTold& told) {
  Vm* vm = find_run(told.run);
  if (vm == nullptr || !vm->up()) return;
  switch (told.why) {
    case host::Standstill::none:
      return;
    case host::Standstill::stuck:
      return give_up_on(*vm, Outcome::unsupported);
    case host::Standstill::watchdog:
      return give_up_on(*vm, Outcome::watchdog);
    case host::Standstill::panicked:
      return give_up_on(*vm, Outcome::panicked);
  }
}

void Machine::enter(Vm& vm, Phase phase) {
  vm.phase = std::move(phase);
  ++vm.stage;
}

void Machine::begin_run(Vm& vm) {
  vm.run = {.id = x_next++};
}

void Machine::arm(const Vm& vm, Ticks delay) {
  emit(Arm{vm.run.id, vm.stage, delay});
}

void Machine::set_state(Vm& vm, VmState state, const Verdict& told, std::int64_t due) {
  vm.status.state = state;
  vm.status.outcome = told.outcome;
  vm.status.reason = told.reason;
  vm.status.due = due;
  vm.status.since = x_now.wall_ms / 1000;
  emit(Changed{vm.status});
  tell(vm);
}

void Machine::save(const Vm& vm, Progress::Phase phase, const Verdict& verdict, Time due) {
  Time since = x_now;
  if (phase == Progress::Phase::running && vm.up()) {
    since.wall_ms -= (since.ticks - *vm.run.up_since).count();
    since.ticks = *vm.run.up_since;
  }
  emit(Save{vm.description.name,
            {.phase = phase,
             .since = since,
             .due = due,
             .in_a_row = vm.in_a_row,
             .restarts = vm.status.restarts,
             .stop_wanted = vm.stop.has_value(),
             .stop_timeout = vm.stop ? vm.stop->timeout : Ticks(0),
             .outcome = verdict.outcome,
             .reason = verdict.reason}});
}

void Machine::tell(const Vm& vm) {
  // Whoever asked for a start that is taken back is told so when it is, and nobody else knows these VMs.
  const auto start = x_starts.find(vm.start);
  if (start != x_starts.end() && !start->second.failure.empty()) return;
  for (const auto& [client, watched] : x_watched) {
    if (watched.contains(vm.id)) emit(Tell{client, vm.status});
  }
}

void Machine::answer(ClientId client, std::vector<VmStatus> vms) {
  if (client != 0) emit(Answer{.client = client, .vms = std::move(vms)});
}

void Machine::refuse(ClientId client, std::string why) {
  if (client != 0) emit(Answer{.client = client, .why = std::move(why)});
}

Vm* Machine::find(const std::string& name) {
  const auto found = x_vms.find(name);
  return found == x_vms.end() ? nullptr : &found->second;
}

Vm* Machine::find_vm(VmId id) {
  const auto found =
      std::find_if(x_vms.begin(), x_vms.end(), [id](const auto& vm) { return vm.second.id == id; });
  return found == x_vms.end() ? nullptr : &found->second;
}

Vm* Machine::find_run(RunId run) {
  const auto found =
      std::find_if(x_vms.begin(), x_vms.end(), [run](const auto& vm) { return vm.second.run.id == run; });
  return found == x_vms.end() ? nullptr : &found->second;
}

void Machine::erase(const std::string& name) {
  const auto found = x_vms.find(name);
  if (found == x_vms.end()) return;
  for (auto& [client, watched] : x_watched) watched.erase(found->second.id);
  x_vms.erase(found);
}

std::vector<VmStatus> Machine::statuses(const std::vector<std::string>& names) const {
  std::vector<VmStatus> found;
  for (const auto& [name, vm] : x_vms) {
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end())
      found.push_back(vm.status);
  }
  return found;
}

bool Machine::is_curious() const {
  return std::any_of(x_vms.begin(), x_vms.end(), [](const auto& vm) {
    const Waiting* waiting = std::get_if<Waiting>(&vm.second.phase);
    return waiting != nullptr && waiting->conditions.must_poll();
  });
}

Questions Machine::questions() const {
  Questions asked;
  for (const auto& [name, vm] : x_vms) {
    const Waiting* waiting = std::get_if<Waiting>(&vm.phase);
    if (waiting == nullptr) continue;
    for (std::string& region : waiting->conditions.regions()) asked.regions.insert(std::move(region));
    for (ConsoleText& text : waiting->conditions.consoles()) {
      const Reached other = reached(text.vm);
      if (other == Reached::runs || other == Reached::was_run) asked.consoles.insert(std::move(text));
    }
  }
  return asked;
}

bool Machine::has_vms() const {
  return !x_starts.empty() ||
         std::any_of(x_vms.begin(), x_vms.end(), [](const auto& vm) { return !vm.second.over(); });
}

}  // namespace qvm::lifecycle
