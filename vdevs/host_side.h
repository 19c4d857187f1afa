// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The host side of serial devices: what `hostdev`, `delayed` and `batch` come to. The same for all that have
// these options.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "vdevs/plan.h"

namespace qvm::vdevs {

struct HostSide {
  enum class Kind {
    console,         // the VM's console, both ways
    console_output,  // only what the guest writes
    device,          // a character device that QEMU opens, and sets up as the guest does its port
    relay,
  };
  Kind kind = Kind::console;
  std::string device{};
  Relay relay{};
  std::vector<HostObject> objects{};  // that it opens
  bool log = false;                   // a relay brings the input only: the output is the console's

  bool is_console() const { return kind == Kind::console || kind == Kind::console_output || log; }
};

// nullopt after an error in sink.
std::optional<HostSide> plan_host_side(const PlanInput& input, config::DiagnosticSink& sink);

// Puts the host side into plan, and its type and source into element, a <serial> or <console> without target.
void add_host_side(const PlanInput& input, const HostSide& side, VdevPlan& plan, pugi::xml_node element);

}  // namespace qvm::vdevs
