// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/region_store.h"

#include <sys/stat.h>

#include <utility>

#include "qvm/regions/memory.h"

namespace qvm::regions {
namespace {

struct Page {
  UniqueFd file;
  UniqueFd read_only;
  Mapping mapping;
};

Result<Page> open_page(UniqueFd file) {
  Page page;
  page.file = std::move(file);
  auto read_only = reopen_read_only(page.file.get());
  if (!read_only) return tl::unexpected(std::move(read_only.error()));
  page.read_only = std::move(*read_only);
  auto mapping = Mapping::map(page.file.get(), kPageBytes, Mapping::Access::read_write);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  page.mapping = std::move(*mapping);
  return page;
}

Result<Page> make_page(const char* label) {
  auto file = create_memory(label, kPageBytes);
  if (!file) return tl::unexpected(std::move(file.error()));
  return open_page(std::move(*file));
}

bool has_size(int file, std::uint64_t bytes) {
  struct stat info {};
  return ::fstat(file, &info) == 0 && info.st_size >= 0 && static_cast<std::uint64_t>(info.st_size) == bytes;
}

}  // namespace

Result<void> RegionStore::create_region(Id id, const std::string& name, std::uint64_t pages, UniqueFd data) {
  if (!data) {
    auto made = create_memory(label_of(name).c_str(), pages * kPageBytes);
    if (!made) return tl::unexpected(std::move(made.error()));
    data = std::move(*made);
  }
  auto page = make_page("qvm-region-page");
  if (!page) return tl::unexpected(std::move(page.error()));
  SharedRegion region{std::move(data), std::move(page->file), std::move(page->read_only),
                      std::move(page->mapping)};
  RegionPage& shared = region.shared();
  shared.magic = kRegionPageMagic;
  shared.version = kPageVersion;
  shared.size = sizeof(RegionPage);
  x_regions.emplace(id, std::move(region));
  return {};
}

Result<void> RegionStore::create_client(Id id, unsigned index) {
  auto page = make_page("qvm-client-page");
  if (!page) return tl::unexpected(std::move(page.error()));
  SharedClient client{std::move(page->file), std::move(page->read_only), std::move(page->mapping)};
  ClientPage& shared = client.shared();
  shared.magic = kClientPageMagic;
  shared.version = kPageVersion;
  shared.size = sizeof(ClientPage);
  shared.index = index;
  x_clients.emplace(id, std::move(client));
  return {};
}

Result<void> RegionStore::adopt_region(Id id, std::uint64_t pages, UniqueFd data, UniqueFd page) {
  if (!has_size(data.get(), pages * kPageBytes) || !has_size(page.get(), kPageBytes)) {
    return fail("the kept memory is not the region's");
  }
  auto opened = open_page(std::move(page));
  if (!opened) return tl::unexpected(std::move(opened.error()));
  SharedRegion region{std::move(data), std::move(opened->file), std::move(opened->read_only),
                      std::move(opened->mapping)};
  if (region.shared().magic != kRegionPageMagic) return fail("the kept page is not a region's");
  x_regions.emplace(id, std::move(region));
  return {};
}

Result<void> RegionStore::adopt_client(Id id, UniqueFd page) {
  if (!has_size(page.get(), kPageBytes)) return fail("the kept page is not a client's");
  auto opened = open_page(std::move(page));
  if (!opened) return tl::unexpected(std::move(opened.error()));
  x_clients.emplace(
      id, SharedClient{std::move(opened->file), std::move(opened->read_only), std::move(opened->mapping)});
  return {};
}

UniqueFd RegionStore::take_region(Id id) {
  const auto found = x_regions.find(id);
  if (found == x_regions.end()) return {};
  UniqueFd data = std::move(found->second.data);
  x_regions.erase(found);
  return data;
}

const SharedRegion* RegionStore::region(Id id) const {
  const auto found = x_regions.find(id);
  return found == x_regions.end() ? nullptr : &found->second;
}

const SharedClient* RegionStore::client(Id id) const {
  const auto found = x_clients.find(id);
  return found == x_clients.end() ? nullptr : &found->second;
}

void RegionStore::set_baseline(Id newcomer, unsigned index, const std::array<Id, kMaxClients>& slots) {
  ClientPage& mine = x_clients.at(newcomer).shared();
  for (unsigned s = 0; s < kMaxClients; ++s) {
    if (slots[s] == 0 || slots[s] == newcomer) continue;
    mine.seen[s].store(x_clients.at(slots[s]).shared().sent[index].load(std::memory_order_acquire),
                       std::memory_order_release);
  }
}

void RegionStore::publish(Id id, std::uint32_t attached,
                          const std::array<std::uint32_t, kMaxClients>& generation) {
  RegionPage& page = x_regions.at(id).shared();
  bool changed = page.attached.load(std::memory_order_relaxed) != attached;
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (page.generation[i].load(std::memory_order_relaxed) == generation[i]) continue;
    page.generation[i].store(generation[i], std::memory_order_release);
    changed = true;
  }
  if (!changed) return;
  page.attached.store(attached, std::memory_order_release);
  page.changes.fetch_add(1, std::memory_order_release);
}

}  // namespace qvm::regions
