// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How VMs start: a set as a whole, each guest when its conditions hold; and one VM again.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/manifest/supervision.h"
#include "qvm/lifecycle/machine.h"

namespace qvm::lifecycle {
namespace {

using namespace std::chrono_literals;

// How long the making of a set or of a VM may take before the processes that there are by then are ended.
// Hosts that are emulated themselves take half a minute, and libvirt asks a QEMU that is new to it for
// seconds more.
constexpr Ticks kMaking = 180s;
// The same for letting a guest run, which waits for nothing but QEMU's monitor.
constexpr Ticks kLettingRun = 60s;

// VMs that wait for VMs of another set, or in a circle, would wait for ever.
std::string why_not_in_order(const std::vector<Description>& set) {
  config::Dependencies dependencies;
  for (const Description& vm : set) dependencies[vm.name] = config::named_vms(vm.depends_on);
  for (const auto& [name, others] : dependencies) {
    for (const std::string& other : others) {
      if (other == name) return fmt::format("VM '{}' depends on itself", name);
      if (!dependencies.contains(other))
        return fmt::format("VM '{}' depends on VM '{}', which is not in its set", name, other);
    }
  }
  const auto cycle = config::find_cycle(dependencies);
  if (cycle.empty()) return {};
  return fmt::format("VM '{}' and VM '{}' depend on each other", cycle.front(), cycle.back());
}

// Two VMs cannot run at once if the user that was made for one of them is the other's as well.
std::string why_not_together(const Description& one, const Description& other) {
  if (!one.uid || one.uid != other.uid) return {};
  if (!one.own_uid && !other.own_uid) return {};
  return fmt::format(
      "VM '{}' and VM '{}' would both run as uid {}: give one of them another name, or a 'uid' in "
      "a manifest",
      one.name, other.name, *one.uid);
}

}  // namespace

std::string Machine::why_not_name(const std::string& name) const {
  const auto other = x_vms.find(name);
  if (other == x_vms.end()) return {};
  const Vm& vm = other->second;
  if (!vm.over()) {
    return fmt::format("a VM '{}' is {} already{}: stop it with 'qvm down {}', or give this one another name",
                       name, to_string(vm.status.state),
                       vm.status.pid == 0 ? "" : fmt::format(" (pid {})", vm.status.pid), name);
  }
  if (vm.start == 0) return {};
  return fmt::format("a VM '{}' of a set that is still being started has just ended: start it again later",
                     name);
}

std::string Machine::why_not(const std::vector<Description>& set) const {
  if (set.empty()) return "there is no VM to start";
  std::set<std::string> names;
  for (auto vm = set.begin(); vm != set.end(); ++vm) {
    if (std::string why = why_not_name(vm->name); !why.empty()) return why;
    if (!names.insert(vm->name).second)
      return fmt::format("two VMs of this set have the name '{}'", vm->name);
    for (auto mate = set.begin(); mate != vm; ++mate) {
      if (std::string why = why_not_together(*vm, *mate); !why.empty()) return why;
    }
    for (const auto& [name, other] : x_vms) {
      if (other.over()) continue;
      if (std::string why = why_not_together(*vm, other.description); !why.empty()) return why;
    }
  }
  return why_not_in_order(set);
}

void Machine::on(const StartAsked& asked) {
  if (std::string why = why_not(asked.vms); !why.empty()) return refuse(asked.client, std::move(why));
  Start& start = x_starts[asked.start];
  MakeSet make{.start = asked.start};
  start.client = asked.client;
  for (const Description& description : asked.vms) {
    const std::string& name = description.name;
    start.names.push_back(name);
    erase(name);
    Vm& vm = x_vms[name];
    vm.id = x_next++;
    vm.description = description;
    vm.status = {.name = name, .terminals = description.terminals};
    vm.owner = description.owned ? asked.client : 0;
    vm.start = asked.start;
    begin_run(vm);
    if (asked.client != 0) x_watched[asked.client].insert(vm.id);
    emit(Forget{name});
    set_state(vm, VmState::starting);
    arm(vm, kMaking);
    make.domains.push_back(domain_of(vm));
  }
  x_decisions.start(start.names);
  emit(std::move(make));
}

void Machine::on(const SetMade& made) {
  const auto found = x_starts.find(made.start);
  if (found == x_starts.end()) return;
  Start& start = found->second;
  start.made = true;
  if (made.why) {
    x_decisions.start_fails(start.names, *made.why);
    const ClientId client = start.client;
    forget_set(made.start);
    refuse(client, *made.why);
    return settle_stops();
  }
  const std::vector<std::string> names = start.names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Vm& vm = x_vms.at(names[i]);
    const pid_t pid = i < made.pids.size() ? made.pids[i] : 0;
    if (!vm.description.runs_at_once) {
      await_conditions(vm, pid);
      continue;
    }
    vm.status.pid = pid;
    vm.run.up_since = x_now.ticks;
    vm.ever_up = true;
    enter(vm, Running{});
    set_state(vm, VmState::running);
  }
  if (start.cancelled) return roll_back(made.start, "interrupted");
  for (const std::string& name : names) {
    if (Vm* vm = find(name)) after_work(*vm);
  }
  check_start(made.start);
  advance();
}

void Machine::await_conditions(Vm& vm, pid_t pid) {
  vm.status.pid = pid;
  enter(vm, Waiting{Conditions(vm.description.depends_on, x_now.ticks)});
}

// Lets run whom nothing keeps any more, and ends the start of those who have waited in vain.
void Machine::advance() {
  const Facts facts{.reached = [this](const std::string& name) { return reached(name); },
                    .shown = [this](const ConsoleText& text) { return x_observed.shown.contains(text); },
                    .clients = [this](const std::string& region) -> std::optional<unsigned> {
                      const auto found = x_observed.clients.find(region);
                      if (found == x_observed.clients.end()) return std::nullopt;
                      return found->second;
                    }};
  std::vector<std::pair<RunId, Conditions::Look>> looks;
  bool any = false;
  for (auto& [name, vm] : x_vms) {
    Waiting* waiting = vm.in<Waiting>();
    any = any || waiting != nullptr;
    if (waiting != nullptr && !vm.stop)
      looks.emplace_back(vm.run.id, waiting->conditions.look(facts, x_now.ticks));
  }
  if (!any) x_observed = {};
  for (auto& [run, look] : looks) {
    Vm* vm = find_run(run);
    if (vm != nullptr && vm->is<Waiting>() && !vm->stop) follow(*vm, std::move(look));
  }
}

void Machine::follow(Vm& vm, Conditions::Look look) {
  const std::string& name = vm.description.name;
  const bool told = vm.status.state == VmState::waiting;
  for (const std::string& what : look.met) {
    if (told) x_decisions.condition_met(name, what);
  }
  switch (look.kind) {
    case Conditions::Look::Kind::ready:
      return let_run(vm);
    case Conditions::Look::Kind::waiting:
      if (told && vm.status.reason == look.text) return;
      x_decisions.wait(name, look.text);
      return set_state(vm, VmState::waiting, {.outcome = Outcome::none, .reason = std::move(look.text)});
    case Conditions::Look::Kind::failed:
      if (vm.start != 0)
        return roll_back(vm.start, fmt::format("VM '{}' is not started: {}", name, look.text));
      vm.run.why_not_started = std::move(look.text);
      return destroy(vm);
  }
}

Reached Machine::reached(const std::string& name) const {
  const auto found = x_vms.find(name);
  // One that ended before this qvmd came: its set was started, so it has run.
  if (found == x_vms.end()) return Reached::was_run;
  const Vm& vm = found->second;
  if (vm.up()) return Reached::runs;
  if (!vm.over()) return Reached::not_yet;
  return vm.ever_up ? Reached::was_run : Reached::never_ran;
}

void Machine::let_run(Vm& vm) {
  enter(vm, LettingRun{});
  arm(vm, kLettingRun);
  // Told before it is so: a guest may be done before the call that let it run returns.
  set_state(vm, VmState::running);
  x_decisions.run(vm.description.name, vm.status.pid);
  emit(LetRun{domain_of(vm)});
}

void Machine::on(const LetRunDone& done) {
  Vm* vm = find_run(done.run);
  if (vm == nullptr || !vm->is<LettingRun>()) return;
  const StartId start = vm->start;
  enter(*vm, Running{});
  if (done.why && start != 0) {
    roll_back(start, fmt::format("VM '{}': {}", vm->description.name, *done.why));
  } else if (done.why) {
    vm->run.why_not_started = *done.why;
  } else {
    vm->run.up_since = x_now.ticks;
    vm->ever_up = true;
    if (!vm->stop) save(*vm, Progress::Phase::running);
    advance();
    check_start(start);
  }
  after_work(*vm);
}

// What had to wait: its end, a request to stop, a failure.
void Machine::after_work(Vm& vm) {
  if (!vm.is<Waiting>() && !vm.is<Running>()) return;
  if (vm.run.gone) return conclude(vm);
  if (vm.stop && vm.stop->turn) return begin_to_end(vm);
  if (vm.run.verdict != Outcome::none || !vm.run.why_not_started.empty()) destroy(vm);
}

// The start is complete when every guest has been let run; what became of it since is another matter.
void Machine::check_start(StartId id) {
  const auto found = x_starts.find(id);
  if (found == x_starts.end() || !found->second.failure.empty()) return;
  const Start start = found->second;
  const bool all = std::all_of(start.names.begin(), start.names.end(),
                               [this](const std::string& name) { return x_vms.at(name).ever_up; });
  if (!all) return;
  x_starts.erase(found);
  for (const std::string& name : start.names) {
    Vm& vm = x_vms.at(name);
    vm.start = 0;
    if (!vm.over() && !vm.is<Leaving>()) emit(MarkStarted{domain_of(vm)});
  }
  x_decisions.start_done(start.names);
  answer(start.client, statuses(start.names));
}

std::vector<StartId> Machine::starts_of(ClientId client) const {
  std::vector<StartId> starts;
  for (const auto& [id, start] : x_starts) {
    if (start.client == client) starts.push_back(id);
  }
  return starts;
}

void Machine::cancel(StartId id) {
  const auto found = x_starts.find(id);
  if (found == x_starts.end()) return;
  found->second.cancelled = true;
  if (found->second.made) return roll_back(id, "interrupted");
  // The launcher sees it, unless it waits for a process.
  emit(CancelMaking{id});
  for (const std::string& name : found->second.names) {
    Vm& vm = x_vms.at(name);
    if (Making* making = vm.in<Making>()) hurry(vm, *making);
  }
}

// Takes back what was started of a set. It is answered when nothing is left.
void Machine::roll_back(StartId id, const std::string& why) {
  const auto found = x_starts.find(id);
  if (found == x_starts.end() || !found->second.failure.empty()) return;
  found->second.failure = why;
  const std::vector<std::string> names = found->second.names;
  x_decisions.start_fails(names, why);
  for (const std::string& name : names) {
    Vm& vm = x_vms.at(name);
    vm.stop = {.timeout = {}, .turn = true};
    begin_to_end(vm);
  }
  check_roll_back(id);
}

void Machine::check_roll_back(StartId id) {
  const auto found = x_starts.find(id);
  if (found == x_starts.end() || found->second.failure.empty()) return;
  const Start start = found->second;
  const bool all = std::all_of(start.names.begin(), start.names.end(),
                               [this](const std::string& name) { return x_vms.at(name).over(); });
  if (!all) return;
  forget_set(id);
  refuse(start.client, start.failure);
  settle_stops();
}

// The answer says it all: no news about VMs that never were. Who asked for their end is told of it.
void Machine::forget_set(StartId id) {
  const auto found = x_starts.find(id);
  for (const std::string& name : found->second.names) {
    const Vm& vm = x_vms.at(name);
    for (Stop& stop : x_stops) {
      if (std::find(stop.vms.begin(), stop.vms.end(), vm.id) == stop.vms.end()) continue;
      stop.forgotten.push_back({.name = name,
                                .state = VmState::stopped,
                                .outcome = Outcome::stopped,
                                .reason = "while it was being started",
                                .since = x_now.wall_ms / 1000});
    }
    erase(name);
  }
  x_starts.erase(found);
}

void Machine::retry(Vm& vm) {
  begin_run(vm);
  enter(vm, Making{});
  ++vm.status.restarts;
  vm.status.resets = 0;
  x_decisions.restart(vm.description.name);
  save(vm, Progress::Phase::creating);
  set_state(vm, VmState::starting);
  arm(vm, kMaking);
  emit(MakeAgain{domain_of(vm)});
}

void Machine::on(const MadeAgain& made) {
  Vm* vm = find_run(made.run);
  if (vm == nullptr || !vm->is<Making>()) return;
  // A start of this VM alone that has come to nothing and left nothing.
  if (made.why) return ended(*vm, {.outcome = Outcome::not_started, .reason = *made.why}, {});
  await_conditions(*vm, made.pid);
  save(*vm, vm->stop ? Progress::Phase::stopping : Progress::Phase::waiting);
  after_work(*vm);
  advance();
}

}  // namespace qvm::lifecycle
