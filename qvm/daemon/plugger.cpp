// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/plugger.h"

#include <algorithm>
#include <utility>

#include "qvm/base/unix_socket.h"

namespace qvm::daemon {

Result<std::vector<PluggedEnd>> Plugger::join(RunId run, Record vm) {
  const plan::VmPlan& plan = vm->plan;
  Member& member = x_members[run];
  member.vm = vm;
  member.plugging = true;
  std::map<std::string, PluggedEnd> own;  // by vdev
  for (const plan::NetworkInterface& network : plan.networks) {
    if (!network.link || own.contains(network.vdev)) continue;
    auto link = QVM_TRY(make_socket_pair(SOCK_DGRAM));
    own[network.vdev] = {network, std::move(link.one)};
    const auto peer = std::find_if(x_members.begin(), x_members.end(), [&](const auto& other) {
      return !other.second.left && other.second.vm->plan.name == network.link->peer_vm;
    });
    if (peer == x_members.end()) continue;
    const plan::VmPlan& other = peer->second.vm->plan;
    const plan::NetworkInterface* far = linked_interface(plan, network, other);
    if (far == nullptr || far == &network) continue;
    if (peer->first == run) {
      own[far->vdev] = {*far, std::move(link.other)};
    } else {
      plug_in_later(peer->first, {*far, std::move(link.other)});
    }
    x_decisions.link(plan.name, network.vdev, other.name, far->vdev);
  }
  std::vector<PluggedEnd> ends;
  for (auto& [vdev, end] : own) ends.push_back(std::move(end));
  return ends;
}

void Plugger::joined(RunId run) {
  const auto found = x_members.find(run);
  if (found == x_members.end()) return;
  found->second.plugging = false;
  if (!found->second.when_left) return plug_in_next(run);
  const auto then = std::move(found->second.when_left);
  x_members.erase(found);
  then();
}

void Plugger::join_again(RunId run, Record vm) {
  auto ends = join(run, vm);
  x_members.at(run).plugging = false;
  if (!ends) return x_decisions.failure(vm->plan.name, ends.error().message());
  for (PluggedEnd& end : *ends) plug_in_later(run, std::move(end));
  plug_in_next(run);
}

void Plugger::leave(RunId run) {
  const auto found = x_members.find(run);
  if (found == x_members.end()) return;
  found->second.left = true;
  found->second.waiting.clear();
}

void Plugger::when_left(RunId run, std::function<void()> then) {
  const auto found = x_members.find(run);
  if (found != x_members.end() && found->second.plugging) {
    found->second.when_left = std::move(then);
    return;
  }
  x_members.erase(run);
  then();
}

// A newer end for the same interface replaces one that still waits.
void Plugger::plug_in_later(RunId run, PluggedEnd end) {
  x_members.at(run).waiting[end.interface.vdev] = std::move(end);
  plug_in_next(run);
}

// One worker per VM, however often others want to be linked to one that does not answer.
void Plugger::plug_in_next(RunId run) {
  Member& member = x_members.at(run);
  if (member.plugging || member.waiting.empty()) return;
  member.plugging = true;
  auto ends = std::make_shared<std::vector<PluggedEnd>>();
  for (auto& [vdev, end] : std::exchange(member.waiting, {})) ends->push_back(std::move(end));
  x_workers.run<void>(
      kPatience,
      [this, vm = member.vm, ends] {
        auto plugged = x_launcher.plug_in(*vm, *ends);
        ends->clear();
        return plugged;
      },
      [this, run](const Result<void>& result) {
        const auto found = x_members.find(run);
        if (!result && found != x_members.end() && !found->second.left)
          x_decisions.failure(found->second.vm->plan.name, result.error().message());
        joined(run);
      });
}

}  // namespace qvm::daemon
