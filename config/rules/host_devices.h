// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The host's side of vdevs: files, devices and terminals that `hostdev` names.
#pragma once

#include <string>
#include <vector>

#include "config/model/options.h"
#include "config/rules/rule.h"

namespace qvm::config {

struct HostDevice {
  enum class Direction { both, input, output };
  const Vdev* vdev = nullptr;
  Direction direction = Direction::both;
  std::string path;   // without '<' and '>'
  SourceRange where;  // of the path
  bool delayed = false;

  bool standard() const { return path == "-"; }
  // Not standard input and output and no command.
  bool is_file() const { return !path.empty() && !standard() && path.front() != '|'; }
};

// On standard input and output if nothing is said.
bool is_serial_port(const Vdev& vdev);

// In the order written. Pointers into vm.
std::vector<HostDevice> host_devices_of(const VmConfig& vm);

// The file of this host that it uses: as the manifest's host map says, else the path itself. "": the map
// gives something else than a file.
std::string host_file_of(const HostDevice& device, const CheckedVm& vm, const RuleInput& input);
bool is_mapped(const HostDevice& device, const RuleInput& input);

// The path of a file that is missing where the configuration takes it from, but is there if taken from the
// directory of the source it is written in; else "". Rule B08 reports it, rules about missing files do not.
std::string beside_configuration(const std::string& path, const SourceRange& where, const CheckedVm& vm,
                                 const RuleInput& input);

}  // namespace qvm::config
