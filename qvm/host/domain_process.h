// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The process of a domain of the embedded driver, found without asking libvirt: libvirt may be waiting for
// that process.
#pragma once

#include <sys/types.h>

#include <string>

namespace qvm::host {

// 0 if there is none. Not that of another domain or program that has got the same number since.
pid_t domain_process(const std::string& embed_root, const std::string& domain);

// Kills it and waits for its end, 5 s at most.
void kill_domain_process(const std::string& embed_root, const std::string& domain);

// Lets it go on if it is stopped: a stopped process neither answers libvirt nor obeys its SIGTERM.
void continue_domain_process(const std::string& embed_root, const std::string& domain);

}  // namespace qvm::host
