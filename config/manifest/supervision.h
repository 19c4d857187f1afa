// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a manifest says about when a VM is started, and when it is started again. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "qvm/base/names.h"

namespace qvm::config {

// Something that must be so before a VM is let run.
struct Condition {
  enum class Kind {
    started,  // the guest of `vm` runs, or has run
    region,   // `region` exists
    clients,  // `region` has at least `clients` attachments
    console,  // the first console of `vm` has shown `text` since the VM was started
  };
  Kind kind = Kind::started;
  std::string vm{};
  std::string region{};  // its host-wide name
  unsigned clients = 0;  // 1 to kMostRegionClients
  std::string text{};    // part of a line, byte by byte; not empty
  // How long it is waited for. Absent (of `started` only): as long as the other VM itself waits.
  std::optional<std::chrono::milliseconds> timeout{};

  bool operator==(const Condition&) const = default;
};

inline constexpr unsigned kMostRegionClients = 16;
inline constexpr std::size_t kLongestConsoleText = 256;
inline constexpr std::chrono::milliseconds kConditionTimeout = std::chrono::minutes(1);
inline constexpr std::chrono::milliseconds kLongestDuration = std::chrono::hours(24);

struct RestartPolicy {
  enum class When { no, on_failure, always };
  When when = When::no;
  std::optional<unsigned> max_restarts{};                         // in a row; absent: no limit
  std::chrono::milliseconds delay = std::chrono::seconds(1);      // before the first restart; then doubled
  std::chrono::milliseconds max_delay = std::chrono::minutes(1);  // at least delay
  // A VM that ran for so long has no restarts in a row behind it.
  std::chrono::milliseconds stable_after = std::chrono::minutes(1);

  bool operator==(const RestartPolicy&) const = default;
};

// Names of VMs by the VM that depends on them.
using Dependencies = std::map<std::string, std::vector<std::string>>;

// The names of `conditions`, each once, in order.
std::vector<std::string> named_vms(const std::vector<Condition>& conditions);

// VMs that wait for each other, each for the next and the last for the first; empty if there are none. A VM
// that names itself is not one of them, nor are names that have no entry.
std::vector<std::string> find_cycle(const Dependencies& dependencies);

// "VM 'left' to be started", "region 'moo' to have 2 clients".
std::string describe(const Condition& condition);

inline constexpr Names<RestartPolicy::When, 3> kRestartNames = {
    {{RestartPolicy::When::no, "no"},
     {RestartPolicy::When::on_failure, "on-failure"},
     {RestartPolicy::When::always, "always"}}};

}  // namespace qvm::config
