// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev pl011`: a serial port of an ARM machine, at its `loc`.
#include <fmt/format.h>

#include <pugixml.hpp>

#include "vdevs/host_side.h"
#include "vdevs/plan.h"
#include "vdevs/xml.h"

namespace qvm::vdevs {
namespace {

constexpr std::uint64_t kRegisters = 0x1000;

VdevPlan plan_pl011(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const auto side = plan_host_side(input, sink);
  const auto& location = input.vdev.location;
  if (!side) return plan;
  if (!location || location->value.space != config::Location::Space::memory ||
      location->value.address % kRegisters != 0) {
    add_finding(sink, config::Severity::error, kDeviceRule, location ? location->where : input.vdev.where,
                "a serial port needs a memory address that is a multiple of 0x1000",
                "the usual one is 'loc 0x1c090000'");
    return plan;
  }
  // What libvirt calls the n-th serial port's.
  Placement placement{.serial = fmt::format("charserial{}", input.ordinal),
                      .addresses = {location->value.address},
                      .where = location->where};
  if (!input.vdev.interrupts.empty() && input.vdev.interrupts.front().value.line) {
    const auto& interrupt = input.vdev.interrupts.front();
    placement.line = interrupt.value.line;
    plan.lines.push_back({*interrupt.value.line, interrupt.where, std::nullopt});
  }
  plan.memory.push_back({location->value.address, kRegisters, location->where, std::nullopt});
  plan.node = DeviceNode{.compatible = {"arm,pl011", "arm,primecell"},
                         .ranges = {{location->value.address, kRegisters}},
                         .line = placement.line,
                         .clocks = {"uartclk", "apb_pclk"},
                         .serial_port = true};
  plan.placements.push_back(std::move(placement));

  pugi::xml_document document;
  pugi::xml_node serial = document.append_child("serial");
  add_host_side(input, *side, plan, serial);
  pugi::xml_node target = serial.append_child("target");
  target.append_attribute("type") = "system-serial";
  target.append_attribute("port") = input.ordinal;
  target.append_child("model").append_attribute("name") = "pl011";
  plan.domain.push_back({"devices", print_element(document)});
  return plan;
}

}  // namespace

const ShippedVdev kPl011Vdev{"pl011", plan_pl011};

}  // namespace qvm::vdevs
