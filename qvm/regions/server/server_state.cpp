// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Acting on what the manager decided, in the order that a crash at any point allows: memory first, then the
// keeper, then the journal, then what clients see.
#include <sys/stat.h>

#include <utility>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/model/codec.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {
namespace {

// After a try in vain the journal is left alone so many times as long as the try took.
constexpr int kMendingRest = 3;

}  // namespace

Result<void> Server::Impl::make_memory(const Events& events, MemoryInHand& in_hand) {
  for (const Event& event : events) {
    const auto* created = std::get_if<RegionCreated>(&event);
    if (created == nullptr) continue;
    auto there = in_hand.extract(label_of(created->name));
    auto made = x_store.create_region(*created, 0, 0, there ? std::move(there.mapped()) : ReservedMemory());
    if (!made) {
      for (const Event& undo : events) {
        if (const auto* one = std::get_if<RegionCreated>(&undo)) discard_region(one->id);
      }
      return made;
    }
  }
  return {};
}

void Server::Impl::give_back(MemoryInHand in_hand) {
  for (auto& [label, memory] : in_hand) {
    struct stat info {};
    memory.locked.reset();
    if (::fstat(memory.file.get(), &info) == 0)
      x_chores.free_memory(std::move(memory.file), static_cast<std::uint64_t>(info.st_size));
  }
}

Result<void> Server::Impl::write_journal(const Events& events) {
  if (!x_journal->whole()) return mend_journal();
  if (x_journal->bloated() && rewrite_journal()) return {};
  std::vector<std::string> records;
  for (const Event& event : events) records.push_back(encode(event));
  auto appended = x_journal->append(records);
  if (!appended) mend_journal_later(appended.error());
  return appended;
}

Result<void> Server::Impl::rewrite_journal() {
  std::vector<std::string> records;
  for (const Event& event : x_manager.snapshot()) records.push_back(encode(event));
  return x_journal->rewrite(records);
}

Result<void> Server::Impl::mend_journal() {
  if (x_journal->whole()) return {};
  const auto start = std::chrono::steady_clock::now();
  if (start < x_journal_rest) return fail(x_journal_trouble);
  auto written = rewrite_journal();
  if (written) {
    log_line("the journal is whole again");
    return {};
  }
  // Whoever asks all the time has no more than this share of our time.
  const auto end = std::chrono::steady_clock::now();
  x_journal_rest = end + kMendingRest * (end - start);
  mend_journal_later(written.error());
  return written;
}

void Server::Impl::mend_journal_later(const Error& error) {
  x_journal_trouble = error.message();
  if (std::exchange(x_mending, true)) return;
  const auto pause = x_journal_retry.failed(std::chrono::steady_clock::now());
  log_line(x_journal_trouble + "; until it is written, nobody is given anything new; the next try is in " +
           std::to_string(pause.count()) + " ms");
  x_loop->after(pause, [this] {
    x_mending = false;
    [[maybe_unused]] const auto mended = mend_journal();
  });
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

Result<void> Server::Impl::grant(const Events& events) {
  keep_new(events);
  if (auto written = write_journal(events); !written) {
    std::vector<KeeperKey> dropped;
    for (const Event& event : events) {
      if (const auto* created = std::get_if<RegionCreated>(&event)) {
        dropped.push_back(kept_key(created->id, KeptKind::data));
        dropped.push_back(kept_key(created->id, KeptKind::page));
      } else if (const auto* attached = std::get_if<Attached>(&event)) {
        dropped.push_back(kept_key(attached->id, KeptKind::page));
      }
    }
    drop_kept(std::move(dropped));
    return written;
  }
  show(events, nullptr);
  return {};
}

void Server::Impl::carry_out(const Events& events, Client* leaver) {
  if (events.empty()) return;
  keep_new(events);
  const bool written = write_journal(events).has_value();
  show(events, leaver);
  // What the journal still has, and the keeper has not, a successor takes for gone.
  if (!written) settle_with_keeper();
}

void Server::Impl::keep_new(const Events& events) {
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
}

void Server::Impl::show(const Events& events, Client* leaver) {
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
