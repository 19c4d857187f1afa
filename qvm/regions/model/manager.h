// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The region manager: which VMs, regions, sessions and connections there are and who may do what. A pure
// state machine: no sockets, no memory, no clock. What has to be done about a change is told as events.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/regions/model/events.h"

namespace qvm::regions {

// What the host programs of one uid may have together.
struct UserLimits {
  std::uint32_t connections_per_region = 0;
  std::uint32_t connections = 0;
  std::uint64_t bytes = 0;      // of regions that they created
  std::uint32_t regions = 256;  // that they created
};

// Bounds that no policy widens.
struct Limits {
  std::uint64_t total_bytes = std::uint64_t{1} << 40;  // of all regions
  std::size_t regions = 4096;
  std::uint32_t connections = 65536;       // of everybody
  std::uint32_t host_connections = 32768;  // of all host programs, so that VMs find room
  uid_t owner = 0;                         // whose programs are the system's own
  UserLimits own_programs{kMaxClients, 16384, std::uint64_t{1} << 36, 2048};
  UserLimits other_programs{4, 256, std::uint64_t{1} << 30};
};

struct RegionState {
  RegionCreated created;                // created.generation is kept up to date
  std::array<Id, kMaxClients> slots{};  // connection per index, 0: free
  std::set<Id> holders;
  std::uint64_t denials = 0;

  std::uint32_t attached_mask() const;
  std::optional<unsigned> lowest_free() const;
};

struct SessionState {
  SessionOpened opened;
  std::set<Id> connections;
};

struct VmState {
  VmAdded added;
  std::uint64_t denials = 0;
};

struct Usage {
  std::uint64_t bytes = 0;
  std::uint32_t regions = 0;
  std::uint32_t connections = 0;

  bool operator==(const Usage&) const = default;
};

// Why an attach was refused.
enum class Refusal {
  none,
  illegal_name,
  name_rule,          // an allow/deny rule or the implicit tail
  illegal_host_name,  // the name after substitution is no legal one
  no_such_region,     // size 0 and nothing of that name
  mode_bits,
  region_full,
  share_of_region,  // the VM's (or uid's) share of this region's indices
  connections,
  all_connections,  // of everybody, or of all host programs
  size,             // not representable, or over a bound on bytes
  regions
};

// What an attach would come to.
struct Judgement {
  Refusal refusal = Refusal::none;
  std::string place;      // of the rule or limit that refused, if it has one
  std::string limit;      // the limit that refused, and what is used of it
  std::string host_name;  // after substitution, as far as it got
  Id region = 0;          // 0: it would have to be created
  bool writable = true;
};

struct AttachOutcome : Judgement {
  Status status = Status::unknown_failure;
  Id connection = 0;     // 0 unless status is ok
  bool created = false;  // events contain a RegionCreated
  Events events;         // already applied
};

// "no permission" and so on.
const char* name_of(Status status);

// The key of Manager::usage() for a SystemLimits::system.
std::string system_key(const std::string& system);

// Why it was refused, for people: "denied by a rule (left.qvmconf:13:3)".
std::string explain(const Judgement& judgement);

// One of the questions that an attach has to pass.
struct Layer {
  enum class Outcome { passes, refuses };
  std::string name;  // "name", "rules", "subst", "host-name", "region", "mode", or a limit's
  Outcome outcome = Outcome::passes;
  std::string text;                   // for people: what was looked at and what it said
  std::string place;                  // "file:line:column" of what decided; may be empty
  std::optional<std::uint64_t> used;  // of a limit, without the attach asked about
  std::optional<std::uint64_t> limit;
};

// An attach as judge() sees it, told layer by layer; layers after the first that refuses show what would come
// next.
struct Explanation {
  Judgement judgement;
  Status status = Status::unknown_failure;
  std::vector<Layer> layers;
};

// Not thread-safe. Functions that change something return the events that they have applied.
class Manager {
 public:
  explicit Manager(Limits limits = {}) : x_limits(limits) {}

  // Takes over one recorded event. Fails, leaving the state as it was, if it contradicts the state.
  Result<void> apply(const Event& event);
  // The shortest sequence that rebuilds this state.
  Events snapshot() const;

  // Registers the VM and makes, or holds, its `create` regions; all or nothing. Fails on a name in use, on a
  // `create` that the policy itself, an existing region's mode or a quota refuses.
  Result<Events> add_vm(const VmPolicy& policy, std::int64_t now);
  // Ends the VM's sessions and releases its regions. Fails if there is no such VM.
  Result<Events> remove_vm(std::string_view vm);
  // Fails on an illegal name, a name in use, size 0 and exceeded bounds. Takes over a region that one of the
  // owner's host programs made, if it is what this would make.
  Result<Events> add_region(const RegionSpec& region, std::int64_t now);
  // The region goes when its last client and holder have gone. Fails if the manifest has no such region.
  Result<Events> remove_region(std::string_view name);

  // principal.vm must be registered, or 0.
  Events open_session(Principal principal, std::int32_t pid, std::uint64_t start_time);
  // Detaches everything the session has. Unknown sessions: no events.
  Events close_session(Id session);

  // The session must exist. name is raw: any bytes, any length. judge() changes nothing.
  Judgement judge(Id session, std::string_view name, std::uint32_t pages) const;
  // For somebody who need not be there. principal.vm must be registered, or 0.
  Judgement judge(const Principal& principal, std::string_view name, std::uint32_t pages) const;
  Explanation explain(const Principal& principal, std::string_view name, std::uint32_t pages) const;
  AttachOutcome attach(Id session, std::string_view name, std::uint32_t pages, std::uint32_t mode,
                       std::int64_t now);
  // No events unless the connection is the session's.
  Events detach(Id session, Id connection);

  const std::map<Id, VmState>& vms() const { return x_vms; }
  const std::map<Id, RegionState>& regions() const { return x_regions; }
  const std::map<Id, SessionState>& sessions() const { return x_sessions; }
  const std::map<Id, Attached>& connections() const { return x_connections; }
  const VmState* find_vm(std::string_view name) const;
  const RegionState* find_region(std::string_view name) const;
  // The manifest's region if it is what this would make; else null.
  const RegionState* find_same(const RegionSpec& region) const;
  // key: Principal::key(), or system_key().
  Usage usage(const std::string& key) const;
  // No VM, no region, no session.
  bool empty() const { return x_vms.empty() && x_regions.empty() && x_sessions.empty(); }
  const Limits& limits() const { return x_limits; }

 private:
  struct Bounds;
  struct Limit;
  void record(Events& events, Event event);
  void count_denial(const SessionState& session, const std::string& host_name);
  Bounds bounds_of(const Principal& principal) const;
  Bounds bounds_of(const VmPolicy& policy) const;
  // In the order in which they are asked. region: null if the attachment makes it.
  std::vector<Limit> limits_of_attachment(const Principal& principal, const Bounds& bounds,
                                          const RegionState* region) const;
  // payer: as RegionCreated has it.
  std::vector<Limit> limits_of_region(std::uint64_t pages, const std::string& payer,
                                      const Bounds& bounds) const;
  // Creates a region, or tells why not.
  Result<void> create_region(Events& events, RegionCreated region, const Bounds& bounds);
  bool may_take_over(const RegionState& region, const RegionSpec& spec) const;
  std::string whose(const RegionState& region) const;
  // How many of the region's clients count as key's.
  std::uint32_t share_of(const RegionState& region, const std::string& key) const;
  const SystemLimits* system_of(const Principal& principal) const;
  void charge(const std::string& key, const Usage& more);
  void refund(const std::string& key, const Usage& less);
  Result<void> make_creates(Events& events, const VmAdded& vm, std::int64_t now);
  void drop_connection(Events& events, Id connection);
  void drop_region_if_unused(Events& events, Id region);
  Id next_id() { return x_next; }
  void note_id(Id id) { x_next = id >= x_next ? id + 1 : x_next; }

  Result<void> apply_event(const IdsUsed& event);
  Result<void> apply_event(const VmAdded& event);
  Result<void> apply_event(const VmRemoved& event);
  Result<void> apply_event(const RegionCreated& event);
  Result<void> apply_event(const RegionDestroyed& event);
  Result<void> apply_event(const RegionHeld& event);
  Result<void> apply_event(const RegionReleased& event);
  Result<void> apply_event(const SessionOpened& event);
  Result<void> apply_event(const SessionClosed& event);
  Result<void> apply_event(const Attached& event);
  Result<void> apply_event(const Detached& event);

  Limits x_limits;
  Id x_next = 1;
  std::uint64_t x_total_bytes = 0;
  std::uint32_t x_host_connections = 0;
  std::map<Id, VmState> x_vms;
  std::map<Id, RegionState> x_regions;
  std::map<Id, SessionState> x_sessions;
  std::map<Id, Attached> x_connections;
  std::map<std::string, Id, std::less<>> x_region_names;
  std::map<std::string, Usage, std::less<>> x_usage;
};

}  // namespace qvm::regions
