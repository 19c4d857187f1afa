// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/virtio.h"

#include <fmt/format.h>

#include "config/model/options.h"
#include "vdevs/pci_request.h"
#include "vdevs/xml.h"

namespace qvm::vdevs {
namespace {

constexpr std::uint16_t kVirtioVendor = 0x1af4;
constexpr std::uint64_t kTransportRegisters = 0x200;

bool is_legacy(const PlanInput& input) {
  return config::find_option(input.vdev.options, "legacy") != nullptr;
}

bool is_at_address(const PlanInput& input) {
  const auto& location = input.vdev.location;
  return location && location->value.space != config::Location::Space::pci;
}

// libvirt keeps ids that begin like this for its callers.
std::string device_id(const PlanInput& input) {
  return "ua-" + input.id;
}

bool request_registers(const PlanInput& input, VdevPlan& plan, config::DiagnosticSink& sink) {
  const auto& location = *input.vdev.location;
  const auto refuse = [&](const config::SourceRange& where, std::string message, std::string help) {
    add_finding(sink, config::Severity::error, kDeviceRule, where, std::move(message), std::move(help));
    return false;
  };
  if (!input.machine.movable) {
    return refuse(location.where,
                  fmt::format("machine '{}' has {} on PCI only, not at an address", input.machine.name,
                              input.vdev.type),
                  "leave 'loc' and 'intr' away: it is a PCI device");
  }
  if (location.value.space != config::Location::Space::memory ||
      location.value.address % kTransportRegisters != 0) {
    return refuse(
        location.where,
        fmt::format("the registers need a memory address that is a multiple of {:#x}", kTransportRegisters),
        "");
  }
  if (input.vdev.interrupts.empty() || !input.vdev.interrupts.front().value.line) {
    return refuse(location.where, fmt::format("{} at an address needs an interrupt", input.vdev.type),
                  "add 'intr gic:LINE'");
  }
  const auto& interrupt = input.vdev.interrupts.front();
  const std::uint64_t address = location.value.address;
  plan.memory.push_back({address, kTransportRegisters, location.where, std::nullopt});
  plan.lines.push_back({*interrupt.value.line, interrupt.where, std::nullopt});
  plan.placements.push_back({.transport_of = device_id(input),
                             .addresses = {address},
                             .line = interrupt.value.line,
                             .legacy = is_legacy(input),
                             .where = location.where});
  plan.node = DeviceNode{.compatible = {"virtio,mmio"},
                         .ranges = {{address, kTransportRegisters}},
                         .line = interrupt.value.line,
                         .coherent = true};
  return true;
}

}  // namespace

bool request_virtio(const PlanInput& input, const VirtioNumbers& numbers, VdevPlan& plan,
                    config::DiagnosticSink& sink) {
  if (is_at_address(input)) return request_registers(input, plan, sink);
  plan.pci = request_pci(input, sink);
  if (!plan.pci) return false;
  plan.pci->vendor = kVirtioVendor;
  plan.pci->message_signalled = true;
  plan.pci->device = is_legacy(input) && numbers.transitional != 0 ? numbers.transitional : numbers.modern;
  return true;
}

const char* virtio_model(const PlanInput& input) {
  if (is_at_address(input)) return "virtio";
  return is_legacy(input) ? "virtio-transitional" : "virtio-non-transitional";
}

DomainElement virtio_element(const PlanInput& input, pugi::xml_document& document) {
  const bool pci = !is_at_address(input);
  if (!pci) {
    pugi::xml_node element = document.first_child();
    element.append_child("alias").append_attribute("name") = device_id(input).c_str();
    element.append_child("address").append_attribute("type") = "virtio-mmio";
  }
  return {"devices", print_element(document), pci};
}

QemuArgument virtio_argument(const PlanInput& input, const std::string& stem, const std::string& properties) {
  if (is_at_address(input))
    return {"-device", fmt::format("{}-device,id={},{}", stem, device_id(input), properties)};
  const std::string_view kind = std::string_view(virtio_model(input)).substr(sizeof "virtio-" - 1);
  return {"-device", fmt::format("{}-pci-{},{},romfile=", stem, kind, properties), true};
}

}  // namespace qvm::vdevs
