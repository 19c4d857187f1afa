// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/launcher.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <future>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "qvm/base/install_paths.h"
#include "qvm/daemon/files/records.h"
#include "qvm/daemon/host/host_objects.h"
#include "qvm/host/domain_process.h"

namespace qvm::daemon {
namespace {

// A VM without a device that uses regions does without the region manager.
bool uses_regions(const plan::VmPlan& plan) {
  return !plan.policy.vdevs.empty();
}

tl::unexpected<Error> was_cancelled() {
  return fail("interrupted");
}

// Calls work(0) to work(count - 1), each on a thread of its own as long as the host gives threads, and waits
// for all. What one throws is thrown here, where a worker takes it for its failure.
template <class Work>
void in_parallel(std::size_t count, const Work& work) {
  std::vector<std::future<void>> parts;
  for (std::size_t i = 0; i < count; ++i) {
    const auto part = [&work, i] { work(i); };
    try {
      parts.push_back(std::async(std::launch::async, part));
    } catch (const std::system_error&) {
      parts.push_back(std::async(std::launch::deferred, part));
    }
  }
  // This is when a part without a thread of its own is done.
  for (const auto& part : parts) part.wait();
  for (auto& part : parts) part.get();
}

// A VM that has none on disk is as it was when its start was complete.
Result<lifecycle::Progress> progress_of(const RuntimePaths& paths, const std::string& vm) {
  auto progress = read_progress(paths, vm);
  if (!progress && progress.error().code() == ENOENT) return lifecycle::Progress();
  return progress;
}

template <class T>
Result<void> first_failure(const std::vector<VmRecord>& set, std::vector<Result<T>>& results) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (!results[i]) return fail_from(std::move(results[i]), fmt::format("VM '{}'", set[i].plan.name));
  }
  return {};
}

}  // namespace

// Runs the steps pushed, newest first, unless told that all went well.
class Launcher::RollBack {
 public:
  RollBack() = default;
  RollBack(const RollBack&) = delete;
  RollBack& operator=(const RollBack&) = delete;
  ~RollBack() {
    for (auto step = x_steps.rbegin(); step != x_steps.rend(); ++step) (*step)();
  }
  void push(std::function<void()> step) { x_steps.push_back(std::move(step)); }
  void keep() { x_steps.clear(); }

 private:
  std::vector<std::function<void()>> x_steps;
};

void Launcher::complain_if_failed(const Result<void>& result, std::string_view what) const {
  if (!result) x_complain(fmt::format("{}: {}", what, result.error().message()));
}

void Launcher::remove_rights(const std::string& vm) {
  complain_if_failed(x_regions.remove_vm(vm), fmt::format("remove the rights of VM '{}'", vm));
}

void Launcher::remove_region(const std::string& region) {
  complain_if_failed(x_regions.remove_region(region), fmt::format("remove region '{}'", region));
}

void Launcher::destroy_all(const std::vector<const VmRecord*>& vms) {
  in_parallel(vms.size(), [&](std::size_t i) {
    complain_if_failed(destroy(*vms[i]), fmt::format("stop VM '{}'", vms[i]->plan.name));
  });
}

void Launcher::prepare_host() {
  in_parallel(2, [this](std::size_t part) {
    if (part == 0) {
      (void)x_regions.ensure();
    } else {
      (void)x_hypervisors.get({});
    }
  });
}

Result<void> Launcher::prepare(const VmRecord& vm, RollBack& roll_back) {
  const std::string& name = vm.plan.name;
  QVM_TRY(check_socket_lengths(x_paths, name));
  roll_back.push([this, &name] { remove_vm_directory(x_paths, name); });
  QVM_TRY(make_vm_directories(x_paths, vm.plan));
  // First, so that a successor knows about everything that comes after.
  QVM_TRY(write_record(x_paths, vm));
  return mark_starting(x_paths, name);
}

Result<void> Launcher::give_rights(const VmRecord& vm, RollBack& roll_back) {
  if (!uses_regions(vm.plan)) return {};
  QVM_TRY(x_regions.add_vm(vm.plan.policy));
  roll_back.push([this, &name = vm.plan.name] { remove_rights(name); });
  return {};
}

Result<StagedDomain> Launcher::stage(const VmRecord& vm, const std::string& uuid) {
  QVM_TRY(check_host_objects(vm.plan));
  return stage_files(
      x_paths, {x_staging, InstallPaths::of_this_program().guests}, vm.plan, uuid,
      [&](const std::string& text) { x_complain(fmt::format("VM '{}': {}", vm.plan.name, text)); });
}

Result<std::vector<host::DomainInfo>> Launcher::create(const std::vector<VmRecord>& set,
                                                       const std::vector<std::string>& uuids,
                                                       const std::atomic<bool>& cancelled) {
  RollBack roll_back;
  const auto of_vm = [](auto result, const VmRecord& vm) {
    return fail_from(std::move(result), fmt::format("VM '{}'", vm.plan.name));
  };
  std::set<std::string> names;
  for (const VmRecord& vm : set) names.insert(vm.plan.name);
  if (!x_left_names.claim(names, cancelled)) return was_cancelled();
  for (const VmRecord& vm : set) {
    if (auto prepared = prepare(vm, roll_back); !prepared) return of_vm(std::move(prepared), vm);
  }
  // Before anything that takes long: from here on nobody else can have a region by the name of one of these.
  for (const auto& region : set.front().set_regions) {
    if (cancelled) return was_cancelled();
    if (auto added = x_regions.add_region(region); !added)
      return fail_from(std::move(added), fmt::format("region '{}'", region.name));
    roll_back.push([this, &region] { remove_region(region.name); });
  }
  for (const VmRecord& vm : set) {
    if (cancelled) return was_cancelled();
    if (auto given = give_rights(vm, roll_back); !given) return of_vm(std::move(given), vm);
  }
  std::vector<StagedDomain> domains;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (cancelled) return was_cancelled();
    auto domain = stage(set[i], uuids.at(i));
    if (!domain) return of_vm(std::move(domain), set[i]);
    domains.push_back(std::move(*domain));
  }
  if (cancelled) return was_cancelled();
  auto complete = start_domains(set, domains);
  if (complete) roll_back.keep();
  return complete;
}

Result<host::DomainInfo> Launcher::create_again(const VmRecord& vm, const std::string& uuid) {
  RollBack roll_back;
  QVM_TRY(prepare_logs(x_paths, vm.plan.name));
  QVM_TRY(give_rights(vm, roll_back));
  auto domain = QVM_TRY(stage(vm, uuid));
  auto complete = start_domain(vm, domain);
  if (complete) roll_back.keep();
  return complete;
}

Result<std::vector<host::DomainInfo>> Launcher::start_domains(const std::vector<VmRecord>& set,
                                                              const std::vector<StagedDomain>& domains) {
  std::vector<Result<host::DomainInfo>> paused(set.size());
  in_parallel(set.size(), [&](std::size_t i) { paused[i] = start_domain(set[i], domains[i]); });
  std::vector<const VmRecord*> complete;
  std::vector<host::DomainInfo> processes;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (!paused[i]) continue;
    complete.push_back(&set[i]);
    processes.push_back(*paused[i]);
  }
  if (auto failed = first_failure(set, paused); !failed) {
    destroy_all(complete);
    return tl::unexpected(std::move(failed.error()));
  }
  return processes;
}

void Launcher::mark_started(const VmRecord& vm) {
  complain_if_failed(daemon::mark_started(x_paths, vm.plan.name), "mark the VM as started");
}

Result<host::DomainInfo> Launcher::start_domain(const VmRecord& vm, const StagedDomain& domain) {
  auto hypervisor = QVM_TRY(x_hypervisors.get(vm.libvirt_uri));
  const auto who = identity_of(vm.plan);
  const bool needs_kvm = who && vm.plan.host.acceleration == plan::HostFacts::Acceleration::kvm;
  if (needs_kvm) {
    QVM_TRY(x_kvm.acquire(who->uid));
  }
  auto started = hypervisor->start(domain.xml, host::Hypervisor::Begin::paused, domain.files);
  if (needs_kvm) x_kvm.release(who->uid);
  if (!started) return tl::unexpected(explain_host_object(vm.plan, std::move(started.error())));
  if (auto relayed = x_relays.start(vm.plan); !relayed) {
    complain_if_failed(hypervisor->destroy(vm.plan.name), fmt::format("stop VM '{}'", vm.plan.name));
    return tl::unexpected(explain_host_object(vm.plan, std::move(relayed.error())));
  }
  return started;
}

Result<void> Launcher::resume(const VmRecord& vm) {
  auto hypervisor = QVM_TRY(x_hypervisors.get(vm.libvirt_uri));
  return hypervisor->resume(vm.plan.name);
}

Result<void> Launcher::plug_in(const VmRecord& vm, const std::vector<PluggedEnd>& ends) {
  if (ends.empty()) return {};
  auto hypervisor = QVM_TRY(x_hypervisors.get(vm.libvirt_uri));
  return daemon::plug_in(*hypervisor, vm.plan.name, ends);
}

Result<void> Launcher::destroy(const VmRecord& vm) {
  auto hypervisor = x_hypervisors.get(vm.libvirt_uri);
  if (!hypervisor && vm.libvirt_uri.empty()) {
    // Our own libvirt cannot take VMs over now. What is to be ended needs none.
    x_hypervisors.abandon({}, vm.plan.name);
    return {};
  }
  if (!hypervisor) return tl::unexpected(std::move(hypervisor.error()));
  return (*hypervisor)->destroy(vm.plan.name);
}

Result<void> Launcher::shutdown(const VmRecord& vm) {
  auto hypervisor = QVM_TRY(x_hypervisors.get(vm.libvirt_uri));
  return hypervisor->shutdown(vm.plan.name);
}

host::Standstill Launcher::standstill(const VmRecord& vm) {
  auto hypervisor = x_hypervisors.get(vm.libvirt_uri);
  return hypervisor ? (*hypervisor)->standstill(vm.plan.name) : host::Standstill::none;
}

void Launcher::kill(const VmRecord& vm) {
  if (vm.libvirt_uri.empty()) return host::kill_domain_process(x_paths.libvirt_root(), vm.plan.name);
  complain_if_failed(destroy(vm), fmt::format("stop VM '{}'", vm.plan.name));
}

Result<std::vector<host::DomainInfo>> Launcher::list(const std::string& uri) {
  auto hypervisor = QVM_TRY(x_hypervisors.get(uri));
  return hypervisor->list();
}

Result<bool> Launcher::has_domain(const VmRecord& vm) {
  const auto domains = QVM_TRY(list(vm.libvirt_uri));
  return std::any_of(domains.begin(), domains.end(),
                     [&](const host::DomainInfo& one) { return one.name == vm.plan.name; });
}

host::LastWords Launcher::last_words(const VmRecord& vm) {
  auto hypervisor = x_hypervisors.get(vm.libvirt_uri);
  return hypervisor ? (*hypervisor)->last_words(vm.plan.name) : host::LastWords();
}

void Launcher::release(const VmRecord& vm) {
  x_relays.finish(vm.plan.name);
  if (vm.foreign || uses_regions(vm.plan)) remove_rights(vm.plan.name);
}

void Launcher::clean_up(const VmRecord& vm, LastOfSet last) {
  if (last == LastOfSet::yes) {
    for (const auto& region : vm.set_regions) remove_region(region.name);
  }
  remove_vm_directory(x_paths, vm.plan.name);
}

// Marks are made when a whole set runs: one stands for all.
bool Launcher::was_started(const VmRecord& vm) const {
  if (is_marked_started(x_paths, vm.plan.name)) return true;
  const auto names = recorded_vms(x_paths);
  if (!names) return true;  // it cannot be told
  return std::any_of(names->begin(), names->end(), [&](const std::string& name) {
    if (!is_marked_started(x_paths, name)) return false;
    const auto mate = read_record(x_paths, name);
    return mate && mate->set == vm.set;
  });
}

// VMs whose set was started, without their processes; the others are taken away.
Launcher::Found Launcher::usable_records(const std::set<std::string>& names) {
  Found found;
  const auto is_foreign = [&found](VmRecord vm, const Error& why) {
    found.foreign.push_back({.vm = std::move(vm), .why = why.message(), .for_now = why.code() != 0});
  };
  for (const std::string& name : names) {
    const auto hold = x_left_names.hold(name);
    if (!hold) continue;
    auto record = read_record(x_paths, name);
    const bool none = !record && record.error().code() == ENOENT;
    if (none && host::domain_process(x_paths.libvirt_root(), name) != 0) {
      // Ours writes it first of all. Another release may keep it elsewhere.
      is_foreign(foreign_record(x_paths, name), Error("it has no record that this release knows"));
    } else if (none) {
      // The record is written before anything else is made.
      x_complain(fmt::format("VM '{}' was not started completely: it has no record", name));
      remove_vm_directory(x_paths, name);
      found.gone.push_back(name);
    } else if (!record) {
      is_foreign(foreign_record(x_paths, name), record.error());
      if (auto progress = progress_of(x_paths, name)) found.foreign.back().progress = std::move(*progress);
    } else if (!was_started(*record)) {
      x_complain(fmt::format("VM '{}' was not started completely and is taken away", name));
      x_hypervisors.abandon(record->libvirt_uri, name);
      forget(*record);
      found.gone.push_back(name);
    } else if (auto progress = progress_of(x_paths, name)) {
      if (progress->phase == lifecycle::Progress::Phase::creating) forget_run(*record);
      found.adopted.push_back({std::move(*record), std::move(*progress)});
    } else {
      is_foreign(std::move(*record), progress.error());
    }
  }
  return found;
}

// Of a VM that was being made again.
void Launcher::forget_run(const VmRecord& vm) {
  x_hypervisors.abandon(vm.libvirt_uri, vm.plan.name);
  if (uses_regions(vm.plan)) (void)x_regions.remove_vm(vm.plan.name);
}

// Takes away everything of a VM that is not there any more; how far it had come is unknown.
void Launcher::forget(const VmRecord& vm) {
  if (uses_regions(vm.plan)) (void)x_regions.remove_vm(vm.plan.name);
  for (const auto& region : vm.set_regions) (void)x_regions.remove_region(region.name);
  remove_vm_directory(x_paths, vm.plan.name);
}

// A domain of our own libvirt whose VM has no directory: all that was to be known of it is gone.
void Launcher::destroy_strays() {
  if (!std::filesystem::exists(x_paths.libvirt_root())) return;
  auto hypervisor = x_hypervisors.get({});
  auto domains = hypervisor ? (*hypervisor)->list() : std::vector<host::DomainInfo>();
  if (!domains) return;
  const auto known = recorded_vms(x_paths);
  if (!known) return complain_if_failed(tl::unexpected(known.error()), "look for what is left of VMs");
  for (const host::DomainInfo& domain : *domains) {
    if (std::find(known->begin(), known->end(), domain.name) == known->end())
      complain_if_failed((*hypervisor)->destroy(domain.name), fmt::format("stop VM '{}'", domain.name));
  }
}

Result<Launcher::Found> Launcher::look() const {
  const auto names = recorded_vms(x_paths);
  if (!names) {
    return fail(fmt::format(
        "{}: it cannot be told which VMs run, so they are left alone; uid {} must be able to read it",
        names.error().message(), ::geteuid()));
  }
  Found found;
  for (const std::string& name : *names) {
    auto record = read_record(x_paths, name);
    Foreign& vm = found.foreign.emplace_back();
    vm.why = record ? "libvirt or the region manager does not answer" : record.error().message();
    vm.for_now = record || record.error().code() != 0;
    vm.vm = record ? std::move(*record) : foreign_record(x_paths, name);
    if (vm.vm.libvirt_uri.empty()) vm.pid = host::domain_process(x_paths.libvirt_root(), name);
    if (auto progress = progress_of(x_paths, name)) vm.progress = std::move(*progress);
  }
  return found;
}

Launcher::Found Launcher::adopt(const std::set<std::string>& names) {
  Found found = usable_records(names);
  // Each is asked once: one that cannot be had now could not be had for the next VM either.
  std::map<std::string, Result<std::vector<host::DomainInfo>>> asked;
  for (Adopted& vm : std::exchange(found.adopted, {})) {
    const std::string& uri = vm.vm.libvirt_uri;
    if (!asked.contains(uri)) asked.emplace(uri, list(uri));
    const auto& domains = asked.at(uri);
    if (!domains) {
      // Unknown is not gone: it stays as it is until libvirt can be asked.
      found.foreign.push_back({.vm = std::move(vm.vm),
                               .why = domains.error().message(),
                               .for_now = true,
                               .progress = std::move(vm.progress)});
      continue;
    }
    const auto domain = std::find_if(domains->begin(), domains->end(),
                                     [&](const auto& info) { return info.name == vm.vm.plan.name; });
    if (domain != domains->end()) vm.process = *domain;
    found.adopted.push_back(std::move(vm));
  }
  for (Foreign& one : found.foreign) {
    if (one.vm.libvirt_uri.empty()) one.pid = host::domain_process(x_paths.libvirt_root(), one.vm.plan.name);
  }
  return found;
}

Launcher::Found Launcher::adopt_all(const std::set<std::string>& names) {
  x_kvm.recover();
  Found found = adopt(names);
  destroy_strays();
  if (!found.adopted.empty() || !found.foreign.empty())
    complain_if_failed(x_regions.ensure(), "region manager");
  return found;
}

}  // namespace qvm::daemon
