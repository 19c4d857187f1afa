// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/language/option_table.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

// What the entry of vmhost.json says in fields of its own, or what is not the device's business.
constexpr std::array<std::string_view, 4> kNotHandedOn = {"loc", "intr", "name", "log"};

void claim_addresses(const PlanInput& input, VdevPlan& plan) {
  const config::OptionTable& table = *input.vdev.table;
  const auto& location = input.vdev.location;
  for (const config::Claim& claim : table.claims) {
    if (!claim.address && !location) continue;
    AddressClaim wanted;
    wanted.start = claim.address ? *claim.address : location->value.address + claim.offset;
    wanted.length = claim.length;
    wanted.where = location && location->where.valid() ? location->where : input.vdev.where;
    (claim.space == config::Location::Space::io ? plan.ports : plan.memory).push_back(wanted);
  }
  if (!table.claims.empty() || !location || !location->value.length) return;
  plan.memory.push_back({location->value.address, *location->value.length, location->where, std::nullopt});
}

}  // namespace

VdevPlan plan_generic(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const config::Vdev& vdev = input.vdev;
  if (vdev.table == nullptr) {
    add_finding(sink, config::Severity::error, kDeviceRule, vdev.where,
                fmt::format("there is no vdev '{}': no option table {}.json was found", vdev.type, vdev.type),
                "put the vdev's .json and .so into a plugin directory, or correct its name");
    return plan;
  }
  if (!vdev.table->unsupported.empty()) {
    add_finding(sink, config::Severity::error, kDeviceRule, vdev.where,
                fmt::format("a VM with vdev '{}' cannot be started here", vdev.type),
                vdev.table->unsupported);
    return plan;
  }
  if (vdev.table->object.empty()) {
    add_finding(sink, config::Severity::error, kDeviceRule, vdev.where,
                fmt::format("vdev '{}' cannot be started: its option table names no object", vdev.type), "");
    return plan;
  }
  if (vdev.location && vdev.location->value.space != config::Location::Space::memory) {
    add_finding(sink, config::Severity::error, kDeviceRule, vdev.location->where,
                fmt::format("vdev '{}' can only be at a memory address here", vdev.type),
                "write 'loc ADDRESS'");
    return plan;
  }
  claim_addresses(input, plan);
  for (const auto& interrupt : vdev.interrupts) {
    if (interrupt.value.line) plan.lines.push_back({*interrupt.value.line, interrupt.where, std::nullopt});
  }
  HostedDevice hosted;
  hosted.object = vdev.table->object;
  for (const config::Option& option : vdev.options) {
    if (std::find(kNotHandedOn.begin(), kNotHandedOn.end(), option.name) == kNotHandedOn.end()) {
      hosted.options.push_back(option);
    }
  }
  plan.hosted = std::move(hosted);
  return plan;
}

}  // namespace qvm::vdevs
