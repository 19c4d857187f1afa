// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How each effect is carried out. What blocks runs on a worker with a deadline, unless nothing may be done
// before it has come to its end.
#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <random>
#include <utility>

#include "qvm/base/pidfd.h"
#include "qvm/daemon/files/clock.h"
#include "qvm/daemon/files/records.h"
#include "qvm/daemon/supervisor.h"

namespace qvm::daemon {
namespace {

// Libvirt answers at once, unless it hangs.
constexpr std::chrono::seconds kAnswer{10};
// How long libvirt may take to end a process, which it kills after 10 s.
constexpr std::chrono::seconds kDestroy{30};
// How long after the end of a process libvirt may take to tell of it.
constexpr std::chrono::milliseconds kEventGrace{500};
// How often consoles and regions are looked at while somebody waits for them.
constexpr std::chrono::milliseconds kObservePeriod{50};

template <class T>
lifecycle::Failure failure_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().message();
}

}  // namespace

void Supervisor::carry_out(const lifecycle::MakeSet& effect) {
  const std::shared_ptr<Making> making = x_makings.at(effect.start);
  for (const VmRecord& vm : making->set) x_records[vm.plan.name] = std::make_shared<const VmRecord>(vm);
  for (const lifecycle::Domain& domain : effect.domains) making->uuids.push_back(new_domain(domain.run));
  using Processes = std::vector<host::DomainInfo>;
  x_workers.run<Processes>(
      Workers::kNoDeadline,
      [this, making] { return x_launcher.create(making->set, making->uuids, making->cancelled); },
      [this, start = effect.start](const Result<Processes>& result) {
        lifecycle::SetMade made{.start = start, .why = failure_of(result)};
        if (result) {
          for (const host::DomainInfo& process : *result) made.pids.push_back(process.pid);
        } else {
          const Making& failed = *x_makings.at(start);
          for (const VmRecord& vm : failed.set) x_records.erase(vm.plan.name);
          for (const std::string& uuid : failed.uuids) x_domains.erase(uuid);
        }
        x_makings.erase(start);
        happen(std::move(made));
      });
}

// A UUID that tells the run, and no other qvmd's.
std::string Supervisor::new_domain(lifecycle::RunId run) {
  static const std::uint64_t ours = [] {
    std::random_device random;
    return std::uint64_t{random()} << 32U | random();
  }();
  const std::string uuid =
      fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", ours >> 32U, ours >> 16U & 0xffffU, ours & 0xfffU,
                  run >> 48U & 0xfffU, run & 0xffff'ffff'ffffU);
  x_domains[uuid] = run;
  return uuid;
}

void Supervisor::carry_out(const lifecycle::CancelMaking& effect) {
  x_makings.at(effect.start)->cancelled = true;
}

void Supervisor::carry_out(const lifecycle::MakeAgain& effect) {
  x_workers.run<host::DomainInfo>(
      Workers::kNoDeadline,
      [this, vm = record(effect.domain), uuid = new_domain(effect.domain.run)] {
        return x_launcher.create_again(*vm, uuid);
      },
      [this, run = effect.domain.run](const Result<host::DomainInfo>& result) {
        happen(lifecycle::MadeAgain{run, result ? result->pid : 0, failure_of(result)});
      });
}

void Supervisor::carry_out(const lifecycle::LetRun& effect) {
  const lifecycle::RunId run = effect.domain.run;
  const Record vm = record(effect.domain);
  const auto ends = std::make_shared<Result<std::vector<PluggedEnd>>>(x_plugger.join(run, vm));
  x_workers.run<void>(
      Plugger::kPatience,
      [this, vm, ends]() -> Result<void> {
        if (!*ends) return tl::unexpected(ends->error());
        auto plugged = x_launcher.plug_in(*vm, **ends);
        *ends = {};
        return plugged ? x_launcher.resume(*vm) : plugged;
      },
      [this, run](const Result<void>& result) {
        x_plugger.joined(run);
        happen(lifecycle::LetRunDone{run, failure_of(result)});
      });
}

void Supervisor::carry_out(const lifecycle::LinkAgain& effect) {
  x_plugger.join_again(effect.domain.run, record(effect.domain));
}

void Supervisor::carry_out(const lifecycle::AskPowerOff& effect) {
  x_workers.run<void>(
      effect.timeout, [this, vm = record(effect.domain)] { return x_launcher.shutdown(*vm); },
      [](const auto&) {});
}

void Supervisor::carry_out(const lifecycle::Destroy& effect) {
  x_workers.run<void>(
      kDestroy, [this, vm = record(effect.domain)] { return x_launcher.destroy(*vm); },
      [this, run = effect.domain.run](const Result<void>& result) {
        happen(lifecycle::Destroyed{run, failure_of(result)});
      });
}

void Supervisor::carry_out(const lifecycle::Kill& effect) {
  x_workers.run<void>(
      kDestroy, [this, vm = record(effect.domain)] { x_launcher.kill(*vm); },
      [this, run = effect.domain.run](const auto&) { happen(lifecycle::Killed{run}); });
}

// Without a deadline: no run begins while anything of the one before is left.
void Supervisor::carry_out(const lifecycle::Conclude& effect) {
  const lifecycle::RunId run = effect.domain.run;
  unwatch_process(run);
  x_plugger.leave(run);
  x_workers.run<host::LastWords>(
      Workers::kNoDeadline,
      [this, vm = record(effect.domain)] {
        // Nothing if it is gone, as it should be.
        (void)x_launcher.destroy(*vm);
        host::LastWords words = x_launcher.last_words(*vm);
        x_launcher.release(*vm);
        return words;
      },
      [this, run, pid = effect.pid](Result<host::LastWords> found) {
        x_plugger.when_left(run, [this, run, pid, words = std::move(found).value_or(host::LastWords())] {
          std::erase_if(x_domains, [run](const auto& domain) { return domain.second == run; });
          happen(lifecycle::Concluded{run, words, take_exit(pid)});
        });
      });
}

void Supervisor::carry_out(const lifecycle::CleanUp& effect) {
  const auto last = effect.last_of_set ? Launcher::LastOfSet::yes : Launcher::LastOfSet::no;
  x_workers.run<void>(
      Workers::kNoDeadline, [this, vm = record(effect.domain), last] { x_launcher.clean_up(*vm, last); },
      [this, domain = effect.domain](const auto&) {
        x_records.erase(domain.name);
        happen(lifecycle::CleanedUp{domain.run});
      });
}

void Supervisor::carry_out(const lifecycle::AskStandstill& effect) {
  const auto ask = [this, vm = record(effect.domain), run = effect.domain.run] {
    x_workers.run<host::Standstill>(
        kAnswer, [this, vm] { return x_launcher.standstill(*vm); },
        [this, run](const Result<host::Standstill>& why) {
          if (why) happen(lifecycle::StandstillTold{run, *why});
        });
  };
  if (effect.delay.count() == 0) return ask();
  x_loop.after(effect.delay, ask);
}

void Supervisor::carry_out(const lifecycle::AskForDomain& effect) {
  x_workers.run<bool>(
      kAnswer, [this, vm = record(effect.domain)] { return x_launcher.has_domain(*vm); },
      [this, run = effect.domain.run](const Result<bool>& there) {
        // What cannot be asked is not gone.
        if (there && !*there) happen(lifecycle::DomainMissed{run});
      });
}

void Supervisor::carry_out(const lifecycle::WatchProcess& effect) {
  const lifecycle::RunId run = effect.run;
  const auto ended = [this, run] { happen(lifecycle::ProcessEnded{run}); };
  UniqueFd process = open_pidfd(effect.pid);
  if (!process) {
    x_loop.after(kEventGrace, ended);
    return;
  }
  const auto watched = x_loop.watch(process.get(), EPOLLIN, [this, run, ended](std::uint32_t) {
    unwatch_process(run);
    x_loop.after(kEventGrace, ended);
  });
  if (watched) x_processes[run] = std::move(process);
}

void Supervisor::unwatch_process(lifecycle::RunId run) {
  const auto found = x_processes.find(run);
  if (found == x_processes.end()) return;
  x_loop.unwatch(found->second.get());
  x_processes.erase(found);
}

void Supervisor::carry_out(const lifecycle::Arm& effect) {
  x_loop.after(effect.delay, [this, run = effect.run, stage = effect.stage] {
    happen(lifecycle::TimerFired{run, stage});
  });
}

void Supervisor::carry_out(const lifecycle::ArmOwner& effect) {
  x_loop.after(effect.delay, [this, vm = effect.vm] { happen(lifecycle::OwnerOverdue{vm}); });
}

void Supervisor::carry_out(const lifecycle::ArmLookAgain& effect) {
  x_loop.after(effect.delay, [this] { happen(lifecycle::LookAgainDue{}); });
}

void Supervisor::carry_out(const lifecycle::LookAgain& effect) {
  x_workers.run<Launcher::Found>(
      Workers::kNoDeadline, [this, names = effect.names] { return x_launcher.adopt(names); },
      [this](const Result<Launcher::Found>& found) { take_over(found.value_or(Launcher::Found()), {}); });
}

void Supervisor::carry_out(const lifecycle::Save& effect) {
  const auto written = write_progress(x_paths, effect.vm, effect.progress);
  if (!written) x_decisions.failure(effect.vm, written.error().message());
}

void Supervisor::carry_out(const lifecycle::MarkStarted& effect) {
  x_launcher.mark_started(*record(effect.domain));
}

void Supervisor::carry_out(const lifecycle::Remember& effect) {
  const auto written = remember_end(x_paths, effect.status);
  if (!written) x_decisions.failure(effect.status.name, written.error().message());
}

void Supervisor::carry_out(const lifecycle::Forget& effect) {
  forget_end(x_paths, effect.vm);
}

void Supervisor::carry_out(const lifecycle::Answer& effect) {
  if (effect.why) return send_failed(effect.client, *effect.why);
  x_hooks.send(effect.client, {.kind = Reply::Kind::done, .vms = effect.vms});
}

void Supervisor::carry_out(const lifecycle::Tell& effect) {
  x_hooks.send(effect.client, {.kind = Reply::Kind::vm, .vms = {effect.status}});
}

void Supervisor::carry_out(const lifecycle::Changed& effect) {
  if (x_hooks.changed) x_hooks.changed(effect.status);
}

void Supervisor::carry_out(const lifecycle::Note& effect) {
  if (x_hooks.decided) x_hooks.decided(effect.vm, effect.text);
}

void Supervisor::observe_later() {
  if (!x_machine.is_curious()) return x_searches.clear();
  if (std::exchange(x_observing, true)) return;
  x_loop.after(kObservePeriod, [this] { observe(); });
}

void Supervisor::observe() {
  const auto regions = x_machine.questions().regions;
  if (regions.empty()) return observed({});
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
      [this](Result<Clients> found) { observed(std::move(found).value_or(Clients())); });
}

void Supervisor::observed(std::map<std::string, unsigned> clients) {
  lifecycle::Observed seen{.clients = std::move(clients)};
  for (const lifecycle::ConsoleText& asked : x_machine.questions().consoles) {
    const std::string log = x_paths.console_log(asked.vm);
    if (x_searches.try_emplace(asked, log, asked.text).first->second.look()) seen.shown.insert(asked);
  }
  x_observing = false;
  happen(std::move(seen));
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

}  // namespace qvm::daemon
