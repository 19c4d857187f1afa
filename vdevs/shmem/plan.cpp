// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev shmem`: the factory page at `loc` or in a BAR, its line, a window for regions, and what the VM may do
// with which names.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/language/option_table.h"
#include "vdevs/pci_request.h"
#include "vdevs/plan.h"
#include "vdevs/shmem/policy_options.h"

namespace qvm::vdevs {
namespace {

// A control page and one page of data.
constexpr std::uint64_t kSmallestWindow = 2 * kPage;

// Read by the plan or enforced by the region manager: nothing the device in the VM's process has to know.
constexpr std::array<std::string_view, 11> kNotForTheDevice = {
    "loc", "intr", "name", "log", "window", "create", "allow", "deny", "subst", "gid", "umask"};

// What QNX's device has, and drivers look for; a class that no driver of the guest's takes for its own.
constexpr std::uint16_t kVendor = 0x1c05;
constexpr std::uint16_t kDevice = 0x0001;
constexpr std::uint16_t kClass = 0x0500;  // memory controller, RAM

void claim_pci(const PlanInput& input, VdevPlan& plan, config::DiagnosticSink& sink) {
  plan.pci = request_pci(input, sink);
  if (!plan.pci) return;
  plan.pci->vendor = kVendor;
  plan.pci->device = kDevice;
  plan.pci->class_code = kClass;
  plan.pci->length = kPage;
}

void claim_page(const PlanInput& input, VdevPlan& plan, config::DiagnosticSink& sink) {
  const auto& location = input.vdev.location;
  if (!location || location->value.space == config::Location::Space::pci) return claim_pci(input, plan, sink);
  if (location->value.space != config::Location::Space::memory || location->value.address % kPage != 0) {
    add_finding(sink, config::Severity::error, kDeviceRule, location->where,
                fmt::format("the registers need a memory address that is a multiple of {:#x}", kPage), "");
    return;
  }
  plan.memory.push_back({location->value.address, kPage, location->where, std::nullopt});
  if (input.vdev.interrupts.empty() || !input.vdev.interrupts.front().value.line) {
    add_finding(sink, config::Severity::error, "D04", location->where,
                "'loc' without 'intr': signals need a line", "add 'intr CONTROLLER:LINE'");
    return;
  }
  const auto& interrupt = input.vdev.interrupts.front();
  plan.lines.push_back({*interrupt.value.line, interrupt.where, std::nullopt});
  plan.node = DeviceNode{.compatible = {"qvm,guest_shm"},
                         .ranges = {{location->value.address, kPage}},
                         .line = interrupt.value.line};
}

void request_window(const PlanInput& input, VdevPlan& plan, config::DiagnosticSink& sink) {
  WindowRequest request;
  request.where = input.vdev.where;
  for (const config::Option& option : input.vdev.options) {
    if (option.name != "window" || option.arguments.empty()) continue;
    const config::Argument& argument = option.arguments.front();
    const auto* location = std::get_if<config::Location>(&argument.value);
    const std::uint64_t length = location == nullptr ? 0 : location->length.value_or(0);
    if (location == nullptr || location->space != config::Location::Space::memory ||
        location->address % kPage != 0 || length % kPage != 0 || length < kSmallestWindow) {
      add_finding(
          sink, config::Severity::error, kDeviceRule, argument.where,
          fmt::format(
              "a window needs a memory address and a length, multiples of {:#x}, of at least {:#x} bytes",
              kPage, kSmallestWindow),
          "for example 'window 0x80000000,256M'");
      return;
    }
    request = {location->address, length, argument.where};
  }
  if (!request.address) {
    // What the VM creates by itself should fit.
    for (const regions::CreateSpec& create : plan.policy->creates)
      request.length += window_bytes(create.bytes);
  }
  plan.window = request;
}

VdevPlan plan_shmem(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan.policy = read_policy(input, sink);
  claim_page(input, plan, sink);
  request_window(input, plan, sink);
  HostedDevice hosted;
  hosted.object = input.vdev.table != nullptr && !input.vdev.table->object.empty() ? input.vdev.table->object
                                                                                   : "vdev-shmem.so";
  hosted.uses_regions = true;
  for (const config::Option& option : input.vdev.options) {
    if (std::find(kNotForTheDevice.begin(), kNotForTheDevice.end(), option.name) == kNotForTheDevice.end()) {
      hosted.options.push_back(option);
    }
  }
  plan.hosted = std::move(hosted);
  return plan;
}

}  // namespace

const ShippedVdev kShmemVdev{"shmem", plan_shmem};

}  // namespace qvm::vdevs
