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
#include "qvm/regions/model/events.h"
#include "qvm/regions/server/memory.h"
#include "qvm/regions/wire/pages.h"

namespace qvm::regions {

// What a region page tells.
struct Published {
  std::uint32_t attached = 0;
  std::uint32_t changes = 0;
  std::array<std::uint32_t, kMaxClients> generation{};
};

// Only qvm-regiond writes to it.
struct SharedRegionPage {
  Id number = 0;
  UniqueFd file;
  UniqueFd read_only;
  Mapping mapping;      // only once there was a change to tell
  Id only_session = 0;  // no other session has ever had it; 0: several, or who knows
};

struct SharedRegion {
  UniqueFd data;
  std::uint64_t bytes = 0;  // of data
  SharedRegionPage page;
  Published published;
  Mapping locked;  // of the data, only so that it stays in memory; usually empty
};

// Its owner writes to it.
struct SharedClient {
  Id number = 0;
  UniqueFd page;
  UniqueFd page_read_only;  // only once there was a peer

  bool was_shown() const { return static_cast<bool>(page_read_only); }
};

// What a region's data has to be made of.
inline MemorySpec memory_of(const RegionCreated& region) {
  return {label_of(region.name), region.pages * kPageBytes, region.backing};
}

// No page is mapped without need: a client's is looked at when a peer comes, a region's changes when somebody
// comes or goes.
class RegionStore {
 public:
  // Makes what a region needs; fails with ENOMEM or alike.
  // data: what was made of memory_of() it already; empty: made here. page: one to use again; empty: made
  // here. session: whose attach creates it, or 0.
  Result<void> create_region(const RegionCreated& region, std::uint32_t attached, Id session = 0,
                             ReservedMemory data = {}, SharedRegionPage page = {});
  // slots: who is attached to the region. Nothing that these sent to the index before is a signal for the
  // newcomer, and all of them can be shown to it, and it to them.
  // page: one to use again, if it was not shown to anybody; empty: made here.
  Result<void> create_client(const Attached& client, const std::array<Id, kMaxClients>& slots,
                             SharedClient page = {});
  // The same from descriptors that were kept. Fails if they are not what they should be.
  Result<void> adopt_region(Id id, std::uint64_t pages, UniqueFd data, UniqueFd page);
  Result<void> adopt_client(Id id, UniqueFd page);
  // Locks the region's data into memory for as long as this process has it. Fails beyond RLIMIT_MEMLOCK.
  Result<void> lock_region(Id id);
  // Forgets it; the data is the caller's to free. Empty if there is none.
  SharedRegion take_region(Id id);
  SharedClient take_client(Id id);

  // Null if there is none.
  const SharedRegion* region(Id id) const;
  const SharedClient* client(Id id) const;
  // How many signals the client says that it has sent; 0 if there is no such client.
  std::uint64_t signals_of(Id client) const;

  // Shows clients who is attached. No change, no effect.
  void publish(Id region, std::uint32_t attached, const std::array<std::uint32_t, kMaxClients>& generation);

 private:
  std::map<Id, SharedRegion> x_regions;
  std::map<Id, SharedClient> x_clients;
};

}  // namespace qvm::regions
