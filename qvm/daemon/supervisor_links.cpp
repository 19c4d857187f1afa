// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Links between VMs: made anew whenever the guest of one end is let run. The other end gets its half while it
// runs; it is never waited for, because a VM's process need not answer.
#include <map>
#include <utility>

#include "qvm/daemon/supervisor.h"

namespace qvm::daemon {

// Makes the links of a VM that is about to run. Those of its ends are returned; the others are plugged in by
// and by, or closed if there is nobody.
Result<std::vector<PluggedEnd>> Supervisor::make_links(Vm& vm) {
  const plan::VmPlan& plan = vm.record.plan;
  std::map<std::string, PluggedEnd> own;  // by vdev
  for (const plan::NetworkInterface& network : plan.networks) {
    if (!network.link || own.contains(network.vdev)) continue;
    auto link = make_link();
    if (!link) return tl::unexpected(std::move(link.error()));
    own[network.vdev] = {network, std::move(link->one)};
    Vm* peer = find(network.link->peer_vm);
    const plan::NetworkInterface* far =
        peer == nullptr ? nullptr : linked_interface(plan, network, peer->record.plan);
    if (far == nullptr || far == &network) continue;
    if (peer == &vm) {
      own[far->vdev] = {*far, std::move(link->other)};
    } else if (peer->plugged && !peer->gone) {
      plug_in_later(*peer, {*far, std::move(link->other)});
    } else {
      continue;
    }
    x_decisions.link(plan.name, network.vdev, peer->status.name, far->vdev);
  }
  vm.plugged = true;
  std::vector<PluggedEnd> ends;
  for (auto& [vdev, end] : own) ends.push_back(std::move(end));
  return ends;
}

// VMs of an earlier qvmd: it may have given an end to one and not yet to the other.
void Supervisor::relink() {
  for (auto& [name, vm] : x_vms) {
    if (!vm.plugged) continue;
    auto ends = make_links(vm);
    if (!ends) {
      x_decisions.failure(name, ends.error().message());
      continue;
    }
    for (PluggedEnd& end : *ends) plug_in_later(vm, std::move(end));
  }
}

// A newer end for the same interface replaces one that still waits.
void Supervisor::plug_in_later(Vm& vm, PluggedEnd end) {
  vm.to_plug[end.interface.vdev] = std::move(end);
  plug_in_next(vm);
}

// One worker per VM, however often others want to be linked to one that does not answer.
void Supervisor::plug_in_next(Vm& vm) {
  if (vm.plugging || vm.to_plug.empty()) return;
  vm.plugging = true;
  auto ends = std::make_shared<std::vector<PluggedEnd>>();
  for (auto& [vdev, end] : std::exchange(vm.to_plug, {})) ends->push_back(std::move(end));
  x_workers.run<void>(
      kMonitorAnswer,
      [this, record = vm.record, ends] {
        auto plugged = x_launcher.plug_in(record, *ends);
        ends->clear();
        return plugged;
      },
      [this, run = vm.run](const Result<void>& result) {
        if (Vm* plugged = find(run)) plugging_done(*plugged, result);
        x_hooks.settled();
      });
}

void Supervisor::plugging_done(Vm& vm, const Result<void>& result) {
  vm.plugging = false;
  if (!result && !vm.gone && !vm.ending) x_decisions.failure(vm.status.name, result.error().message());
  if (vm.after_plugging) return std::exchange(vm.after_plugging, nullptr)();
  plug_in_next(vm);
}

}  // namespace qvm::daemon
