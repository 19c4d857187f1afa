// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Which interrupt controllers this host's KVM has for ARM machines.
#pragma once

#include <optional>

#include "vdevs/plan.h"

namespace qvm::cli {

// Makes a machine without a processor and asks whether it could have them. nullopt: KVM cannot be used, or is
// not one for ARM.
std::optional<vdevs::KvmGics> find_kvm_gics();

}  // namespace qvm::cli
