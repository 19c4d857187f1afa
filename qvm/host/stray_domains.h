// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a killed process leaves of domains in the embedded driver's directory. libvirt takes up again whatever
// its state files say; a domain whose process died, or whose start was cut short, can make it wait for a lock
// that nobody gives back.
#pragma once

#include <cstdint>
#include <string>

#include "qvm/base/result.h"

namespace qvm::host {

// All of this only while no libvirt driver uses embed_root.

// Ends the process of a domain, if there is one, and removes what libvirt would remember it by.
void abandon_domain(const std::string& embed_root, const std::string& domain);

// Removes what libvirt would remember dead domains by.
void forget_dead_domains(const std::string& embed_root);

// libvirt ends every domain that it does not manage to take over, be it for want of a file system's room, of
// a descriptor or of a thread. Fails, with what is lacking, while that would happen to the living ones.
Result<void> check_takeover(const std::string& embed_root);
// The same for room alone: whether `bytes` can be written in directory.
Result<void> check_room(const std::string& directory, std::uint64_t bytes);

}  // namespace qvm::host
