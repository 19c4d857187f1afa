// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Finds out about this host what `qvm doctor` judges. Nothing of it stays: neither files nor processes.
#pragma once

#include <string>
#include <vector>

#include "qvm/cli/doctor_facts.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::cli {

// Takes some seconds: QEMU and libvirt are really tried.
DoctorFacts probe_host(const daemon::RuntimePaths& paths);

// Of the start of a VM of that architecture, from its beginning to its end, in that runtime directory: the
// last question, after everything else was found to be in order.
StartFacts try_start(const daemon::RuntimePaths& paths, config::Architecture architecture);

// "7.2.22" of what `qemu-system-… --version` says; empty if the program does not run.
std::string qemu_version(const std::string& program);
// The path of the program for machines of that architecture; empty if it is not in PATH.
std::string find_qemu(config::Architecture architecture);
// x86-64 and aarch64, this host's own first.
std::vector<config::Architecture> guest_architectures();

}  // namespace qvm::cli
