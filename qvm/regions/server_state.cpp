// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Acting on what the manager decided, in the order that a crash at any point allows: memory first, then the
// keeper, then the journal, then what clients see.
#include "qvm/regions/codec.h"
#include "qvm/regions/log.h"
#include "qvm/regions/server_impl.h"

namespace qvm::regions {

Result<void> Server::Impl::make_memory(const Events& events) {
  for (const Event& event : events) {
    const auto* created = std::get_if<RegionCreated>(&event);
    if (created == nullptr) continue;
    auto made = x_store.create_region(*created, 0);
    if (made && created->backing.lock) made = x_store.lock_region(created->id);
    if (!made) {
      for (const Event& undo : events) {
        if (const auto* one = std::get_if<RegionCreated>(&undo)) discard_region(one->id);
      }
      return made;
    }
  }
  return {};
}

void Server::Impl::write_journal(const Events& events) {
  std::vector<std::string> records;
  if (x_journal->bloated()) {
    for (const Event& event : x_manager.snapshot()) records.push_back(encode(event));
    if (x_journal->rewrite(records)) return;
    records.clear();
  }
  for (const Event& event : events) records.push_back(encode(event));
  if (auto appended = x_journal->append(records); !appended) {
    log_line(appended.error().message() + "; a restart would not know the present state");
  }
}

void Server::Impl::publish(Id region) {
  const auto found = x_manager.regions().find(region);
  if (found == x_manager.regions().end() || x_store.region(region) == nullptr) return;
  x_store.publish(region, found->second.attached_mask(), found->second.created.generation);
}

// Whoever had it and has not closed it reads zeros from here on, and the host has its memory back.
void Server::Impl::discard_region(Id region, Client* leaver) {
  SharedRegion gone = x_store.take_region(region);
  if (!gone.data) return;
  if (leaver != nullptr && gone.page.only_session == leaver->session) {
    leaver->spare_region_page = std::move(gone.page);
  }
  if (gone.bytes > kQuickBytes) return x_chores.free_memory(std::move(gone.data), gone.bytes);
  punch_out(gone.data.get(), gone.bytes);
}

void Server::Impl::carry_out(const Events& events, Client* leaver) {
  if (events.empty()) return;
  std::vector<KeptRef> kept;
  for (const Event& event : events) {
    if (const auto* created = std::get_if<RegionCreated>(&event)) {
      if (const SharedRegion* region = x_store.region(created->id)) {
        kept.push_back({kept_key(created->id, KeptKind::data), region->data.get()});
        kept.push_back({kept_key(created->id, KeptKind::page), region->page.file.get()});
      }
    } else if (const auto* attached = std::get_if<Attached>(&event)) {
      if (const SharedClient* client = x_store.client(attached->id)) {
        kept.push_back({kept_key(attached->id, KeptKind::page), client->page.get()});
      }
    }
  }
  if (!kept.empty()) keep(std::move(kept));
  write_journal(events);

  std::vector<KeeperKey> dropped;
  for (const Event& event : events) {
    if (const auto* attached = std::get_if<Attached>(&event)) {
      publish(attached->region);
    } else if (const auto* detached = std::get_if<Detached>(&event)) {
      publish(detached->region);
      tell_went(*detached);
      SharedClient gone = x_store.take_client(detached->id);
      if (leaver != nullptr && !gone.was_shown()) leaver->spare_own_page = std::move(gone);
      dropped.push_back(kept_key(detached->id, KeptKind::page));
    } else if (const auto* destroyed = std::get_if<RegionDestroyed>(&event)) {
      discard_region(destroyed->id, leaver);
      dropped.push_back(kept_key(destroyed->id, KeptKind::data));
      dropped.push_back(kept_key(destroyed->id, KeptKind::page));
    }
  }
  if (!dropped.empty()) drop_kept(std::move(dropped));
}

}  // namespace qvm::regions
