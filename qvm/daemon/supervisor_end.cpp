// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How VMs end, wanted and unwanted, and what follows from it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "qvm/daemon/restart.h"
#include "qvm/daemon/stop_order.h"
#include "qvm/daemon/supervisor.h"
#include "qvm/daemon/wall_clock.h"

namespace qvm::daemon {
namespace {

// How long libvirt may take to end a process, which it kills after 10 s.
constexpr std::chrono::seconds kDestroy{30};
// How long a VM that is to end may be busy with its start before its process is ended.
constexpr std::chrono::seconds kBusyGrace{3};
constexpr std::chrono::seconds kStandstillAnswer{10};

}  // namespace

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
  begin_stop({.client = client, .names = names, .timeout_ms = request.timeout_ms});
}

void Supervisor::begin_stop(StopWait wait) {
  x_decisions.stop_asked(wait.names, std::chrono::milliseconds(wait.timeout_ms));
  // At once for all: what ends before its turn is not started again, by a successor neither.
  for (const std::string& name : wait.names) {
    Vm& vm = x_vms.at(name);
    if (vm.status.over() || vm.job) continue;
    vm.stop_requested = true;
    vm.stop_timeout_ms = wait.timeout_ms;
    // One that is being made is half-made to a successor, which takes it away.
    if (!vm.leaving && !vm.busy) save(vm, VmProgress::Phase::stopping);
  }
  x_stops.push_back(std::move(wait));
  advance_stops();
  settle_stops();
}

void Supervisor::end_all() {
  StopWait all;
  for (const auto& [name, vm] : x_vms) {
    if (!vm.status.over()) all.names.push_back(name);
  }
  if (!all.names.empty()) begin_stop(std::move(all));
}

// Stops those whose turn it is: who depends on others goes before them.
void Supervisor::advance_stops() {
  config::Dependencies dependencies;
  for (const auto& [name, vm] : x_vms) dependencies[name] = config::named_vms(vm.record.plan.depends_on);
  std::vector<std::pair<std::string, std::uint32_t>> turns;
  for (const StopWait& wait : x_stops) {
    std::set<std::string> alive;
    for (const std::string& name : wait.names) {
      const Vm* vm = find(name);
      if (vm != nullptr && !vm->status.over()) alive.insert(name);
    }
    for (std::string& name : may_stop_now(alive, dependencies))
      turns.emplace_back(std::move(name), wait.timeout_ms);
  }
  for (const auto& [name, timeout_ms] : turns) {
    Vm* vm = find(name);
    if (vm != nullptr && !vm->stop_begun) stop_vm(*vm, timeout_ms);
  }
}

void Supervisor::stop_vm(Vm& vm, std::uint32_t timeout_ms) {
  if (vm.status.over()) return;
  if (vm.job) return cancel(std::shared_ptr<StartJob>(vm.job));
  vm.stop_requested = true;
  vm.stop_timeout_ms = timeout_ms;
  begin_to_end(vm);
}

// Its end is wanted and its turn has come.
void Supervisor::begin_to_end(Vm& vm) {
  if (vm.busy) return hurry(vm);
  if (vm.gone && !vm.ending && !vm.status.over()) return begin_end(vm);
  if (vm.ending || vm.gone || vm.status.over() || std::exchange(vm.stop_begun, true)) return;
  vm.waiting.reset();
  if (vm.retry) {
    x_loop.cancel(*std::exchange(vm.retry, std::nullopt));
    set_state(vm, VmState::stopping);
    return end_for_good(vm, {.outcome = Outcome::stopped, .reason = {}});
  }
  const std::string name = vm.status.name;
  if (!vm.job) save(vm, VmProgress::Phase::stopping);
  // A guest that has not run yet cannot power off.
  const std::chrono::milliseconds timeout(vm.up ? vm.stop_timeout_ms : 0);
  x_decisions.stop(name, timeout);
  set_state(vm, VmState::stopping);
  if (timeout.count() == 0) return destroy_vm(vm);
  // If the guest does not listen, the timer ends it.
  x_workers.run<void>(
      timeout, [this, record = vm.record] { return x_launcher.shutdown(record); },
      [this](const Result<void>&) { x_hooks.settled(); });
  x_loop.after(timeout, [this, run = vm.run] {
    const Vm* late = find(run);
    if (late != nullptr && !late->gone && late->status.state == VmState::stopping) {
      x_decisions.stop(run.vm, {});
      destroy_vm(*late);
    }
  });
}

// A VM that is to end while it is made or let run.
void Supervisor::hurry(Vm& vm) {
  if (!std::exchange(vm.hurried, true)) end_if_still_busy(vm.run, kBusyGrace);
}

// What holds a VM's start may be its process, which does not answer: with the process the start ends, and has
// failed.
void Supervisor::end_if_still_busy(const Run& run, std::chrono::milliseconds patience) {
  x_loop.after(patience, [this, run] {
    const Vm* busy = find(run);
    if (busy == nullptr || !busy->busy) return;
    x_decisions.failure(run.vm, "its start does not come to an end; its process is ended");
    x_workers.run<void>(
        kDestroy, [this, record = busy->record] { x_launcher.kill(record); },
        [this, run](const auto&) {
          // It may not have had a process yet.
          const Vm* same = find(run);
          if (same != nullptr && same->busy) end_if_still_busy(run, kBusyGrace);
          x_hooks.settled();
        });
  });
}

void Supervisor::destroy_vm(const Vm& vm) {
  x_workers.run<void>(
      kDestroy, [this, record = vm.record] { return x_launcher.destroy(record); },
      [this, run = vm.run](const Result<void>& result) {
        Vm* same = find(run);
        if (same == nullptr || same->status.over() || same->gone || same->ending) return x_hooks.settled();
        if (result) return domain_gone(*same, host::DomainEvent::Stop::destroyed);
        destroy_failed(*same, result.error().message());
      });
}

void Supervisor::destroy_failed(Vm& vm, const std::string& why) {
  const std::string text = fmt::format("VM '{}' cannot be stopped: {}", vm.status.name, why);
  x_decisions.failure(vm.status.name, "cannot be stopped: " + why);
  // A start is taken back all the same.
  if (vm.job) return domain_gone(vm, host::DomainEvent::Stop::destroyed);
  vm.stop_requested = vm.stop_begun = false;
  if (!vm.why_foreign.empty()) {
    set_state(vm, VmState::foreign, {.outcome = Outcome::none, .reason = vm.why_foreign});
  } else {
    save(vm, VmProgress::Phase::running);
    set_state(vm, VmState::running);
  }
  for (StopWait& wait : x_stops) {
    if (std::find(wait.names.begin(), wait.names.end(), vm.status.name) == wait.names.end()) continue;
    wait.failure = text;
    // Those whose turn had not come run on.
    for (const std::string& name : wait.names) {
      Vm* other = find(name);
      if (other == nullptr || other->stop_begun || other->status.over() || other->leaving) continue;
      other->stop_requested = false;
      if (!other->busy && !other->retry) save(*other, VmProgress::Phase::running);
    }
  }
  settle_stops();
}

void Supervisor::find_out_why_paused(const Run& run) {
  const Vm* vm = find(run);
  if (vm == nullptr || vm->status.over() || vm->gone || !vm->up) return;
  x_workers.run<host::Standstill>(
      kStandstillAnswer, [this, record = vm->record] { return x_launcher.standstill(record); },
      [this, run](const Result<host::Standstill>& why) {
        Vm* paused = find(run);
        if (paused != nullptr && paused->up) {
          switch (why.value_or(host::Standstill::none)) {
            case host::Standstill::none:
              break;
            case host::Standstill::stuck:
              give_up_on(*paused, Outcome::unsupported);
              break;
            case host::Standstill::watchdog:
              give_up_on(*paused, Outcome::watchdog);
              break;
            case host::Standstill::panicked:
              give_up_on(*paused, Outcome::panicked);
              break;
          }
        }
        x_hooks.settled();
      });
}

// The guest cannot go on; its process still runs.
void Supervisor::give_up_on(Vm& vm, Outcome verdict) {
  if (vm.gone || vm.ending || vm.retry || vm.verdict != Outcome::none) return;
  vm.verdict = verdict;
  if (vm.busy) return;
  set_state(vm, VmState::stopping);
  destroy_vm(vm);
}

void Supervisor::domain_gone(Vm& vm, host::DomainEvent::Stop how) {
  // Between two runs there is no domain: this is late news of the one before.
  if (vm.gone || vm.ending || vm.retry) return;
  vm.gone = how;
  if (!vm.busy) begin_end(vm);
}

void Supervisor::begin_end(Vm& vm) {
  vm.ending = true;
  vm.waiting.reset();
  vm.plugged = false;
  vm.to_plug.clear();
  if (vm.process) x_loop.unwatch(vm.process.get());
  vm.process.reset();
  const auto ran = vm.up ? std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - vm.up_since)
                         : std::chrono::milliseconds(0);
  vm.up = false;
  if (vm.status.state != VmState::stopping) set_state(vm, VmState::stopping);
  x_workers.run<host::LastWords>(
      Workers::kNoDeadline,
      [this, record = vm.record] {
        // Nothing if it is gone, as it should be: no run begins while anything of the one before is left.
        (void)x_launcher.destroy(record);
        host::LastWords words = x_launcher.last_words(record);
        x_launcher.release(record);
        return words;
      },
      [this, run = vm.run, ran](Result<host::LastWords> found) {
        Vm& gone = *find(run);
        const host::LastWords words = std::move(found).value_or(host::LastWords());
        if (!gone.plugging) return judge_end(gone, words, ran);
        // The next run must not get what was meant for this one.
        gone.after_plugging = [this, run, words, ran] { judge_end(*find(run), words, ran); };
      });
}

void Supervisor::judge_end(Vm& vm, const host::LastWords& words, std::chrono::milliseconds ran) {
  if (!vm.why_not_started.empty())
    return ended(vm, {.outcome = Outcome::not_started, .reason = vm.why_not_started}, ran);
  const std::optional<int> exit = take_exit(vm.status.pid);
  ended(vm,
        judge({.how = *vm.gone,
               .known = vm.verdict,
               .stop_requested = vm.stop_requested,
               .reset = vm.reset,
               .wait_status = exit,
               .words = words}),
        ran);
}

std::optional<int> Supervisor::take_exit(pid_t pid) {
  // A number may be an older process's as well.
  const auto found =
      std::find_if(x_exits.rbegin(), x_exits.rend(), [pid](const auto& exit) { return exit.first == pid; });
  if (found == x_exits.rend()) return std::nullopt;
  const int status = found->second;
  std::erase_if(x_exits, [pid](const auto& exit) { return exit.first == pid; });
  return status;
}

// A start of this VM alone has come to nothing and left nothing.
void Supervisor::attempt_failed(Vm& vm, const std::string& why) {
  vm.ending = true;
  ended(vm, {.outcome = Outcome::not_started, .reason = why}, {});
}

void Supervisor::ended(Vm& vm, const Verdict& verdict, std::chrono::milliseconds ran) {
  const std::string name = vm.status.name;
  x_decisions.end(name, verdict.outcome, verdict.reason);
  if (vm.job && !vm.ever_up) {
    roll_back(std::shared_ptr<StartJob>(vm.job),
              fmt::format("VM '{}' ended before it was let run: {}", name, verdict.reason));
  }
  const RestartDecision decision =
      vm.stop_requested ? RestartDecision{}
                        : decide_restart(vm.record.plan.restart, verdict.outcome, vm.in_a_row, ran);
  x_decisions.after_end(name, decision);
  if (decision.kind == RestartDecision::Kind::restart) return restart_later(vm, verdict, decision);
  if (decision.kind == RestartDecision::Kind::end) return end_for_good(vm, verdict);
  const std::string given_up = fmt::format("given up after {} restart{} in a row", decision.in_a_row,
                                           decision.in_a_row == 1 ? "" : "s");
  end_for_good(vm, {.outcome = verdict.outcome,
                    .reason = verdict.reason.empty() ? given_up : verdict.reason + "; " + given_up});
}

void Supervisor::restart_later(Vm& vm, const Verdict& verdict, const RestartDecision& decision) {
  vm.in_a_row = decision.in_a_row;
  vm.ending = false;
  vm.gone.reset();
  vm.why_not_started.clear();
  vm.status.pid = 0;
  const std::int64_t due_ms = now_ms() + decision.delay.count();
  set_state(vm, VmState::restarting, verdict, (due_ms + 999) / 1000);
  save(vm, VmProgress::Phase::restarting, due_ms);
  // Of its set it may be the only one that is left to stand for it.
  if (!vm.job) x_launcher.mark_started(vm.record);
  wait_for_retry(vm, decision.delay);
  advance();
  x_hooks.settled();
}

void Supervisor::wait_for_retry(Vm& vm, std::chrono::milliseconds delay) {
  vm.retry = x_loop.after(delay, [this, name = vm.status.name] { retry(name); });
}

void Supervisor::end_for_good(Vm& vm, const Verdict& verdict) {
  vm.ending = vm.leaving = true;
  const auto last = last_of_set(vm) ? Launcher::LastOfSet::yes : Launcher::LastOfSet::no;
  x_workers.run<void>(
      Workers::kNoDeadline, [this, record = vm.record, last] { x_launcher.clean_up(record, last); },
      [this, run = vm.run, verdict](const auto&) { conclude(*find(run), verdict); });
}

bool Supervisor::last_of_set(const Vm& vm) const {
  return std::none_of(x_vms.begin(), x_vms.end(), [&](const auto& other) {
    return &other.second != &vm && other.second.record.set == vm.record.set && !other.second.leaving &&
           !other.second.status.over();
  });
}

void Supervisor::conclude(Vm& vm, const Verdict& verdict) {
  const std::shared_ptr<StartJob> job = vm.job;
  set_state(vm, is_failure(verdict.outcome) ? VmState::failed : VmState::stopped, verdict);
  if (job && !job->failure.empty()) check_roll_back(job);
  advance();
  advance_stops();
  settle_stops();
  x_hooks.settled();
}

void Supervisor::settle_stops() {
  std::vector<StopWait> done;
  std::erase_if(x_stops, [&](StopWait& wait) {
    const bool all_over = std::all_of(wait.names.begin(), wait.names.end(), [this](const std::string& name) {
      const Vm* vm = find(name);
      return vm == nullptr || vm->status.over();
    });
    if (!all_over && wait.failure.empty()) return false;
    done.push_back(std::move(wait));
    return true;
  });
  for (const StopWait& wait : done) {
    if (!wait.failure.empty()) {
      send_failed(wait.client, wait.failure);
    } else {
      send(wait.client, {.kind = Reply::Kind::done, .vms = statuses(wait.names)});
    }
  }
}

}  // namespace qvm::daemon
