// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/supervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "qvm/daemon/verdict.h"

namespace qvm::daemon {
namespace {

// How long a VM whose owner lost its qvmd waits for the owner to find the next one.
constexpr std::chrono::seconds kOwnerGrace{5};
// A guest that panics or whose watchdog bites is paused, too, and only then libvirt tells which it was.
constexpr std::chrono::milliseconds kReasonGrace{200};

std::int64_t now() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

// Why two VMs cannot run at once, if so: a user that was made for one of them is not the other's.
Result<void> check_users(const plan::VmPlan& one, const plan::VmPlan& other) {
  if (!one.host.uid || one.host.uid != other.host.uid) return {};
  if (!one.host.own_uid && !other.host.own_uid) return {};
  return fail(fmt::format(
      "VM '{}' and VM '{}' would both run as uid {}: give one of them another name, or a 'uid' in "
      "a manifest",
      one.name, other.name, *one.host.uid));
}

}  // namespace

Supervisor::Supervisor(EventLoop& loop, RuntimePaths paths, Launcher& launcher, RegionManager& regions,
                       Hooks hooks)
    : x_loop(loop),
      x_paths(std::move(paths)),
      x_launcher(launcher),
      x_regions(regions),
      x_hooks(std::move(hooks)),
      x_workers(loop) {}

void Supervisor::adopt(std::vector<Launcher::Adopted> vms) {
  for (auto& adopted : vms) {
    const std::string name = adopted.vm.plan.name;
    Vm vm;
    vm.status = {
        .name = name, .state = VmState::running, .pid = adopted.process.pid, .since = adopted.vm.since};
    vm.resumed = true;
    vm.record = std::move(adopted.vm);
    if (vm.record.owned) {
      x_loop.after(kOwnerGrace, [this, name] {
        Vm* orphan = find(name);
        if (orphan != nullptr && orphan->owner == 0) stop_vm(*orphan, 0);
      });
    }
    x_vms[name] = std::move(vm);
  }
}

void Supervisor::handle(ClientId client, Request request) {
  switch (request.operation) {
    case Request::Operation::prepare:
      x_workers.run([this] { x_launcher.prepare_host(); }, x_hooks.settled);
      break;
    case Request::Operation::start:
      start(client, request);
      break;
    case Request::Operation::cancel:
      for (const auto& job : x_starts) {
        if (job->client == client) job->cancelled = true;
      }
      break;
    case Request::Operation::stop:
      stop(client, request);
      break;
    case Request::Operation::list:
      x_hooks.send(client, {.kind = Reply::Kind::done, .vms = statuses(request.names)});
      break;
    case Request::Operation::watch:
      watch(client, request);
      break;
    case Request::Operation::regions:
      ask_regions(client, [](RegionManager& regions) { return regions.describe_json(); });
      break;
    case Request::Operation::explain:
      ask_regions(client, [question = std::move(request.question)](RegionManager& regions) {
        return regions.explain_json(question);
      });
      break;
    case Request::Operation::leave:
      break;  // the server's
  }
}

Result<std::vector<VmRecord>> Supervisor::records_for(const Request& request) {
  if (request.plans.empty()) return fail("there is no VM to start");
  std::vector<VmRecord> set;
  std::set<std::string> names;
  const std::string set_id = fmt::format("{}-{}", ::getpid(), x_next_set++);
  for (const std::string& text : request.plans) {
    auto plan = plan::from_json(text);
    if (!plan) return tl::unexpected(std::move(plan.error()));
    const std::string& name = plan->name;
    if (std::string why = why_not_a_vm_name(name); !why.empty()) return fail(std::move(why));
    if (plan->host.runtime_directory != x_paths.root()) {
      return fail(fmt::format("VM '{}' was planned for '{}', not for '{}'", name,
                              plan->host.runtime_directory, x_paths.root()));
    }
    const Vm* other = find(name);
    if (other != nullptr && !other->status.over()) {
      return fail(fmt::format(
          "a VM '{}' is {} already (pid {}): stop it with 'qvm down {}', or give this one another name", name,
          to_string(other->status.state), other->status.pid, name));
    }
    if (!names.insert(name).second) return fail(fmt::format("two VMs of this set have the name '{}'", name));
    for (const VmRecord& mate : set) {
      if (auto fine = check_users(*plan, mate.plan); !fine) return tl::unexpected(std::move(fine.error()));
    }
    for (const auto& [running_name, vm] : x_vms) {
      if (vm.status.over()) continue;
      if (auto fine = check_users(*plan, vm.record.plan); !fine)
        return tl::unexpected(std::move(fine.error()));
    }
    set.push_back({.plan = std::move(*plan),
                   .libvirt_uri = request.libvirt_uri,
                   .set = set_id,
                   .set_regions = request.regions,
                   .owned = request.owned,
                   .since = now()});
  }
  return set;
}

void Supervisor::start(ClientId client, const Request& request) {
  auto set = records_for(request);
  if (!set) return send_failed(client, set.error().message());
  auto job = std::make_shared<StartJob>();
  job->client = client;
  job->set = std::move(*set);
  if (request.libvirt_uri.empty()) {
    if (std::string note = x_hooks.note_before_start(); !note.empty()) {
      x_hooks.send(client, {.kind = Reply::Kind::progress, .text = std::move(note)});
    }
  }
  for (const VmRecord& record : job->set) {
    Vm vm;
    vm.record = record;
    vm.status.name = record.plan.name;
    vm.owner = request.owned ? client : 0;
    vm.in_start = true;
    x_watched[client].insert(record.plan.name);
    set_state(x_vms[record.plan.name] = std::move(vm), VmState::starting);
  }
  x_starts.push_back(job);
  const auto started = [this](const host::DomainInfo& info) {
    x_loop.post([this, info] {
      Vm* vm = find(info.name);
      if (vm == nullptr || vm->status.state != VmState::starting) return;
      vm->status.pid = info.pid;
      set_state(*vm, VmState::running);
    });
  };
  x_workers.run([this, job, started] { job->result = x_launcher.start(job->set, job->cancelled, started); },
                [this, job] { start_ended(*job); });
}

void Supervisor::start_ended(StartJob& job) {
  std::erase_if(x_starts, [&](const auto& other) { return other.get() == &job; });
  std::vector<std::string> names;
  for (const VmRecord& record : job.set) names.push_back(record.plan.name);
  if (!job.result->has_value()) {
    const std::string why = job.result->error().message();
    // The answer says it all: no news about VMs that never were.
    for (const std::string& name : names) {
      x_vms.erase(name);
      for (auto& [client, watched] : x_watched) watched.erase(name);
    }
    send_failed(job.client, why);
    settle_stops();
    return x_hooks.settled();
  }
  x_hooks.send(job.client, {.kind = Reply::Kind::done, .vms = statuses(names)});
  for (const std::string& name : names) {
    Vm& vm = x_vms.at(name);
    vm.in_start = false;
    // What came while it started: its end, a request to stop, the death of its owner.
    if (vm.gone) {
      clean_up(vm);
    } else if (vm.verdict != Outcome::none || vm.stop_requested) {
      destroy_vm(name);
    }
  }
}

void Supervisor::stop(ClientId client, const Request& request) {
  std::vector<std::string> names = request.names;
  if (names.empty()) {
    for (const auto& [name, vm] : x_vms) {
      if (!vm.status.over()) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    if (find(name) == nullptr)
      return send_failed(client, fmt::format("there is no VM '{}' ('qvm ps' lists them)", name));
  }
  x_stops.push_back({.client = client, .names = names, .failure = {}});
  for (const std::string& name : names) stop_vm(x_vms.at(name), request.timeout_ms);
  settle_stops();
}

void Supervisor::stop_vm(Vm& vm, std::uint32_t timeout_ms) {
  if (vm.status.over() || vm.gone) return;
  vm.stop_requested = true;
  if (vm.in_start) {
    for (const auto& job : x_starts) {
      if (std::any_of(job->set.begin(), job->set.end(),
                      [&](const VmRecord& record) { return record.plan.name == vm.status.name; })) {
        job->cancelled = true;
      }
    }
    return;
  }
  const std::string name = vm.status.name;
  set_state(vm, VmState::stopping);
  if (timeout_ms == 0) return destroy_vm(name);
  const VmRecord record = vm.record;
  // If the guest does not listen, the timer ends it.
  x_workers.run([this, record] { (void)x_launcher.shutdown(record); }, x_hooks.settled);
  x_loop.after(std::chrono::milliseconds(timeout_ms), [this, name] {
    const Vm* late = find(name);
    if (late != nullptr && !late->gone && late->status.state == VmState::stopping) destroy_vm(name);
  });
}

void Supervisor::destroy_vm(const std::string& name) {
  auto result = std::make_shared<Result<void>>();
  const VmRecord record = x_vms.at(name).record;
  x_workers.run([this, record, result] { *result = x_launcher.destroy(record); },
                [this, name, result] {
                  Vm* vm = find(name);
                  if (vm == nullptr || vm->status.over() || vm->gone) return x_hooks.settled();
                  if (*result) return domain_gone(*vm, host::DomainEvent::Stop::destroyed);
                  vm->stop_requested = false;
                  set_state(*vm, VmState::running);
                  for (StopWait& wait : x_stops) {
                    if (std::find(wait.names.begin(), wait.names.end(), name) != wait.names.end()) {
                      wait.failure =
                          fmt::format("VM '{}' cannot be stopped: {}", name, result->error().message());
                    }
                  }
                  settle_stops();
                });
}

void Supervisor::watch(ClientId client, const Request& request) {
  for (const std::string& name : request.names) {
    Vm* vm = find(name);
    if (vm == nullptr)
      return send_failed(client, fmt::format("there is no VM '{}' ('qvm ps' lists them)", name));
    x_watched[client].insert(name);
    if (request.owned) vm->owner = client;
  }
  x_hooks.send(client, {.kind = Reply::Kind::done, .vms = statuses(request.names)});
}

void Supervisor::ask_regions(ClientId client, std::function<Result<std::string>(RegionManager&)> ask) {
  auto answer = std::make_shared<Result<std::string>>();
  x_workers.run([this, answer, ask = std::move(ask)] { *answer = ask(x_regions); },
                [this, client, answer] {
                  if (!*answer) {
                    send_failed(client, answer->error().message());
                  } else {
                    x_hooks.send(client, {.kind = Reply::Kind::done, .text = std::move(**answer)});
                  }
                  x_hooks.settled();
                });
}

void Supervisor::client_gone(ClientId client) {
  x_watched.erase(client);
  std::erase_if(x_stops, [client](const StopWait& wait) { return wait.client == client; });
  for (const auto& job : x_starts) {
    if (job->client == client) job->cancelled = true;
  }
  for (auto& [name, vm] : x_vms) {
    if (vm.owner == client) stop_vm(vm, 0);
  }
}

void Supervisor::on_domain_event(const host::DomainEvent& event) {
  Vm* vm = find(event.domain);
  if (vm == nullptr || vm->status.over()) return;
  switch (event.kind) {
    case host::DomainEvent::Kind::started:
      break;  // the start job tells, with the pid
    case host::DomainEvent::Kind::rebooted:
      ++vm->status.resets;
      tell(*vm);
      break;
    case host::DomainEvent::Kind::resumed:
      vm->resumed = true;
      break;
    case host::DomainEvent::Kind::paused:
      // Every VM is started paused.
      if (vm->resumed) x_loop.after(kReasonGrace, [this, name = event.domain] { find_out_why_paused(name); });
      break;
    case host::DomainEvent::Kind::watchdog:
      give_up_on(*vm, Outcome::watchdog);
      break;
    case host::DomainEvent::Kind::panicked:
      give_up_on(*vm, Outcome::panicked);
      break;
    case host::DomainEvent::Kind::stopped:
      domain_gone(*vm, event.stop);
      break;
  }
}

void Supervisor::on_process_exit(pid_t pid, int wait_status) {
  // Those that libvirt starts to ask QEMU are nobody's: forget the oldest pids rather than grow.
  constexpr std::size_t kMaxExits = 256;
  if (x_exits.size() >= kMaxExits) x_exits.erase(x_exits.begin());
  x_exits[pid] = wait_status;
}

void Supervisor::find_out_why_paused(const std::string& name) {
  const Vm* vm = find(name);
  if (vm == nullptr || vm->status.over() || vm->gone) return;
  auto stuck = std::make_shared<bool>(false);
  x_workers.run([this, stuck, record = vm->record] { *stuck = x_launcher.is_stuck(record); },
                [this, stuck, name] {
                  Vm* paused = find(name);
                  if (*stuck && paused != nullptr && !paused->status.over()) {
                    give_up_on(*paused, Outcome::unsupported);
                  }
                  x_hooks.settled();
                });
}

// The guest cannot go on; its process still runs.
void Supervisor::give_up_on(Vm& vm, Outcome verdict) {
  if (vm.gone || vm.verdict != Outcome::none) return;
  vm.verdict = verdict;
  if (vm.in_start) return;
  set_state(vm, VmState::stopping);
  destroy_vm(vm.status.name);
}

void Supervisor::domain_gone(Vm& vm, host::DomainEvent::Stop how) {
  if (vm.gone) return;
  vm.gone = how;
  if (!vm.in_start) clean_up(vm);
}

void Supervisor::clean_up(Vm& vm) {
  vm.cleaning = true;
  if (vm.status.state != VmState::stopping) set_state(vm, VmState::stopping);
  const bool last = std::none_of(x_vms.begin(), x_vms.end(), [&](const auto& other) {
    return other.second.record.set == vm.record.set && !other.second.status.over() && !other.second.cleaning;
  });
  const std::string name = vm.status.name;
  const VmRecord record = vm.record;
  auto words = std::make_shared<host::LastWords>();
  x_workers.run(
      [this, record, last, words] {
        *words = x_launcher.last_words(record);
        x_launcher.clean_up(record, last ? Launcher::LastOfSet::yes : Launcher::LastOfSet::no);
      },
      [this, name, words] {
        if (Vm* ended = find(name)) conclude(*ended, *words);
      });
}

void Supervisor::conclude(Vm& vm, const host::LastWords& words) {
  std::optional<int> exit;
  if (const auto found = x_exits.find(vm.status.pid); found != x_exits.end()) exit = found->second;
  x_exits.erase(vm.status.pid);
  const Verdict verdict = judge({.how = *vm.gone,
                                 .known = vm.verdict,
                                 .stop_requested = vm.stop_requested,
                                 .wait_status = exit,
                                 .words = words});
  vm.status.outcome = verdict.outcome;
  vm.status.reason = verdict.reason;
  const bool fine = verdict.outcome == Outcome::shutdown || verdict.outcome == Outcome::stopped;
  set_state(vm, fine ? VmState::stopped : VmState::failed);
  settle_stops();
  x_hooks.settled();
}

void Supervisor::set_state(Vm& vm, VmState state) {
  vm.status.state = state;
  vm.status.since = now();
  if (x_hooks.changed) x_hooks.changed(vm.status);
  tell(vm);
}

void Supervisor::tell(const Vm& vm) {
  for (const auto& [client, watched] : x_watched) {
    if (watched.contains(vm.status.name)) x_hooks.send(client, {.kind = Reply::Kind::vm, .vms = {vm.status}});
  }
}

void Supervisor::settle_stops() {
  std::erase_if(x_stops, [this](const StopWait& wait) {
    if (!wait.failure.empty()) {
      send_failed(wait.client, wait.failure);
      return true;
    }
    const bool all_over = std::all_of(wait.names.begin(), wait.names.end(), [this](const std::string& name) {
      const Vm* vm = find(name);
      return vm == nullptr || vm->status.over();
    });
    if (all_over) x_hooks.send(wait.client, {.kind = Reply::Kind::done, .vms = statuses(wait.names)});
    return all_over;
  });
}

Supervisor::Vm* Supervisor::find(const std::string& name) {
  const auto found = x_vms.find(name);
  return found == x_vms.end() ? nullptr : &found->second;
}

std::vector<VmStatus> Supervisor::statuses(const std::vector<std::string>& names) const {
  std::vector<VmStatus> found;
  for (const auto& [name, vm] : x_vms) {
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end())
      found.push_back(vm.status);
  }
  return found;
}

void Supervisor::send_failed(ClientId client, std::string why) const {
  x_hooks.send(client, {.kind = Reply::Kind::failed, .text = std::move(why)});
}

bool Supervisor::has_vms() const {
  return !x_starts.empty() ||
         std::any_of(x_vms.begin(), x_vms.end(), [](const auto& vm) { return !vm.second.status.over(); });
}

bool Supervisor::idle() const {
  return !x_workers.busy() && !has_vms();
}

}  // namespace qvm::daemon
