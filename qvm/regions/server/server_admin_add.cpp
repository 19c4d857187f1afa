// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Registering VMs and making regions of the manifest. Big memory is reserved beside the loop first, which
// leaves no trace; then all of it happens at once.
#include <utility>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/model/codec.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {

using admin_wire::Op;

// What would have to be reserved beside the loop; nothing if there is little, or if it is refused anyway.
// Found by trying and undoing it: the manager alone knows.
Server::Impl::MemoryNeeds Server::Impl::needs_of(Op op, std::string_view argument) {
  MemoryNeeds needs;
  Result<Events> events;
  if (op == Op::add_vm) {
    const auto policy = decode_policy(argument);
    if (!policy || x_manager.find_vm(policy->vm) != nullptr || !vm_socket_path(policy->vm)) return {};
    needs.what = "make the regions of VM '" + policy->vm + "'";
    events = x_manager.add_vm(*policy, unix_time());
    if (events) [[maybe_unused]]
      const auto undone = x_manager.remove_vm(policy->vm);
  } else if (op == Op::add_region) {
    const auto region = decode_region(argument);
    if (!region) return {};
    needs.what = "make region '" + region->name + "'";
    events = x_manager.add_region(*region, unix_time());
    if (events) [[maybe_unused]]
      const auto undone = x_manager.remove_region(region->name);
  }
  if (!events || !mend_journal()) return {};
  std::uint64_t bytes = 0;
  for (const Event& event : *events) {
    const auto* created = std::get_if<RegionCreated>(&event);
    if (created == nullptr) continue;
    needs.memory.push_back(memory_of(*created));
    bytes += needs.memory.back().bytes;
  }
  return bytes > kQuickBytes ? needs : MemoryNeeds{};
}

// request: of one who waits for the answer. One who has gone gets nothing.
void Server::Impl::reserve_for_admin(int fd, AdminClient& admin, std::string request, MemoryNeeds needs) {
  std::vector<std::string> labels;
  for (const MemorySpec& one : needs.memory) labels.push_back(one.label);
  const Id number = admin.number;
  const auto done = [this, fd, number, request = std::move(request), labels,
                     what = needs.what](Result<Reservations::Memories> memories) {
    MemoryInHand in_hand;
    for (std::size_t i = 0; memories && i < labels.size(); ++i)
      in_hand.emplace(labels[i], std::move((*memories)[i]));
    const auto found = x_admins.find(fd);
    if (found == x_admins.end() || found->second.number != number) return give_back(std::move(in_hand));
    AdminClient& waiting = found->second;
    waiting.reservation = 0;
    const auto op = static_cast<Op>(request.front());
    AdminAnswer answer = memories ? carry_out_admin(op, std::string_view(request).substr(1), in_hand)
                                  : AdminAnswer{fail_from(std::move(memories), what)};
    give_back(std::move(in_hand));
    if (!answer_admin(fd, waiting, op, std::move(answer))) drop_admin(fd);
    sweep();
  };
  // One key: a request that was given up has returned its memory before the next takes some.
  admin.reservation = x_reservations->start("admin", std::move(needs.memory), done);
  tell_admin_working(fd, number, admin.reservation);
}

Server::Impl::AdminAnswer Server::Impl::add_vm(std::string_view bytes, MemoryInHand& in_hand) {
  const auto policy = decode_policy(bytes);
  if (!policy) return {fail("the policy is not one")};
  auto path = vm_socket_path(policy->vm);
  if (!path) return {std::move(path)};
  if (const VmState* existing = x_manager.find_vm(policy->vm)) {
    if (encode(existing->added.policy) == bytes) return {std::move(path), true};
  }
  if (auto mended = mend_journal(); !mended)
    return {fail_from(std::move(mended), "register VM '" + policy->vm + "'")};
  auto events = x_manager.add_vm(*policy, unix_time());
  if (!events) return {tl::unexpected(std::move(events.error()))};
  const auto undo = [this, &policy] {
    const auto undone = x_manager.remove_vm(policy->vm);
    for (const Event& event : undone.value_or(Events{})) {
      if (const auto* region = std::get_if<RegionDestroyed>(&event)) discard_region(region->id);
    }
  };
  if (auto made = make_memory(*events, in_hand); !made) {
    undo();
    return {fail_from(std::move(made), "make the regions of VM '" + policy->vm + "'")};
  }
  const Id vm = x_manager.find_vm(policy->vm)->added.id;
  if (auto listening = listen_for_vm(vm, {}); !listening) {
    undo();
    return {fail_from(std::move(listening), "make the socket of VM '" + policy->vm + "'")};
  }
  if (auto granted = grant(*events); !granted) {
    undo();
    stop_listening_for_vm(vm, policy->vm);
    return {fail_from(std::move(granted), "register VM '" + policy->vm + "'")};
  }
  process_log().write("vm-added",
                      "VM '" + policy->vm + "' is registered, uid " + std::to_string(policy->uid) + ", gid " +
                          std::to_string(policy->gid),
                      {{"verdict", "granted"},
                       {"vm", policy->vm},
                       {"uid", std::int64_t{policy->uid}},
                       {"gid", std::int64_t{policy->gid}}});
  return {std::move(path), false,
          [this, name = policy->vm] { [[maybe_unused]] const auto undone = remove_vm(name); }};
}

Server::Impl::AdminAnswer Server::Impl::add_region(std::string_view bytes, MemoryInHand& in_hand) {
  const auto region = decode_region(bytes);
  if (!region) return {fail("the region's description is not one")};
  if (x_manager.find_same(*region) != nullptr) {
    // Words of the manager's, which knows how to say it.
    return {x_manager.add_region(*region, unix_time()).error().message(), true};
  }
  if (auto mended = mend_journal(); !mended)
    return {fail_from(std::move(mended), "make region '" + region->name + "'")};
  auto events = x_manager.add_region(*region, unix_time());
  if (!events) return {tl::unexpected(std::move(events.error()))};
  if (auto made = make_memory(*events, in_hand); !made) {
    [[maybe_unused]] const auto undone = x_manager.remove_region(region->name);
    return {fail_from(std::move(made), "make region '" + region->name + "'")};
  }
  if (auto granted = grant(*events); !granted) {
    for (const Event& undone : x_manager.remove_region(region->name).value_or(Events{})) {
      if (const auto* destroyed = std::get_if<RegionDestroyed>(&undone)) discard_region(destroyed->id);
    }
    return {fail_from(std::move(granted), "make region '" + region->name + "'")};
  }
  process_log().write(
      "region-added",
      "region '" + region->name + "' of the manifest is made, " + std::to_string(region->bytes) + " bytes",
      {{"verdict", "granted"},
       {"region", region->name},
       {"uid", std::int64_t{region->owner}},
       {"gid", std::int64_t{region->group}},
       {"place", region->place}});
  return {std::string(), false,
          [this, name = region->name] { [[maybe_unused]] const auto undone = remove_region(name); }};
}

}  // namespace qvm::regions
