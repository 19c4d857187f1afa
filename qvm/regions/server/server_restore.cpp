// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Taking over from a qvm-regiond that died: the journal says what there was, the keeper has it, and what
// cannot be found any more is given up rather than made up.
#include <poll.h>
#include <sys/epoll.h>

#include <utility>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/model/codec.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {

Result<void> Server::Impl::restore(const std::vector<std::string>& records, KeptDescriptors kept) {
  const bool have_keeper_state = !kept.empty();
  std::set<KeeperKey> useless;
  for (const auto& [key, fd] : kept) useless.insert(key);
  for (const std::string& record : records) {
    const auto event = decode_event(record);
    const auto applied = event ? x_manager.apply(*event) : fail("it is not readable");
    if (!applied) {
      // What follows builds on it.
      log_line("a record of the journal does not fit: " + applied.error().message() + "; the rest is lost");
      break;
    }
  }
  if (!have_keeper_state) {
    // The keeper died too, and with it every descriptor. Nobody can be let into the old regions any more.
    for (const auto& [id, region] : x_manager.regions()) {
      log_line("region '" + region.created.name + "' is lost: its keeper died together with qvm-regiond");
    }
    for (const auto& [id, vm] : x_manager.vms()) {
      log_line("VM '" + vm.added.policy.vm + "' has to be registered again");
    }
    x_manager = Manager(x_options.limits);
    return rewrite_journal();
  }
  adopt_memory(kept);
  QVM_TRY(adopt_listeners(kept));
  adopt_sessions();
  for (const auto& [id, region] : x_manager.regions()) publish(id);
  // What is left belongs to things that the journal says are gone, or never were, or whose owner has died.
  for (const KeptRef& used : everything_kept()) useless.erase(used.key);
  if (!useless.empty()) drop_kept({useless.begin(), useless.end()});
  log_line("took over " + std::to_string(x_manager.vms().size()) + " VMs, " +
           std::to_string(x_manager.regions().size()) + " regions, " +
           std::to_string(x_manager.connections().size()) + " connections");
  // Without room for it this goes on all the same: giving up would lose everything.
  if (auto written = rewrite_journal(); !written) {
    x_journal->mark_incomplete();
    mend_journal_later(written.error());
  }
  return {};
}

void Server::Impl::adopt_memory(KeptDescriptors& kept) {
  const auto take = [&kept](Id id, KeptKind kind) {
    const auto found = kept.find(kept_key(id, kind));
    if (found == kept.end()) return UniqueFd();
    UniqueFd fd = std::move(found->second);
    kept.erase(found);
    return fd;
  };
  std::vector<Id> lost_regions;
  std::vector<Id> lost_connections;
  for (const auto& [id, region] : x_manager.regions()) {
    UniqueFd data = take(id, KeptKind::data);
    auto adopted = x_store.adopt_region(id, region.created.pages, std::move(data), take(id, KeptKind::page));
    if (adopted && region.created.backing.lock) {
      // The memory is all there and reserved; only the lock ended with the process that held it.
      if (auto locked = x_store.lock_region(id); !locked)
        log_line("region '" + region.created.name + "' is no longer locked: " + locked.error().message());
    }
    if (adopted) continue;
    log_line("region '" + region.created.name + "' is lost: " + adopted.error().message());
    lost_regions.push_back(id);
  }
  for (const auto& [id, connection] : x_manager.connections()) {
    if (x_store.region(connection.region) != nullptr &&
        x_store.adopt_client(id, take(id, KeptKind::page)).has_value()) {
      continue;
    }
    lost_connections.push_back(id);
  }
  // Straight through the manager: there is nobody to tell yet.
  for (const Id id : lost_connections) {
    x_store.take_client(id);
    [[maybe_unused]] const Events gone = x_manager.detach(x_manager.connections().at(id).session, id);
  }
  for (const Id id : lost_regions) {
    const auto found = x_manager.regions().find(id);
    if (found == x_manager.regions().end()) continue;
    const std::set<Id> holders = found->second.holders;
    for (const Id holder : holders)
      [[maybe_unused]] const auto released = x_manager.apply(RegionReleased{id, holder});
    [[maybe_unused]] const auto destroyed = x_manager.apply(RegionDestroyed{id});
  }
  // A connection that was lost may have been its region's last.
  std::vector<Id> unused;
  for (const auto& [id, region] : x_manager.regions()) {
    if (region.holders.empty() && region.attached_mask() == 0) unused.push_back(id);
  }
  for (const Id id : unused) {
    [[maybe_unused]] const auto destroyed = x_manager.apply(RegionDestroyed{id});
    discard_region(id);
  }
}

// The keeper has the listener of each VM before the journal knows the VM. One that it does not have, or that
// hangs up, belongs to a VM that was removed when that could not be written down.
Result<void> Server::Impl::adopt_listeners(KeptDescriptors& kept) {
  std::vector<std::pair<Id, std::string>> removed;
  for (const auto& [vm, state] : x_manager.vms()) {
    const auto found = kept.find(kept_key(vm, KeptKind::listener));
    UniqueFd listener = found == kept.end() ? UniqueFd() : std::move(found->second);
    if (found != kept.end()) kept.erase(found);
    pollfd state_of{listener.get(), 0, 0};
    if (!listener || ::poll(&state_of, 1, 0) != 0) {
      removed.emplace_back(vm, state.added.policy.vm);
    } else
      QVM_TRY(listen_for_vm(vm, std::move(listener)));
  }
  for (const auto& [vm, name] : removed) {
    log_line("VM '" + name + "' was removed before it could be written down");
    if (const auto events = x_manager.remove_vm(name)) forget(*events);
    stop_listening_for_vm(vm, name);
  }
  return {};
}

// For what ends before anybody can be told.
void Server::Impl::forget(const Events& events) {
  for (const Event& event : events) {
    if (const auto* detached = std::get_if<Detached>(&event)) x_store.take_client(detached->id);
    if (const auto* destroyed = std::get_if<RegionDestroyed>(&event)) discard_region(destroyed->id);
  }
}

void Server::Impl::adopt_sessions() {
  std::vector<Id> dead;
  for (const auto& [id, session] : x_manager.sessions()) {
    UniqueFd process;
    // One that has nothing has nothing to come back for.
    if (!session.connections.empty()) process = open_process(session.opened.pid, session.opened.start_time);
    if (!process) {
      dead.push_back(id);
      continue;
    }
    const int fd = process.get();
    const Id session_id = id;
    const auto watched = x_loop->watch(fd, EPOLLIN, [this, session_id](std::uint32_t) {
      const auto orphan = x_orphans.find(session_id);
      if (orphan == x_orphans.end()) return;
      x_loop->unwatch(orphan->second.get());
      x_orphans.erase(orphan);
      carry_out(x_manager.close_session(session_id));
      sweep();
    });
    if (watched) x_orphans.emplace(id, std::move(process));
  }
  for (const Id id : dead) forget(x_manager.close_session(id));
}

}  // namespace qvm::regions
