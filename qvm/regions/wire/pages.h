// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The two kinds of shared page through which clients of a region signal each other without any daemon.
//
// Every attachment has a ClientPage that only its owner (and, before it is published, qvm-regiond) writes;
// its peers hold a read-only descriptor. Every region has a RegionPage that only qvm-regiond writes. What is
// read from a page is only compared, never used as a size or an index: its writer may be hostile.
// docs/region-protocol.md has the rules.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "qvm/regions/wire/types.h"

namespace qvm::regions {

inline constexpr std::uint32_t kClientPageMagic = 0x50434d51;  // "QMCP"
inline constexpr std::uint32_t kRegionPageMagic = 0x50524d51;  // "QMRP"
inline constexpr std::uint32_t kPageVersion = 1;

using SharedCounter = std::atomic<std::uint32_t>;
static_assert(SharedCounter::is_always_lock_free, "shared counters must work across processes");
static_assert(sizeof(SharedCounter) == 4);

// Sender s has a signal pending for receiver r while page[s].sent[r] != page[r].seen[s]. Counters wrap.
struct ClientPage {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t size;
  std::uint32_t index;                          // of the owner, for people who look at dumps
  std::array<SharedCounter, kMaxClients> sent;  // [r]: signals the owner has sent to index r; starts at 0
  std::array<SharedCounter, kMaxClients>
      seen;  // [s]: the owner's copy of page[s].sent[owner] at its last status read
};

struct RegionPage {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t size;
  std::uint32_t reserved;
  SharedCounter attached;                             // bit i: index i is attached
  SharedCounter changes;                              // advances after every change of attached
  std::array<SharedCounter, kMaxClients> generation;  // [i]: advances each time index i is given to somebody
};

static_assert(offsetof(ClientPage, sent) == 16);
static_assert(offsetof(ClientPage, seen) == 80);
static_assert(sizeof(ClientPage) == 144);
static_assert(offsetof(RegionPage, attached) == 16);
static_assert(offsetof(RegionPage, changes) == 20);
static_assert(offsetof(RegionPage, generation) == 24);
static_assert(sizeof(RegionPage) == 88);
static_assert(sizeof(ClientPage) <= kPageBytes && sizeof(RegionPage) <= kPageBytes);

}  // namespace qvm::regions
