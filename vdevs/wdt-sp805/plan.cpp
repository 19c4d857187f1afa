// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev wdt-sp805`: the watchdog of ARM machines, a page of registers and perhaps a line.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/language/option_table.h"
#include "config/model/options.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

constexpr std::uint32_t kDefaultHertz = 25'000'000;

void check_action(const config::Argument& argument, config::DiagnosticSink& sink) {
  const auto* words = std::get_if<std::vector<std::string>>(&argument.value);
  if (words == nullptr) return;
  const auto has = [words](const char* word) {
    return std::find(words->begin(), words->end(), word) != words->end();
  };
  if (has("fiq")) {
    add_finding(sink, config::Severity::error, kDeviceRule, argument.where,
                "the watchdog cannot raise an FIQ: a vdev has lines of the interrupt controller only",
                "write 'action terminate'; with 'intr gic:LINE' the guest is interrupted before");
  }
  if (has("dump")) {
    add_finding(sink, config::Severity::warning, kDeviceRule, argument.where,
                "guest cores are not written by this version", "leave 'dump' out");
  }
}

std::uint32_t frequency_of(const PlanInput& input) {
  const config::Argument* written = config::find_argument(input.vdev.options, "frequency");
  const auto* hertz = written == nullptr ? nullptr : std::get_if<std::uint64_t>(&written->value);
  return hertz == nullptr ? kDefaultHertz : static_cast<std::uint32_t>(*hertz);
}

VdevPlan plan_wdt_sp805(const PlanInput& input, config::DiagnosticSink& sink) {
  for (const config::Option& option : input.vdev.options) {
    if (option.name == "action" && !option.arguments.empty()) check_action(option.arguments.front(), sink);
  }
  const auto& location = input.vdev.location;
  if (location && location->value.address % kPage != 0) {
    add_finding(sink, config::Severity::error, kDeviceRule, location->where,
                fmt::format("the registers need a memory address that is a multiple of {:#x}", kPage), "");
    return {};
  }
  VdevPlan plan = plan_generic(input, sink);
  if (!location) return plan;
  plan.node = DeviceNode{.compatible = {"arm,sp805", "arm,primecell"},
                         .ranges = {{location->value.address, kPage}},
                         .clocks = {"wdog_clk", "apb_pclk"},
                         .clock_hertz = frequency_of(input)};
  if (!plan.lines.empty()) plan.node->line = plan.lines.front().line;
  return plan;
}

}  // namespace

const ShippedVdev kWdtSp805Vdev{"wdt-sp805", plan_wdt_sp805};

}  // namespace qvm::vdevs
