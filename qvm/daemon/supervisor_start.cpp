// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How VMs start: a set as a whole, each guest when its conditions hold; and one VM again.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "config/supervision.h"
#include "qvm/base/process_limits.h"
#include "qvm/daemon/supervisor.h"
#include "qvm/daemon/wall_clock.h"

namespace qvm::daemon {
namespace {

// How often consoles and regions are looked at while somebody waits for them.
constexpr std::chrono::milliseconds kPollPeriod{50};
// How long the making of a set or of a VM may take before the processes that there are by then are ended.
// Hosts that are emulated themselves take half a minute, and libvirt asks a QEMU that is new to it for
// seconds more.
constexpr std::chrono::seconds kMaking{180};
// Open files of qvmd: at most per VM while it is made, and whatever else comes up meanwhile.
constexpr std::uint64_t kFilesOfAVm = 12;
constexpr std::uint64_t kFilesOfADaemon = 16;

// VMs that wait for VMs of another set, or in a circle, would wait for ever.
Result<void> check_dependencies(const std::vector<VmRecord>& set) {
  config::Dependencies dependencies;
  for (const VmRecord& vm : set) dependencies[vm.plan.name] = config::named_vms(vm.plan.depends_on);
  for (const auto& [name, others] : dependencies) {
    for (const std::string& other : others) {
      if (other == name) return fail(fmt::format("VM '{}' depends on itself", name));
      if (!dependencies.contains(other)) {
        return fail(fmt::format("VM '{}' depends on VM '{}', which is not in its set", name, other));
      }
    }
  }
  const auto cycle = config::find_cycle(dependencies);
  if (cycle.empty()) return {};
  return fail(fmt::format("VM '{}' and VM '{}' depend on each other", cycle.front(), cycle.back()));
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

// A qvmd that runs out of descriptors in the middle could not serve anybody any more.
Result<void> check_files(std::size_t vms) {
  return check_file_limit(process_limit(RLIMIT_NOFILE), count_open_files(),
                          kFilesOfADaemon + kFilesOfAVm * vms, fmt::format("a start of {} VMs", vms));
}

}  // namespace

Result<void> Supervisor::check_name(const std::string& name) const {
  if (std::string why = why_not_a_vm_name(name); !why.empty()) return fail(std::move(why));
  const auto other = x_vms.find(name);
  if (other == x_vms.end() || other->second.status.over()) return {};
  const VmStatus& status = other->second.status;
  return fail(fmt::format(
      "a VM '{}' is {} already{}: stop it with 'qvm down {}', or give this one another name", name,
      to_string(status.state), status.pid == 0 ? "" : fmt::format(" (pid {})", status.pid), name));
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
    if (plan->host.runtime_directory != x_paths.root()) {
      return fail(fmt::format("VM '{}' was planned for '{}', not for '{}'", name,
                              plan->host.runtime_directory, x_paths.root()));
    }
    if (auto free = check_name(name); !free) return tl::unexpected(std::move(free.error()));
    if (!names.insert(name).second) return fail(fmt::format("two VMs of this set have the name '{}'", name));
    for (const VmRecord& mate : set) {
      if (auto fine = check_users(*plan, mate.plan); !fine) return tl::unexpected(std::move(fine.error()));
    }
    for (const auto& [running, vm] : x_vms) {
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
  if (auto possible = check_dependencies(set); !possible) return tl::unexpected(std::move(possible.error()));
  return set;
}

void Supervisor::start(ClientId client, const Request& request) {
  auto set = records_for(request);
  if (!set) return send_failed(client, set.error().message());
  if (auto enough = check_files(set->size()); !enough) return send_failed(client, enough.error().message());
  auto job = std::make_shared<StartJob>();
  job->client = client;
  job->set = std::move(*set);
  if (request.libvirt_uri.empty()) {
    if (std::string note = x_hooks.note_before_start(); !note.empty()) {
      x_hooks.send(client, {.kind = Reply::Kind::progress, .text = std::move(note)});
    }
  }
  for (const VmRecord& record : job->set) {
    job->names.push_back(record.plan.name);
    Vm vm;
    vm.record = record;
    vm.status.name = record.plan.name;
    vm.status.terminals = terminals_of(record.plan);
    vm.owner = request.owned ? client : 0;
    vm.job = job;
    vm.busy = true;
    begin_run(vm);
    x_watched[client].insert(record.plan.name);
    set_state(x_vms[record.plan.name] = std::move(vm), VmState::starting);
    end_if_still_busy(x_vms[record.plan.name].run, kMaking);
  }
  x_decisions.start(job->names);
  x_starts.push_back(job);
  using Processes = std::vector<host::DomainInfo>;
  x_workers.run<Processes>(
      Workers::kNoDeadline, [this, job] { return x_launcher.create(job->set, job->cancelled); },
      [this, job](Result<Processes> result) {
        job->result = std::move(result);
        created(job);
      });
}

void Supervisor::created(const std::shared_ptr<StartJob>& job) {
  job->created = true;
  if (!*job->result) {
    // The launcher has taken everything back.
    const std::string why = job->result->error().message();
    x_decisions.start_fails(job->names, why);
    forget_set(*job);
    send_failed(job->client, why);
    settle_stops();
    return x_hooks.settled();
  }
  for (std::size_t i = 0; i < job->names.size(); ++i) {
    Vm& vm = x_vms.at(job->names[i]);
    vm.busy = false;
    if (vm.record.plan.dryrun) {
      vm.status.pid = (**job->result)[i].pid;
      vm.up = vm.ever_up = true;
      set_state(vm, VmState::running);
    } else {
      await_conditions(vm, (**job->result)[i].pid);
    }
  }
  if (job->cancelled) return roll_back(job, "interrupted");
  check_job(job);
  for (const std::string& name : job->names) {
    if (Vm* vm = find(name)) after_busy(*vm);
  }
  advance();
}

void Supervisor::await_conditions(Vm& vm, pid_t pid) {
  vm.status.pid = pid;
  vm.waiting.emplace(vm.record.plan.depends_on, Clock::now());
}

// Lets run whom nothing keeps any more, and ends the start of those who have waited in vain.
void Supervisor::advance() {
  std::vector<std::pair<std::string, Waiting::Result>> looks;
  const Facts known = facts();
  for (auto& [name, vm] : x_vms) {
    if (vm.waiting && !vm.gone && !vm.stop_requested)
      looks.emplace_back(name, vm.waiting->look(known, Clock::now()));
  }
  for (auto& [name, look] : looks) follow(name, std::move(look));
  poll_later();
}

void Supervisor::follow(const std::string& name, Waiting::Result look) {
  Vm* vm = find(name);
  if (vm == nullptr || !vm->waiting || vm->stop_requested) return;
  for (const std::string& what : look.met) {
    if (vm->status.state == VmState::waiting) x_decisions.condition_met(name, what);
  }
  switch (look.kind) {
    case Waiting::Result::Kind::ready:
      vm->waiting.reset();
      return let_run(*vm);
    case Waiting::Result::Kind::waiting:
      if (vm->status.state == VmState::waiting && vm->status.reason == look.text) return;
      x_decisions.wait(name, look.text);
      return set_state(*vm, VmState::waiting, {.outcome = Outcome::none, .reason = std::move(look.text)});
    case Waiting::Result::Kind::failed:
      if (vm->job) return roll_back(vm->job, fmt::format("VM '{}' is not started: {}", name, look.text));
      vm->waiting.reset();
      vm->why_not_started = std::move(look.text);
      set_state(*vm, VmState::stopping);
      return destroy_vm(*vm);
  }
}

Facts Supervisor::facts() {
  return {
      .progress =
          [this](const std::string& name) {
            const Vm* vm = find(name);
            // One that ended before this qvmd came: its set was started, so it has run.
            if (vm == nullptr) return Progress::was_run;
            if (vm->up) return Progress::runs;
            if (!vm->status.over()) return Progress::not_yet;
            return vm->ever_up ? Progress::was_run : Progress::never_ran;
          },
      .shown =
          [this](const std::string& name, const std::string& text) {
            const auto search = x_searches.try_emplace({name, text}, x_paths.console_log(name), text).first;
            return search->second.look();
          },
      .clients = [this](const std::string& region) -> std::optional<unsigned> {
        const auto found = x_clients.find(region);
        if (found == x_clients.end()) return std::nullopt;
        return found->second;
      }};
}

void Supervisor::poll_later() {
  const bool waits = std::any_of(x_vms.begin(), x_vms.end(), [](const auto& vm) {
    return vm.second.waiting && vm.second.waiting->must_poll();
  });
  if (!waits) {
    x_searches.clear();
    x_clients.clear();
    return;
  }
  if (std::exchange(x_polling, true)) return;
  x_loop.after(kPollPeriod, [this] { poll(); });
}

void Supervisor::poll() {
  std::set<std::string> regions;
  for (const auto& [name, vm] : x_vms) {
    if (!vm.waiting) continue;
    for (std::string& region : vm.waiting->regions()) regions.insert(std::move(region));
  }
  if (regions.empty()) {
    x_polling = false;
    return advance();
  }
  using Clients = std::map<std::string, unsigned>;
  x_workers.run<Clients>(
      Workers::kNoDeadline,
      [this, regions] {
        Clients found;
        for (const std::string& region : regions) {
          // While qvm-regiond is away the region counts as absent: a new one comes in a moment.
          const auto clients = x_regions.clients(region);
          if (clients && *clients) found[region] = **clients;
        }
        return found;
      },
      [this](Result<Clients> found) {
        x_clients = std::move(found).value_or(Clients());
        x_polling = false;
        advance();
        x_hooks.settled();
      });
}

void Supervisor::let_run(Vm& vm) {
  vm.busy = true;
  // Told before it is so: a guest may be done before the call that let it run returns.
  set_state(vm, VmState::running);
  x_decisions.run(vm.status.name, vm.status.pid);
  vm.plugging = true;
  auto ends = std::make_shared<Result<std::vector<PluggedEnd>>>(make_links(vm));
  x_workers.run<void>(
      kMonitorAnswer,
      [this, record = vm.record, ends]() -> Result<void> {
        if (!*ends) return tl::unexpected(ends->error());
        auto plugged = x_launcher.plug_in(record, **ends);
        *ends = {};
        return plugged ? x_launcher.resume(record) : plugged;
      },
      [this, run = vm.run](const Result<void>& result) { let_run_done(*find(run), result); });
}

void Supervisor::let_run_done(Vm& vm, const Result<void>& result) {
  const std::string name = vm.status.name;
  vm.busy = vm.plugging = false;
  plug_in_next(vm);
  if (result) {
    vm.up = vm.ever_up = true;
    vm.up_since = Clock::now();
    if (!vm.stop_requested) save(vm, VmProgress::Phase::running);
    advance();
    check_job(vm.job);
  } else if (vm.job) {
    roll_back(vm.job, fmt::format("VM '{}': {}", name, result.error().message()));
  } else {
    vm.why_not_started = result.error().message();
  }
  if (Vm* same = find(name)) after_busy(*same);
}

// What had to wait: its end, a request to stop, a failure.
void Supervisor::after_busy(Vm& vm) {
  if (vm.busy || vm.ending || vm.status.over()) return;
  if (vm.gone) return begin_end(vm);
  if (vm.stop_requested) return begin_to_end(vm);
  if (vm.verdict != Outcome::none || !vm.why_not_started.empty()) {
    set_state(vm, VmState::stopping);
    destroy_vm(vm);
  }
}

// The start is complete when every guest has been let run; what became of it since is another matter.
void Supervisor::check_job(std::shared_ptr<StartJob> job) {
  if (!job || !job->failure.empty()) return;
  const bool all = std::all_of(job->names.begin(), job->names.end(),
                               [this](const std::string& name) { return x_vms.at(name).ever_up; });
  if (!all) return;
  for (const std::string& name : job->names) {
    Vm& vm = x_vms.at(name);
    vm.job.reset();
    if (!vm.status.over() && !vm.leaving) x_launcher.mark_started(vm.record);
  }
  std::erase(x_starts, job);
  x_decisions.start_done(job->names);
  send(job->client, {.kind = Reply::Kind::done, .vms = statuses(job->names)});
}

void Supervisor::cancel(const std::shared_ptr<StartJob>& job) {
  job->cancelled = true;
  if (job->created) return roll_back(job, "interrupted");
  // The launcher sees it, unless it waits for a process.
  for (const std::string& name : job->names) hurry(x_vms.at(name));
}

// Takes back what was started of a set. `failed` is said when nothing is left.
void Supervisor::roll_back(const std::shared_ptr<StartJob>& job, const std::string& why) {
  if (!job->failure.empty()) return;
  job->failure = why;
  x_decisions.start_fails(job->names, why);
  for (const std::string& name : job->names) {
    Vm& vm = x_vms.at(name);
    vm.stop_requested = true;
    vm.stop_timeout_ms = 0;
    begin_to_end(vm);
  }
  check_roll_back(job);
}

void Supervisor::check_roll_back(std::shared_ptr<StartJob> job) {
  const bool all = std::all_of(job->names.begin(), job->names.end(),
                               [this](const std::string& name) { return x_vms.at(name).status.over(); });
  if (!all) return;
  forget_set(*job);
  send_failed(job->client, job->failure);
  settle_stops();
}

void Supervisor::forget_set(StartJob& job) {
  // The answer says it all: no news about VMs that never were.
  for (const std::string& name : job.names) {
    x_vms.erase(name);
    for (auto& [client, watched] : x_watched) watched.erase(name);
  }
  std::erase_if(x_starts, [&](const auto& other) { return other.get() == &job; });
}

void Supervisor::retry(const std::string& name) {
  Vm& vm = x_vms.at(name);
  vm.retry.reset();
  vm.verdict = Outcome::none;
  vm.resumed = false;
  vm.powered_off = vm.reset = false;
  vm.busy = true;
  begin_run(vm);
  ++vm.status.restarts;
  vm.status.resets = 0;
  x_decisions.restart(name);
  save(vm, VmProgress::Phase::creating);
  set_state(vm, VmState::starting);
  end_if_still_busy(vm.run, kMaking);
  x_workers.run<host::DomainInfo>(
      Workers::kNoDeadline, [this, record = vm.record] { return x_launcher.create_again(record); },
      [this, run = vm.run](const Result<host::DomainInfo>& result) {
        Vm& made = *find(run);
        made.busy = false;
        if (!result) return attempt_failed(made, result.error().message());
        await_conditions(made, result->pid);
        if (!made.stop_requested) save(made, VmProgress::Phase::waiting);
        after_busy(made);
        advance();
      });
}

}  // namespace qvm::daemon
