// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/pci_request.h"

#include <fmt/format.h>

#include <algorithm>

namespace qvm::vdevs {
namespace {

constexpr const char* kRule = "plan-device";
constexpr std::uint16_t kVirtioVendor = 0x1af4;

bool is_legacy(const PlanInput& input) {
  return std::any_of(input.vdev.options.begin(), input.vdev.options.end(),
                     [](const config::Option& option) { return option.name == "legacy"; });
}

}  // namespace

std::optional<PciRequest> request_pci(const PlanInput& input, config::DiagnosticSink& sink) {
  PciRequest request;
  request.where = input.vdev.where;
  const auto& location = input.vdev.location;
  if (!location) return request;
  request.where = location->where;
  request.position = config::parse_pci_position(location->value.pci);
  if (request.position) return request;
  add_finding(sink, config::Severity::error, kRule, location->where,
              fmt::format("'pci:{}' is no position on the guest's PCI bus", location->value.pci),
              "write 'loc pci:0:DEV', or leave 'loc' away: a free position is chosen");
  return std::nullopt;
}

bool request_virtio(const PlanInput& input, const VirtioNumbers& numbers, VdevPlan& plan,
                    config::DiagnosticSink& sink) {
  const auto& location = input.vdev.location;
  if (location && location->value.space != config::Location::Space::pci) {
    add_finding(sink, config::Severity::error, kRule, location->where,
                fmt::format("machine '{}' has {} on PCI only, not at an address", input.machine.name,
                            input.vdev.type),
                "leave 'loc' and 'intr' away: it is a PCI device");
    return false;
  }
  plan.pci = request_pci(input, sink);
  if (!plan.pci) return false;
  plan.pci->vendor = kVirtioVendor;
  plan.pci->message_signalled = true;
  plan.pci->device = is_legacy(input) && numbers.transitional != 0 ? numbers.transitional : numbers.modern;
  return true;
}

const char* virtio_model(const PlanInput& input) {
  return is_legacy(input) ? "virtio-transitional" : "virtio-non-transitional";
}

}  // namespace qvm::vdevs
