// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What kind of machine and guest a configuration describes, as far as it shows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

// By its devices, then by the interrupt controller that they name; files are not looked at. The place is what
// showed it.
struct MachineEvidence {
  Machine machine = Machine::unknown;
  SourceRange where;
};
MachineEvidence machine_of(const CheckedVm& vm, const TableSet& tables);

enum class GuestSystem { unknown, linux_kernel, qnx };
// By the files it loads.
GuestSystem guest_of(const CheckedVm& vm, Reader& reader);

// An ARM machine has a GIC called "gic" even if no vdev says so.
inline constexpr std::string_view kGic = "gic";
// The vdev that sets it up; nullptr: none.
const Vdev* gic_of(const VmConfig& vm);
std::string gic_name(const VmConfig& vm);

// How many vdevs of the type there are.
std::size_t count_vdevs(const VmConfig& vm, std::string_view type);
// Something whose devices nobody but its author knows: a vdev without a table, or a passed-through device.
bool has_foreign_devices(const CheckedVm& vm, const TableSet& tables);

}  // namespace qvm::config
