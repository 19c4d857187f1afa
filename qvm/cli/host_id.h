// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What tells this host from others: the seed of addresses that must differ between hosts.
#pragma once

#include <string>
#include <vector>

#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::cli {

struct HostIdPlaces {
  // Where the system's own identity may be, the first of them that holds one counts.
  std::vector<std::string> machine_ids = {"/etc/machine-id", "/var/lib/dbus/machine-id"};
  // Holds a random number where the system has no identity.
  std::string stored{};
};

// 16 hexadecimal digits that no other host has and that do not tell the machine-id, which is confidential.
// The same at every call as long as the machine-id, or else the stored number, stays. A host without a
// machine-id, as many containers are, gets a stored number; if it cannot be stored, the result is random.
std::string find_host_id(const HostIdPlaces& places);

// Whether the system has an identity of its own.
bool has_machine_id();

// With the number stored in the cache place of that runtime directory.
std::string find_host_id(const daemon::RuntimePaths& paths);

}  // namespace qvm::cli
