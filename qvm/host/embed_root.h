// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The directory tree of libvirt's embedded QEMU driver: made and configured here.
#pragma once

#include <string>

#include "qvm/base/result.h"
#include "qvm/host/hypervisor.h"

namespace qvm::host {

// Makes options.embed_root with etc/qemu.conf and the links to the cache and log directories; keeps what is
// there.
Result<void> prepare_embed_root(const HypervisorOptions& options);

// The text of etc/qemu.conf. privileged: libvirt runs as root.
std::string qemu_conf(bool privileged);

// Where the embedded driver keeps the pid and the log of a domain's process.
std::string pid_file(const std::string& embed_root, const std::string& domain);
std::string process_log(const std::string& embed_root, const std::string& domain);

}  // namespace qvm::host
