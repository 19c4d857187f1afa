// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a killed process leaves of domains in the embedded driver's directory. libvirt takes up again whatever
// its state files say; a domain whose process died, or whose start was cut short, can make it wait for a lock
// that nobody gives back.
#pragma once

#include <string>

namespace qvm::host {

// Both only while no libvirt driver uses embed_root.

// Ends the process of a domain, if there is one, and removes what libvirt would remember it by.
void abandon_domain(const std::string& embed_root, const std::string& domain);

// Removes what libvirt would remember dead domains by.
void forget_dead_domains(const std::string& embed_root);

}  // namespace qvm::host
