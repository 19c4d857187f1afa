// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The directory tree of libvirt's embedded QEMU driver: made and configured here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "qvm/base/result.h"
#include "qvm/host/hypervisor.h"

namespace qvm::host {

// Makes options.embed_root with etc/qemu.conf and the links to the cache and log directories; keeps what is
// there.
Result<void> prepare_embed_root(const HypervisorOptions& options);

// The text of etc/qemu.conf. privileged: libvirt runs as root. processes: this process's hard limit of
// processes; libvirt may not be able to give a VM more.
std::string qemu_conf(bool privileged, std::uint64_t processes);

// Without root, libvirt keeps some state of its own in XDG_RUNTIME_DIR, else in ~/.cache, and fails if it
// cannot. If neither can be written, XDG_RUNTIME_DIR becomes `place` for this process and its children.
// Before the first thread.
void provide_user_directory(const std::string& place);

// Where the embedded driver keeps the state, the pid and the log of a domain's process.
std::string status_file(const std::string& embed_root, const std::string& domain);
std::string pid_file(const std::string& embed_root, const std::string& domain);
std::string process_log(const std::string& embed_root, const std::string& domain);

// The pid that the embedded driver has noted for the domain, 0 if none. Its state counts; the pid file, which
// QEMU holds open for writing, only while there is none, which is before the guest runs.
pid_t noted_pid(const std::string& embed_root, const std::string& domain);

// Takes the directories that libvirt made for a domain's sockets away from the domain's user: a VM's process
// could put something else where the next libvirt looks for its monitor. For root, before the guest runs. id
// is libvirt's.
Result<void> close_domain_directories(const std::string& embed_root, int id, const std::string& domain);

}  // namespace qvm::host
