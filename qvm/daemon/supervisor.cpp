// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/supervisor.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "qvm/base/process_limits.h"
#include "qvm/daemon/clock.h"
#include "qvm/daemon/log_limit.h"
#include "qvm/daemon/remembered_ends.h"

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

void Supervisor::adopt(const Launcher::Found& found) {
  take_over(found, remembered_ends(x_paths));
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

void Supervisor::handle(ClientId client, Request request) {
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
  const std::string set_id = fmt::format("{}-{}", ::getpid(), x_next_set++);
  for (const std::string& text : request.plans) {
    auto plan = plan::from_json(text);
    if (!plan) return tl::unexpected(std::move(plan.error()));
    const std::string& name = plan->name;
    if (plan->host.runtime_directory != x_paths.root()) {
      return fail(fmt::format("VM '{}' was planned for '{}', not for '{}'", name,
                              plan->host.runtime_directory, x_paths.root()));
    }
    if (std::string why = why_not_a_vm_name(name); !why.empty()) return fail(std::move(why));
    set.push_back({.plan = std::move(*plan),
                   .libvirt_uri = request.libvirt_uri,
                   .set = set_id,
                   .set_regions = request.regions,
                   .owned = request.owned,
                   .since = now().wall_ms / 1000});
  }
  if (auto enough = check_files(set.size()); !enough) return tl::unexpected(std::move(enough.error()));
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

void Supervisor::on_process_exit(pid_t pid, int wait_status) {
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
