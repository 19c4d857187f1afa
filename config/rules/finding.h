// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Small helpers that the rules share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules/rule.h"

namespace qvm::config {

// A finding of the rule's severity.
Diagnostic finding(const Rule& rule, const SourceRange& where, std::string message, std::string help = {});
// The same with a severity of its own, for a rule whose findings differ in weight.
Diagnostic finding(const Rule& rule, const SourceRange& where, Severity severity, std::string message,
                   std::string help = {});
// From the first to the second if they are in one source, else the first.
SourceRange span(const SourceRange& first, const SourceRange& last);
// "ram 1m,1023m": an option as it was written.
std::string written(const ParsedOption& item);
// "vdev 'shmem'", "vdev 'ioapic' (myioapic)".
std::string label(const Vdev& vdev);

// A device's place in the guest's memory or ports.
struct Occupied {
  Location::Space space = Location::Space::memory;
  std::uint64_t start = 0;
  std::uint64_t last = 0;  // inclusive
  SourceRange where;
  std::string owner;
};
// Everything that memory options and vdevs of a VM occupy, PCI positions excepted.
std::vector<Occupied> occupied_by(const VmConfig& vm);

// An interrupt controller of a VM, also one of a vdev type that has no table (then it may be one).
struct Controller {
  std::string name;
  const Vdev* vdev = nullptr;
  bool certain = true;
};
std::vector<Controller> controllers_of(const VmConfig& vm);

}  // namespace qvm::config
