// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev pci-dummy`: a PCI function of nothing but a configuration space. It makes a guest look for the other
// functions of its device.
#include <fmt/format.h>

#include "vdevs/pci-dummy/config_space.h"
#include "vdevs/pci_request.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

std::uint16_t word_at(const std::string& space, std::size_t offset) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(space[at]); };
  return static_cast<std::uint16_t>(byte(offset) | byte(offset + 1) << 8);
}

VdevPlan plan_pci_dummy(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const auto& location = input.vdev.location;
  if (location && location->value.space != config::Location::Space::pci) {
    add_finding(sink, config::Severity::error, kDeviceRule, location->where,
                "a PCI device has a position on the bus, not an address",
                "write 'loc pci:0:DEV[.FUNC]', or leave 'loc' away: a free position is chosen");
    return plan;
  }
  std::string space = dummy_config_space(input, sink);
  plan.pci = request_pci(input, sink);
  if (!plan.pci) return plan;
  plan.pci->vendor = word_at(space, 0x00);
  plan.pci->device = word_at(space, 0x02);
  plan.pci->class_code = word_at(space, 0x0a);
  // It never raises its line, so it needs none.
  plan.pci->message_signalled = true;
  plan.pci_config_space = std::move(space);
  return plan;
}

}  // namespace

const ShippedVdev kPciDummyVdev{"pci-dummy", plan_pci_dummy};

}  // namespace qvm::vdevs
