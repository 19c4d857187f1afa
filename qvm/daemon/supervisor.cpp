// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/supervisor.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "qvm/base/process_limits.h"
#include "qvm/base/vm_name.h"
#include "qvm/daemon/files/clock.h"
#include "qvm/daemon/files/records.h"

namespace qvm::daemon {
namespace {

// Open files of qvmd: at most per VM while it is made, and whatever else comes up meanwhile.
constexpr std::uint64_t kFilesOfAVm = 12;
constexpr std::uint64_t kFilesOfADaemon = 16;

// A qvmd that runs out of descriptors in the middle could not serve anybody any more.
Result<void> check_files(std::size_t vms) {
  return check_file_limit(process_limit(RLIMIT_NOFILE), count_open_files(),
                          kFilesOfADaemon + kFilesOfAVm * vms, fmt::format("a start of {} VMs", vms));
}

lifecycle::Description description_of(const VmRecord& record) {
  const plan::VmPlan& plan = record.plan;
  return {.name = plan.name,
          .set = record.set,
          .depends_on = plan.depends_on,
          .restart = plan.restart,
          .runs_at_once = plan.dryrun,
          .owned = record.owned,
          .uid = plan.host.uid,
          .own_uid = plan.host.own_uid,
          .since = record.since,
          .terminals = terminals_of(plan)};
}

lifecycle::Adopted event_of(const Launcher::Found& found) {
  lifecycle::Adopted adopted;
  for (const Launcher::Adopted& vm : found.adopted) {
    adopted.vms.push_back({.description = description_of(vm.vm), .progress = vm.progress});
    if (vm.process) adopted.vms.back().process = vm.process->pid;
  }
  for (const Launcher::Foreign& vm : found.foreign)
    adopted.foreign.push_back({description_of(vm.vm), vm.why, vm.for_now, vm.pid, vm.progress});
  adopted.gone = found.gone;
  return adopted;
}

}  // namespace

Supervisor::Supervisor(EventLoop& loop, RuntimePaths paths, Launcher& launcher, RegionManager& regions,
                       Hooks hooks)
    : x_loop(loop),
      x_paths(std::move(paths)),
      x_launcher(launcher),
      x_regions(regions),
      x_hooks(std::move(hooks)),
      x_decisions(x_hooks.decided),
      x_own_sets(fmt::format("{}-{}", ::getpid(), now().ticks.count())),
      x_workers(loop, [this] { x_hooks.settled(); }),
      x_plugger(x_workers, launcher, x_decisions) {}

// Effects are carried out before the next event is looked at, also if one makes something happen at once.
void Supervisor::happen(lifecycle::Event event) {
  x_events.push_back(std::move(event));
  if (std::exchange(x_happening, true)) return;
  while (!x_events.empty()) {
    const lifecycle::Event next = std::move(x_events.front());
    x_events.pop_front();
    for (const lifecycle::Effect& effect : x_machine.step(next, now()))
      std::visit([this](const auto& wanted) { carry_out(wanted); }, effect);
  }
  x_happening = false;
  observe_later();
}

Result<void> Supervisor::adopt(std::function<void()> adopted) {
  const auto unasked = std::make_shared<const Launcher::Found>(QVM_TRY(x_launcher.look()));
  x_adoption = std::make_unique<Adoption>();
  x_adoption->ended = remembered_ends(x_paths);
  lifecycle::Adopted shown = event_of(*unasked);
  shown.ended = x_adoption->ended;
  // Only looked at: nothing that it wants is done.
  (void)x_adoption->unasked.step(shown, now());
  const EventLoop::TimerId timer = x_loop.after(kAdoptPatience, [this] { adoption_is_due(); });
  std::set<std::string> names;
  for (const Launcher::Foreign& vm : unasked->foreign) names.insert(vm.vm.plan.name);
  x_workers.run<Launcher::Found>(
      Workers::kNoDeadline, [this, names = std::move(names)] { return x_launcher.adopt_all(names); },
      [this, unasked, timer, adopted = std::move(adopted)](const Result<Launcher::Found>& found) {
        x_loop.cancel(timer);
        if (!found) x_decisions.failure({}, found.error().message());
        finish_adoption(found ? *found : *unasked);
        adopted();
      });
  return {};
}

// Whoever wants something done waits on, as long as he likes; a question has an answer.
void Supervisor::adoption_is_due() {
  x_adoption->late = true;
  for (auto& [client, request] : std::exchange(x_adoption->requests, {})) handle(client, std::move(request));
  x_hooks.settled();
}

void Supervisor::wait_for_adoption(ClientId client, Request request) {
  using Operation = Request::Operation;
  const Operation operation = request.operation;
  if (operation == Operation::cancel) {
    const auto is_its_start = [client](const auto& one) {
      return one.first == client && one.second.operation == Operation::start;
    };
    if (std::erase_if(x_adoption->requests, is_its_start) != 0) send_failed(client, "interrupted");
    return;
  }
  if (x_adoption->late) {
    if (operation == Operation::list)
      return x_hooks.send(client,
                          {.kind = Reply::Kind::done, .vms = x_adoption->unasked.statuses(request.names)});
    if (client != 0 && operation != Operation::prepare)
      x_hooks.send(client, {.kind = Reply::Kind::progress,
                            .text = "libvirt or the region manager has not said yet which VMs run; waiting"});
  }
  x_adoption->requests.emplace_back(client, std::move(request));
}

void Supervisor::finish_adoption(const Launcher::Found& found) {
  const auto before = std::exchange(x_adoption, nullptr);
  take_over(found, std::move(before->ended));
  for (const host::DomainEvent& event : before->events) on_domain_event(event);
  for (auto& [client, request] : before->requests) handle(client, std::move(request));
}

void Supervisor::take_over(const Launcher::Found& found, std::vector<VmStatus> ended) {
  const auto keep = [&](const VmRecord& vm) {
    if (x_machine.may_adopt(vm.plan.name)) x_records[vm.plan.name] = std::make_shared<const VmRecord>(vm);
  };
  for (const Launcher::Adopted& vm : found.adopted) keep(vm.vm);
  for (const Launcher::Foreign& vm : found.foreign) keep(vm.vm);
  lifecycle::Adopted adopted = event_of(found);
  adopted.ended = std::move(ended);
  happen(std::move(adopted));
  for (const Launcher::Adopted& vm : found.adopted) {
    const auto known = x_machine.vms().find(vm.vm.plan.name);
    if (vm.process && known != x_machine.vms().end()) x_domains[vm.process->uuid] = known->second.run.id;
  }
}

void Supervisor::client_gone(ClientId client) {
  if (x_adoption) {
    // What it wanted stopped is stopped all the same.
    for (auto& [waiting, request] : x_adoption->requests) {
      if (waiting == client && request.operation == Request::Operation::stop) waiting = 0;
    }
    std::erase_if(x_adoption->requests, [client](const auto& one) { return one.first == client; });
  }
  happen(lifecycle::ClientGone{client});
}

void Supervisor::handle(ClientId client, Request request) {
  if (x_adoption) return wait_for_adoption(client, std::move(request));
  switch (request.operation) {
    case Request::Operation::prepare:
      return x_workers.run<void>(
          Workers::kNoDeadline, [this] { x_launcher.prepare_host(); }, [](const auto&) {});
    case Request::Operation::start:
      return start(client, request);
    case Request::Operation::cancel:
      return happen(lifecycle::CancelAsked{client});
    case Request::Operation::stop:
      return happen(lifecycle::StopAsked{client, request.names, lifecycle::Ticks(request.timeout_ms)});
    case Request::Operation::list:
      return x_hooks.send(client, {.kind = Reply::Kind::done, .vms = x_machine.statuses(request.names)});
    case Request::Operation::watch:
      return happen(lifecycle::WatchAsked{client, request.names, request.owned});
    case Request::Operation::leave:
      return;  // the server's
  }
}

Result<std::vector<VmRecord>> Supervisor::records_for(const Request& request) {
  std::vector<VmRecord> set;
  const std::string set_id = fmt::format("{}-{}", x_own_sets, x_next_set++);
  for (const std::string& text : request.plans) {
    auto plan = QVM_TRY(plan::from_json(text));
    const std::string& name = plan.name;
    if (plan.host.runtime_directory != x_paths.root()) {
      return fail(fmt::format("VM '{}' was planned for '{}', not for '{}'", name, plan.host.runtime_directory,
                              x_paths.root()));
    }
    if (!is_vm_name(name)) return fail(not_a_vm_name(name));
    set.push_back({.plan = std::move(plan),
                   .libvirt_uri = request.libvirt_uri,
                   .set = set_id,
                   .set_regions = request.regions,
                   .owned = request.owned,
                   .since = now().wall_ms / 1000});
  }
  QVM_TRY(check_files(set.size()));
  return set;
}

void Supervisor::start(ClientId client, const Request& request) {
  auto set = records_for(request);
  if (!set) return send_failed(client, set.error().message());
  lifecycle::StartAsked asked{.client = client, .start = x_next_set};
  for (const VmRecord& record : *set) asked.vms.push_back(description_of(record));
  const auto making = std::make_shared<Making>();
  making->set = std::move(*set);
  x_makings[asked.start] = making;
  if (request.libvirt_uri.empty()) {
    if (std::string note = x_hooks.note_before_start(); !note.empty())
      x_hooks.send(client, {.kind = Reply::Kind::progress, .text = std::move(note)});
  }
  const lifecycle::StartId id = asked.start;
  happen(std::move(asked));
  if (!x_machine.is_starting(id)) x_makings.erase(id);  // it was refused
}

void Supervisor::send_failed(ClientId client, std::string why) const {
  x_hooks.send(client, {.kind = Reply::Kind::failed, .text = std::move(why)});
}

// Names are given again, UUIDs are not. That of a foreign VM is not known, and it has no other of its name
// beside it.
void Supervisor::on_domain_event(const host::DomainEvent& event) {
  if (x_adoption) return x_adoption->events.push_back(event);
  lifecycle::DomainChanged changed{.kind = event.kind, .how = event.stop};
  const auto run = x_domains.find(event.uuid);
  const auto vm = x_machine.vms().find(event.domain);
  if (run != x_domains.end()) {
    changed.run = run->second;
  } else if (vm != x_machine.vms().end() &&
             std::none_of(x_domains.begin(), x_domains.end(),
                          [&](const auto& domain) { return domain.second == vm->second.run.id; })) {
    changed.run = vm->second.run.id;
  }
  happen(changed);
}

void Supervisor::note_exit(pid_t pid, int wait_status) {
  // Those that libvirt starts to ask QEMU are nobody's: forget the oldest rather than grow.
  constexpr std::size_t kMaxExits = 256;
  if (x_exits.size() >= kMaxExits) x_exits.pop_front();
  x_exits.emplace_back(pid, wait_status);
}

void Supervisor::shorten_logs() const {
  for (const auto& [name, vm] : x_machine.vms()) {
    if (!vm.over()) daemon::shorten_logs(x_paths, name);
  }
}

}  // namespace qvm::daemon
