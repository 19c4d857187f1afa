// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/supervisor.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "qvm/base/pidfd.h"
#include "qvm/daemon/log_limit.h"
#include "qvm/daemon/wall_clock.h"

namespace qvm::daemon {
namespace {

// How long a VM whose owner lost its qvmd waits for the owner to find the next one.
constexpr std::chrono::seconds kOwnerGrace{5};
// A guest that panics or whose watchdog bites is paused, too, and only then libvirt tells which it was.
constexpr std::chrono::milliseconds kReasonGrace{200};
// How long after the end of a process libvirt may take to tell of it.
constexpr std::chrono::milliseconds kEventGrace{500};
// Libvirt and the region manager answer at once, unless they hang.
constexpr std::chrono::seconds kAnswer{10};
// How often VMs are looked at that are foreign for now.
constexpr std::chrono::seconds kLookAgain{1};

}  // namespace

Supervisor::Supervisor(EventLoop& loop, RuntimePaths paths, Launcher& launcher, RegionManager& regions,
                       Hooks hooks)
    : x_loop(loop),
      x_paths(std::move(paths)),
      x_launcher(launcher),
      x_regions(regions),
      x_hooks(std::move(hooks)),
      x_decisions(x_hooks.decided),
      x_workers(loop) {}

void Supervisor::adopt(Launcher::Found found) {
  const std::vector<Launcher::Adopted>& vms = found.adopted;
  StopWait wanted;
  for (const auto& foreign : found.foreign) adopt_foreign(foreign);
  for (const auto& adopted : vms) {
    const std::string& name = adopted.vm.plan.name;
    Vm& vm = x_vms[name];
    vm = {};  // it may have been foreign until now
    vm.record = adopted.vm;
    begin_run(vm);
    vm.status = {.name = name, .since = adopted.vm.since, .restarts = adopted.progress.restarts};
    vm.status.terminals = terminals_of(adopted.vm.plan);
    if (adopted.process) vm.status.pid = adopted.process->pid;
    vm.in_a_row = adopted.progress.in_a_row;
    vm.ever_up = true;
    if (adopted.progress.phase != VmProgress::Phase::stopping) continue;
    vm.stop_requested = true;
    wanted.names.push_back(name);
    wanted.timeout_ms = std::max(wanted.timeout_ms, adopted.progress.stop_timeout_ms);
  }
  // All are known before anything is decided about one.
  for (const auto& adopted : vms) {
    Vm& vm = x_vms.at(adopted.vm.plan.name);
    if (adopted.process) {
      adopt_living(vm, adopted.progress);
    } else {
      adopt_dead(vm, adopted.progress);
    }
  }
  relink();
  if (!wanted.names.empty()) begin_stop(std::move(wanted));
  advance();
  look_again_later();
}

// It is shown and can be stopped; nothing else is done with it.
void Supervisor::adopt_foreign(const Launcher::Foreign& foreign) {
  const std::string& name = foreign.vm.plan.name;
  const std::string why = foreign.pid == 0 ? foreign.why + "; it has no process" : foreign.why;
  const Vm* known = find(name);
  if (known != nullptr && known->why_foreign == why) return;
  Vm& vm = x_vms[name];
  vm = {};
  vm.record = foreign.vm;
  vm.why_foreign = why;
  vm.foreign_for_now = foreign.for_now;
  vm.status = {.name = name, .pid = foreign.pid, .since = foreign.vm.since};
  begin_run(vm);
  x_decisions.adopt(name, "left as it is, because " + why);
  vm.up = vm.ever_up = foreign.pid != 0;
  set_state(vm, VmState::foreign, {.outcome = Outcome::none, .reason = why});
  if (!foreign.for_now) watch_process(vm);
}

void Supervisor::look_again_later() {
  const auto is_due = [](const auto& vm) {
    return vm.second.foreign_for_now && vm.second.status.state == VmState::foreign;
  };
  if (std::none_of(x_vms.begin(), x_vms.end(), is_due) || std::exchange(x_looking_again, true)) return;
  x_loop.after(kLookAgain, [this, is_due] {
    std::set<std::string> names;
    std::map<std::string, Run> runs;
    for (const auto& vm : x_vms) {
      if (is_due(vm)) names.insert(vm.first), runs[vm.first] = vm.second.run;
    }
    x_workers.run<Launcher::Found>(
        Workers::kNoDeadline, [this, names] { return x_launcher.adopt(names); },
        [this, runs](Result<Launcher::Found> found) {
          x_looking_again = false;
          // Somebody may have stopped it meanwhile.
          const auto is_over = [&](const auto& one) {
            const Vm* vm = find(runs.at(one.vm.plan.name));
            return vm == nullptr || vm->status.state != VmState::foreign;
          };
          if (found) {
            std::erase_if(found->adopted, is_over);
            std::erase_if(found->foreign, is_over);
            adopt(std::move(*found));
          }
          look_again_later();
          x_hooks.settled();
        });
  });
}

void Supervisor::adopt_living(Vm& vm, const VmProgress& progress) {
  const std::string& name = vm.status.name;
  watch_process(vm);
  if (progress.phase == VmProgress::Phase::waiting) {
    x_decisions.adopt(name, "waiting to be let run");
    return await_conditions(vm, vm.status.pid);
  }
  x_decisions.adopt(name, vm.stop_requested ? "running, to be stopped" : "running");
  vm.status.state = VmState::running;
  if (progress.since_ms != 0) vm.status.since = progress.since_ms / 1000;
  vm.up = vm.resumed = vm.plugged = true;
  vm.up_since =
      Clock::now() - std::chrono::milliseconds(std::max<std::int64_t>(0, now_ms() - vm.status.since * 1000));
  if (vm.record.owned) {
    x_loop.after(kOwnerGrace, [this, name, set = vm.record.set] {
      Vm* orphan = find(name);
      if (orphan != nullptr && orphan->record.set == set && orphan->owner == 0) stop_vm(*orphan, 0);
    });
  }
  // It may have panicked while nobody looked.
  find_out_why_paused(vm.run);
}

// A domain whose guest powers off, or whose process dies, just while a new libvirt takes it over is ended by
// libvirt without an event. So the process is watched, too.
void Supervisor::watch_process(Vm& vm) {
  const pid_t pid = vm.status.pid;
  if (pid <= 0) return;
  const auto ended = [this, name = vm.status.name, pid] { process_ended(name, pid); };
  vm.process = open_pidfd(pid);
  if (!vm.process) {
    x_loop.after(kEventGrace, ended);
    return;
  }
  const int fd = vm.process.get();
  const auto watched = x_loop.watch(fd, EPOLLIN, [this, fd, ended](std::uint32_t) {
    x_loop.unwatch(fd);
    x_loop.after(kEventGrace, ended);
  });
  if (!watched) vm.process.reset();
}

void Supervisor::process_ended(const std::string& name, pid_t pid) {
  const Vm* vm = find(name);
  if (vm == nullptr || vm->status.pid != pid || vm->gone || vm->status.over()) return;
  x_workers.run<bool>(
      kAnswer, [this, record = vm->record] { return x_launcher.has_domain(record); },
      [this, run = vm->run](const Result<bool>& there) {
        Vm* gone = find(run);
        // What cannot be asked is not gone.
        if (there && !*there && gone != nullptr && !gone->status.over()) {
          domain_gone(
              *gone, gone->powered_off ? host::DomainEvent::Stop::shutdown : host::DomainEvent::Stop::failed);
        }
        x_hooks.settled();
      });
}

void Supervisor::adopt_dead(Vm& vm, const VmProgress& progress) {
  const std::string& name = vm.status.name;
  const bool between_runs =
      progress.phase == VmProgress::Phase::restarting || progress.phase == VmProgress::Phase::creating;
  if (between_runs) {
    const auto left = std::chrono::milliseconds(std::max<std::int64_t>(0, progress.due_ms - now_ms()));
    x_decisions.adopt(name, fmt::format("to be started again in {} ms", left.count()));
    set_state(vm, VmState::restarting, {.outcome = progress.outcome, .reason = progress.reason},
              progress.due_ms / 1000);
    return wait_for_retry(vm, left);
  }
  x_decisions.adopt(name, "it ended while no qvmd ran");
  vm.status.state = VmState::stopping;
  vm.gone = host::DomainEvent::Stop::failed;
  if (progress.phase == VmProgress::Phase::running && progress.since_ms != 0) {
    vm.up = true;
    vm.up_since =
        Clock::now() - std::chrono::milliseconds(std::max<std::int64_t>(0, now_ms() - progress.since_ms));
  }
  begin_end(vm);
}

void Supervisor::handle(ClientId client, Request request) {
  switch (request.operation) {
    case Request::Operation::prepare:
      x_workers.run<void>(
          Workers::kNoDeadline, [this] { x_launcher.prepare_host(); },
          [this](const auto&) { x_hooks.settled(); });
      break;
    case Request::Operation::start:
      start(client, request);
      break;
    case Request::Operation::cancel:
      cancel_of(client);
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
  x_workers.run<std::string>(
      kAnswer, [this, ask = std::move(ask)] { return ask(x_regions); },
      [this, client](Result<std::string> answer) {
        if (!answer) {
          send_failed(client, answer.error().message());
        } else {
          x_hooks.send(client, {.kind = Reply::Kind::done, .text = std::move(*answer)});
        }
        x_hooks.settled();
      });
}

void Supervisor::cancel_of(ClientId client) {
  const auto jobs = x_starts;
  for (const auto& job : jobs) {
    if (job->client == client) cancel(job);
  }
}

void Supervisor::client_gone(ClientId client) {
  x_watched.erase(client);
  // What it wanted stopped is stopped all the same.
  for (StopWait& wait : x_stops) {
    if (wait.client == client) wait.client = 0;
  }
  cancel_of(client);
  std::vector<std::string> owned;
  for (const auto& [name, vm] : x_vms) {
    if (vm.owner == client) owned.push_back(name);
  }
  for (const std::string& name : owned) {
    if (Vm* vm = find(name)) stop_vm(*vm, 0);
  }
}

void Supervisor::on_domain_event(const host::DomainEvent& event) {
  using Kind = host::DomainEvent::Kind;
  Vm* vm = find(event.domain);
  if (vm == nullptr || vm->status.over()) return;
  // Only its end matters, however it comes.
  if (vm->status.state == VmState::foreign && event.kind != Kind::power_off && event.kind != Kind::stopped)
    return;
  switch (event.kind) {
    case Kind::started:
      break;  // the start job tells, with the pid
    case Kind::rebooted:
      ++vm->status.resets;
      tell(*vm);
      break;
    case Kind::resumed:
      vm->resumed = true;
      break;
    case Kind::paused:
      // Every VM is started paused.
      if (vm->resumed) x_loop.after(kReasonGrace, [this, run = vm->run] { find_out_why_paused(run); });
      break;
    case Kind::watchdog:
      give_up_on(*vm, Outcome::watchdog);
      break;
    case Kind::panicked:
      give_up_on(*vm, Outcome::panicked);
      break;
    case Kind::reset:
      vm->reset = true;
      break;
    case Kind::power_off:
      vm->powered_off = true;
      break;
    case Kind::stopped:
      domain_gone(*vm, event.stop);
      break;
  }
}

void Supervisor::on_process_exit(pid_t pid, int wait_status) {
  // Those that libvirt starts to ask QEMU are nobody's: forget the oldest rather than grow.
  constexpr std::size_t kMaxExits = 256;
  if (x_exits.size() >= kMaxExits) x_exits.pop_front();
  x_exits.emplace_back(pid, wait_status);
}

void Supervisor::set_state(Vm& vm, VmState state, const Verdict& told, std::int64_t due) {
  vm.status.state = state;
  vm.status.outcome = told.outcome;
  vm.status.reason = told.reason;
  vm.status.due = due;
  vm.status.since = now();
  if (x_hooks.changed) x_hooks.changed(vm.status);
  tell(vm);
}

void Supervisor::save(const Vm& vm, VmProgress::Phase phase, std::int64_t due_ms) {
  const auto written = write_progress(x_paths, vm.status.name,
                                      {.phase = phase,
                                       .since_ms = now_ms(),
                                       .due_ms = due_ms,
                                       .in_a_row = vm.in_a_row,
                                       .restarts = vm.status.restarts,
                                       .stop_timeout_ms = vm.stop_timeout_ms,
                                       .outcome = vm.status.outcome,
                                       .reason = vm.status.reason});
  if (!written) x_decisions.failure(vm.status.name, written.error().message());
}

void Supervisor::tell(const Vm& vm) {
  // Whoever asked for a start that is taken back is told so when it is, and nobody else knows these VMs.
  if (vm.job && !vm.job->failure.empty()) return;
  for (const auto& [client, watched] : x_watched) {
    if (watched.contains(vm.status.name)) x_hooks.send(client, {.kind = Reply::Kind::vm, .vms = {vm.status}});
  }
}

void Supervisor::send(ClientId client, const Reply& reply) const {
  if (client != 0) x_hooks.send(client, reply);
}

Supervisor::Vm* Supervisor::find(const std::string& name) {
  const auto found = x_vms.find(name);
  return found == x_vms.end() ? nullptr : &found->second;
}

Supervisor::Vm* Supervisor::find(const Run& run) {
  Vm* vm = find(run.vm);
  return vm == nullptr || vm->run.number != run.number ? nullptr : vm;
}

void Supervisor::begin_run(Vm& vm) {
  vm.run = {.vm = vm.record.plan.name, .number = x_next_run++};
  vm.hurried = false;
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
  send(client, {.kind = Reply::Kind::failed, .text = std::move(why)});
}

void Supervisor::shorten_logs() const {
  for (const auto& [name, vm] : x_vms) {
    if (!vm.status.over()) daemon::shorten_logs(x_paths, name);
  }
}

bool Supervisor::has_vms() const {
  return !x_starts.empty() ||
         std::any_of(x_vms.begin(), x_vms.end(), [](const auto& vm) { return !vm.second.status.over(); });
}

bool Supervisor::idle() const {
  return !x_workers.busy() && !has_vms();
}

}  // namespace qvm::daemon
