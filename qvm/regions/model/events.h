// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What can happen to the state of the region manager. Applying a sequence of events to an empty Manager gives
// the state in which they were recorded: the journal is such a sequence.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "qvm/regions/model/access.h"
#include "qvm/regions/model/policy.h"
#include "qvm/regions/wire/types.h"

namespace qvm::regions {

// VMs, regions, sessions and connections are numbered from one counter; a number is never used again.
using Id = std::uint64_t;

struct IdsUsed {
  Id next = 1;
};

struct VmAdded {
  Id id = 0;
  VmPolicy policy;
};
struct VmRemoved {
  Id id = 0;
};

struct RegionCreated {
  Id id = 0;
  std::string name;
  std::uint64_t pages = 0;
  std::uint32_t mode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  std::string payer{};   // whose quota it counts against: Principal::key(), empty for the manifest
  std::string system{};  // the same for a SystemLimits::system; may be empty
  std::string place{};   // of the manifest's entry or `create` option; empty if an attach made it
  Backing backing{};
  std::int64_t since = 0;
  std::array<std::uint32_t, kMaxClients> generation{};
};
struct RegionDestroyed {
  Id id = 0;
};
// A holder (a VM's id, or kManifest) keeps a region alive without being attached.
inline constexpr Id kManifest = 0;
struct RegionHeld {
  Id region = 0;
  Id holder = kManifest;
};
struct RegionReleased {
  Id region = 0;
  Id holder = kManifest;
};

// Who is at the other end of a session: one vdev of a VM, or a host program.
struct Principal {
  Id vm = 0;  // 0: a host program
  std::string vm_name;
  std::string label;  // the vdev's id, or what the host program calls itself
  Identity identity;

  bool is_vm() const { return vm != 0; }
  // Quotas count per key: "vm:NAME" or "uid:NUMBER".
  std::string key() const;
};

struct SessionOpened {
  Id id = 0;
  Principal principal;
  std::int32_t pid = 0;
  std::uint64_t start_time =
      0;  // of the process, in ticks since boot; tells it from a later one with the same pid
};
struct SessionClosed {
  Id id = 0;
};

struct Attached {
  Id id = 0;
  Id session = 0;
  Id region = 0;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  bool writable = true;
  std::string name;  // as asked for
  std::int64_t since = 0;
};
// All but the id repeats what Attached said, for those who act on it.
struct Detached {
  Id id = 0;
  Id region = 0;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

using Event = std::variant<IdsUsed, VmAdded, VmRemoved, RegionCreated, RegionDestroyed, RegionHeld,
                           RegionReleased, SessionOpened, SessionClosed, Attached, Detached>;
using Events = std::vector<Event>;

}  // namespace qvm::regions
