// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/pci_request.h"

#include <fmt/format.h>

namespace qvm::vdevs {

std::optional<PciRequest> request_pci(const PlanInput& input, config::DiagnosticSink& sink) {
  if (input.machine.pci_lines.empty()) {
    add_finding(sink, config::Severity::error, kDeviceRule, input.vdev.where,
                fmt::format("machine '{}' has no PCI bus here", input.machine.name),
                "give the vdev a place: 'loc ADDRESS intr gic:LINE'");
    return std::nullopt;
  }
  PciRequest request;
  request.where = input.vdev.where;
  const auto& location = input.vdev.location;
  if (!location) return request;
  request.where = location->where;
  request.position = config::parse_pci_position(location->value.pci);
  if (request.position) return request;
  add_finding(sink, config::Severity::error, kDeviceRule, location->where,
              fmt::format("'pci:{}' is no position on the guest's PCI bus", location->value.pci),
              "write 'loc pci:0:DEV', or leave 'loc' away: a free position is chosen");
  return std::nullopt;
}

}  // namespace qvm::vdevs
