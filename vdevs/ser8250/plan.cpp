// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev ser8250`: a serial port of the machine, at one of the four places that PCs have.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <pugixml.hpp>

#include "vdevs/host_side.h"
#include "vdevs/plan.h"
#include "vdevs/xml.h"

namespace qvm::vdevs {
namespace {

constexpr std::uint32_t kPorts = 8;
constexpr std::uint32_t kIsaLines = 16;

struct StandardPort {
  std::uint32_t base;
  std::uint32_t line;
};
constexpr std::array<StandardPort, 4> kStandard = {{{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}}};

// Which of the standard ports `loc` names, the first without it.
const StandardPort* port_of(const PlanInput& input, config::DiagnosticSink& sink) {
  const auto& location = input.vdev.location;
  if (!location) return &kStandard.front();
  const auto at = std::find_if(kStandard.begin(), kStandard.end(), [&](const StandardPort& port) {
    return location->value.space == config::Location::Space::io && location->value.address == port.base;
  });
  if (at != kStandard.end()) return &*at;
  add_finding(sink, config::Severity::error, kDeviceRule, location->where,
              "a serial port can only be at the ports 0x3f8, 0x2f8, 0x3e8 and 0x2e8",
              "write 'loc io:0x3f8' for the first, 'loc io:0x2f8' for the second");
  return nullptr;
}

std::optional<LineClaim> line_of(const PlanInput& input, const StandardPort& port,
                                 config::DiagnosticSink& sink) {
  if (input.vdev.interrupts.empty()) return LineClaim{port.line, input.vdev.where, std::nullopt};
  const auto& interrupt = input.vdev.interrupts.front();
  if (!interrupt.value.line || *interrupt.value.line >= kIsaLines) {
    add_finding(sink, config::Severity::error, kDeviceRule, interrupt.where,
                fmt::format("a serial port can only raise one of the lines 0..{}", kIsaLines - 1),
                fmt::format("its usual line is {}", port.line));
    return std::nullopt;
  }
  return LineClaim{*interrupt.value.line, interrupt.where, std::nullopt};
}

VdevPlan plan_ser8250(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const auto side = plan_host_side(input, sink);
  const StandardPort* port = port_of(input, sink);
  if (!side || port == nullptr) return plan;
  const auto line = line_of(input, *port, sink);
  if (!line) return plan;

  const bool placed = input.vdev.location && input.vdev.location->where.valid();
  plan.ports.push_back(
      {port->base, kPorts, placed ? input.vdev.location->where : input.vdev.where, std::nullopt});
  plan.lines.push_back(*line);
  pugi::xml_document document;
  pugi::xml_node serial = document.append_child("serial");
  add_host_side(input, *side, plan, serial);
  pugi::xml_node target = serial.append_child("target");
  target.append_attribute("type") = "isa-serial";
  target.append_attribute("port") = input.ordinal;
  pugi::xml_node address = serial.append_child("address");
  address.append_attribute("type") = "isa";
  address.append_attribute("iobase") = fmt::format("{:#x}", port->base).c_str();
  address.append_attribute("irq") = fmt::format("{:#x}", line->line).c_str();
  plan.domain.push_back({"devices", print_element(document)});
  return plan;
}

}  // namespace

const ShippedVdev kSer8250Vdev{"ser8250", plan_ser8250};

}  // namespace qvm::vdevs
