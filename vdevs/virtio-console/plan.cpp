// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev virtio-console`: one console on a device of its own.
#include <pugixml.hpp>

#include "vdevs/host_side.h"
#include "vdevs/plan.h"
#include "vdevs/virtio.h"
#include "vdevs/xml.h"

namespace qvm::vdevs {
namespace {

constexpr VirtioNumbers kConsoleNumbers{.modern = 0x1043, .transitional = 0x1003};

VdevPlan plan_virtio_console(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const auto side = plan_host_side(input, sink);
  if (!request_virtio(input, kConsoleNumbers, plan, sink) || !side) return plan;

  pugi::xml_document device;
  pugi::xml_node controller = device.append_child("controller");
  controller.append_attribute("type") = "virtio-serial";
  controller.append_attribute("index") = input.ordinal;
  controller.append_attribute("model") = virtio_model(input);
  plan.domain.push_back(virtio_element(input, device));

  pugi::xml_document port;
  pugi::xml_node console = port.append_child("console");
  add_host_side(input, *side, plan, console);
  pugi::xml_node target = console.append_child("target");
  target.append_attribute("type") = "virtio";
  target.append_attribute("port") = input.ordinal;
  pugi::xml_node address = console.append_child("address");
  address.append_attribute("type") = "virtio-serial";
  address.append_attribute("controller") = input.ordinal;
  for (const char* const part : {"bus", "port"}) address.append_attribute(part) = 0;
  plan.domain.push_back({"devices", print_element(port)});
  return plan;
}

}  // namespace

const ShippedVdev kVirtioConsoleVdev{"virtio-console", plan_virtio_console};

}  // namespace qvm::vdevs
