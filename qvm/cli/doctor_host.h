// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Single questions about this host, answered from its files.
#pragma once

#include <string>

#include "qvm/cli/doctor_facts.h"

namespace qvm::cli {

config::Architecture host_architecture();
// "libvirt-qemu", or the number of an account without a name.
std::string account_name(uid_t uid);
bool in_container();
DoctorFacts::Packages package_manager();
KvmFacts probe_kvm();
VmUserFacts probe_vm_users();
// Fills what is about memory and control groups.
void probe_memory(DoctorFacts& facts);
SecurityFacts probe_security();
// Where libvirt finds it; empty: nowhere.
std::string find_virtiofsd();

}  // namespace qvm::cli
