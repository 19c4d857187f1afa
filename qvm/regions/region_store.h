// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-regiond's own ends of everything that clients share: the memory of regions, the pages, by number.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "qvm/base/mapping.h"
#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/regions/events.h"
#include "qvm/regions/pages.h"

namespace qvm::regions {

struct SharedRegion {
  UniqueFd data;
  UniqueFd page;
  UniqueFd page_read_only;
  Mapping mapping;

  RegionPage& shared() const { return *static_cast<RegionPage*>(mapping.data()); }
};

struct SharedClient {
  UniqueFd page;
  UniqueFd page_read_only;
  Mapping mapping;

  ClientPage& shared() const { return *static_cast<ClientPage*>(mapping.data()); }
};

class RegionStore {
 public:
  // Makes what a region or a connection needs; fails with ENOMEM or alike.
  // data: what create_memory() made for it already; empty: made here.
  Result<void> create_region(Id id, const std::string& name, std::uint64_t pages, UniqueFd data = {});
  Result<void> create_client(Id id, unsigned index);
  // The same from descriptors that were kept. Fails if they are not what they should be.
  Result<void> adopt_region(Id id, std::uint64_t pages, UniqueFd data, UniqueFd page);
  Result<void> adopt_client(Id id, UniqueFd page);
  // Forgets it; the data is the caller's to free.
  UniqueFd take_region(Id id);
  void erase_client(Id id) { x_clients.erase(id); }

  // Null if there is none.
  const SharedRegion* region(Id id) const;
  const SharedClient* client(Id id) const;

  // Nothing that peers sent to this index before is a signal for the newcomer. Before publish().
  void set_baseline(Id newcomer, unsigned index, const std::array<Id, kMaxClients>& slots);
  // Shows clients who is attached. No change, no effect.
  void publish(Id region, std::uint32_t attached, const std::array<std::uint32_t, kMaxClients>& generation);

 private:
  std::map<Id, SharedRegion> x_regions;
  std::map<Id, SharedClient> x_clients;
};

}  // namespace qvm::regions
