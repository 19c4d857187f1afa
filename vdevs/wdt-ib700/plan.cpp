// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev wdt-ib700`: the iBASE 700 watchdog of PCs. A store to port 0x443 starts it with a time (0x0f: none,
// 0x00: 30 s, in steps of 2 s), one to port 0x441 stops it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

constexpr std::uint64_t kStop = 0x441;
constexpr std::uint64_t kStart = 0x443;

void check_location(const PlanInput& input, config::DiagnosticSink& sink) {
  const auto& location = input.vdev.location;
  if (!location ||
      (location->value.space == config::Location::Space::io && location->value.address == kStop)) {
    return;
  }
  add_finding(sink, config::Severity::error, kDeviceRule, location->where,
              fmt::format("machine '{}' has this watchdog at ports {:#x} and {:#x} only", input.machine.name,
                          kStop, kStart),
              fmt::format("write 'loc io:{:#x}'", kStop));
}

// What libvirt is to do when it bites. To end the VM is left to qvmd, which tells why: the guest waits for
// it.
std::string action_of(const PlanInput& input, config::DiagnosticSink& sink) {
  std::string action = "pause";
  for (const config::Option& option : input.vdev.options) {
    if (option.name != "action" || option.arguments.empty()) continue;
    const config::Argument& argument = option.arguments.front();
    const auto* words = std::get_if<std::vector<std::string>>(&argument.value);
    if (words == nullptr) continue;
    const auto has = [words](const char* word) {
      return std::find(words->begin(), words->end(), word) != words->end();
    };
    action = has("fiq") ? "inject-nmi" : "pause";
    if (has("dump")) {
      add_finding(sink, config::Severity::warning, kDeviceRule, argument.where,
                  "guest cores are not written by this version", "leave 'dump' out");
    }
  }
  return action;
}

VdevPlan plan_wdt_ib700(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  check_location(input, sink);
  if (input.ordinal > 0) {
    add_finding(sink, config::Severity::error, kDeviceRule, input.vdev.where,
                "a machine has one watchdog only", "leave this one out");
  }
  const auto& location = input.vdev.location;
  const config::SourceRange where = location && location->where.valid() ? location->where : input.vdev.where;
  plan.ports.push_back({kStop, 1, where, {}});
  plan.ports.push_back({kStart, 1, where, {}});
  plan.domain.push_back(
      {"devices", fmt::format(R"(<watchdog model="ib700" action="{}"/>)", action_of(input, sink))});
  return plan;
}

}  // namespace

const ShippedVdev kWdtIb700Vdev{"wdt-ib700", plan_wdt_ib700};

}  // namespace qvm::vdevs
