// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/region_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <span>
#include <utility>

#include "qvm/regions/server/memory.h"

namespace qvm::regions {
namespace {

bool has_size(int file, std::uint64_t bytes) {
  struct stat info {};
  return ::fstat(file, &info) == 0 && info.st_size >= 0 && static_cast<std::uint64_t>(info.st_size) == bytes;
}

// A page may be its owner's to write: what is read from it is only ever compared.
template <class T>
bool read_at(int page, std::size_t offset, T& value) {
  return ::pread(page, &value, sizeof value, static_cast<off_t>(offset)) == sizeof value;
}

Result<void> show(SharedClient& client) {
  if (client.page_read_only) return {};
  client.page_read_only = QVM_TRY(reopen_read_only(client.page.get()));
  return {};
}

std::span<const std::byte> bytes_of(const auto& page) {
  return std::as_bytes(std::span(&page, 1));
}

// Clients have it mapped: through memory, each word is written at once. If there is no room for a mapping,
// that is as good as certain for a word in a file, too.
void store(SharedRegion& region, std::size_t offset, std::uint32_t value) {
  const Mapping& mapping = region.page.mapping;
  if (mapping) {
    auto* at = static_cast<std::byte*>(mapping.data()) + offset;
    reinterpret_cast<SharedCounter*>(at)->store(value, std::memory_order_release);
  } else {
    [[maybe_unused]] const auto written =
        ::pwrite(region.page.file.get(), &value, sizeof value, static_cast<off_t>(offset));
  }
}

Result<void> fill_page(UniqueFd& page, const char* label, std::span<const std::byte> content) {
  if (page) {
    const auto written = ::pwrite(page.get(), content.data(), content.size(), 0);
    return written == static_cast<ssize_t>(content.size()) ? Result<void>() : fail_errno("write a page");
  }
  page = QVM_TRY(create_page(label, content));
  return {};
}

}  // namespace

Result<void> RegionStore::create_region(const RegionCreated& created, std::uint32_t attached, Id session,
                                        ReservedMemory data, SharedRegionPage page) {
  SharedRegion region;
  region.page = std::move(page);
  region.bytes = created.pages * kPageBytes;
  if (!data.file) {
    data = QVM_TRY(reserve_memory(memory_of(created)));
  }
  region.data = std::move(data.file);
  region.locked = std::move(data.locked);
  region.published = {attached, attached != 0 ? 1U : 0U, created.generation};
  RegionPage content{};
  content.magic = kRegionPageMagic;
  content.version = kPageVersion;
  content.size = sizeof(RegionPage);
  content.attached = region.published.attached;
  content.changes = region.published.changes;
  for (unsigned i = 0; i < kMaxClients; ++i) content.generation[i] = created.generation[i];
  QVM_TRY(fill_page(region.page.file, "qvm-region-page", bytes_of(content)));
  region.page.only_session = session;
  if (!region.page.read_only) {
    region.page.read_only = QVM_TRY(reopen_read_only(region.page.file.get()));
    region.page.number = created.id;
  }
  x_regions.emplace(created.id, std::move(region));
  return {};
}

Result<void> RegionStore::create_client(const Attached& attached, const std::array<Id, kMaxClients>& slots,
                                        SharedClient client) {
  ClientPage content{};
  content.magic = kClientPageMagic;
  content.version = kPageVersion;
  content.size = sizeof(ClientPage);
  content.index = attached.index;
  bool alone = true;
  for (unsigned s = 0; s < kMaxClients; ++s) {
    if (slots[s] == 0 || slots[s] == attached.id) continue;
    alone = false;
    SharedClient& peer = x_clients.at(slots[s]);
    QVM_TRY(show(peer));
    std::uint32_t sent = 0;
    if (!read_at(peer.page.get(), offsetof(ClientPage, sent) + attached.index * sizeof(SharedCounter),
                 sent)) {
      return fail_errno("read a client's page");
    }
    content.seen[s] = sent;
  }
  if (!client.page) client.number = attached.id;
  QVM_TRY(fill_page(client.page, "qvm-client-page", bytes_of(content)));
  if (!alone) {
    QVM_TRY(show(client));
  }
  SharedRegionPage& page = x_regions.at(attached.region).page;
  if (page.only_session != attached.session) page.only_session = 0;
  x_clients.emplace(attached.id, std::move(client));
  return {};
}

Result<void> RegionStore::adopt_region(Id id, std::uint64_t pages, UniqueFd data, UniqueFd page) {
  const std::uint64_t bytes = pages * kPageBytes;
  if (!has_size(data.get(), bytes) || !has_size(page.get(), kPageBytes)) {
    return fail("the kept memory is not the region's");
  }
  std::uint32_t magic = 0;
  SharedRegion region;
  region.data = std::move(data);
  region.bytes = bytes;
  region.page.number = id;
  region.page.file = std::move(page);
  const int file = region.page.file.get();
  if (!read_at(file, offsetof(RegionPage, magic), magic) || magic != kRegionPageMagic ||
      !read_at(file, offsetof(RegionPage, attached), region.published.attached) ||
      !read_at(file, offsetof(RegionPage, changes), region.published.changes) ||
      !read_at(file, offsetof(RegionPage, generation), region.published.generation)) {
    return fail("the kept page is not a region's");
  }
  region.page.read_only = QVM_TRY(reopen_read_only(file));
  x_regions.emplace(id, std::move(region));
  return {};
}

Result<void> RegionStore::adopt_client(Id id, UniqueFd page) {
  if (!has_size(page.get(), kPageBytes)) return fail("the kept page is not a client's");
  SharedClient client{id, std::move(page), UniqueFd()};
  QVM_TRY(show(client));
  x_clients.emplace(id, std::move(client));
  return {};
}

Result<void> RegionStore::lock_region(Id id) {
  SharedRegion& region = x_regions.at(id);
  region.locked = QVM_TRY(lock_memory(region.data.get(), region.bytes));
  return {};
}

SharedRegion RegionStore::take_region(Id id) {
  const auto found = x_regions.find(id);
  if (found == x_regions.end()) return {};
  SharedRegion region = std::move(found->second);
  x_regions.erase(found);
  return region;
}

SharedClient RegionStore::take_client(Id id) {
  const auto found = x_clients.find(id);
  if (found == x_clients.end()) return {};
  SharedClient client = std::move(found->second);
  x_clients.erase(found);
  return client;
}

const SharedRegion* RegionStore::region(Id id) const {
  const auto found = x_regions.find(id);
  return found == x_regions.end() ? nullptr : &found->second;
}

const SharedClient* RegionStore::client(Id id) const {
  const auto found = x_clients.find(id);
  return found == x_clients.end() ? nullptr : &found->second;
}

std::uint64_t RegionStore::signals_of(Id client) const {
  const auto found = x_clients.find(client);
  std::array<std::uint32_t, kMaxClients> sent{};
  if (found == x_clients.end() || !read_at(found->second.page.get(), offsetof(ClientPage, sent), sent))
    return 0;
  std::uint64_t signals = 0;
  for (const std::uint32_t count : sent) signals += count;
  return signals;
}

void RegionStore::publish(Id id, std::uint32_t attached,
                          const std::array<std::uint32_t, kMaxClients>& generation) {
  SharedRegion& region = x_regions.at(id);
  Published& published = region.published;
  if (published.attached == attached && published.generation == generation) return;
  if (!region.page.mapping) {
    if (auto mapped = Mapping::map(region.page.file.get(), kPageBytes, Mapping::Access::read_write)) {
      region.page.mapping = std::move(*mapped);
    }
  }
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (published.generation[i] == generation[i]) continue;
    store(region, offsetof(RegionPage, generation) + i * sizeof(SharedCounter), generation[i]);
  }
  store(region, offsetof(RegionPage, attached), attached);
  published = {attached, published.changes + 1, generation};
  store(region, offsetof(RegionPage, changes), published.changes);
}

}  // namespace qvm::regions
