// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev virtio-entropy`: random numbers out of the host's generator.
#include <pugixml.hpp>

#include "vdevs/plan.h"
#include "vdevs/virtio.h"

namespace qvm::vdevs {
namespace {

constexpr VirtioNumbers kEntropyNumbers{.modern = 0x1044};

VdevPlan plan_virtio_entropy(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  if (!request_virtio(input, kEntropyNumbers, plan, sink)) return plan;
  pugi::xml_document document;
  pugi::xml_node rng = document.append_child("rng");
  rng.append_attribute("model") = virtio_model(input);
  pugi::xml_node backend = rng.append_child("backend");
  backend.append_attribute("model") = "random";
  backend.text().set("/dev/urandom");
  plan.domain.push_back(virtio_element(input, document));
  return plan;
}

}  // namespace

const ShippedVdev kVirtioEntropyVdev{"virtio-entropy", plan_virtio_entropy};

}  // namespace qvm::vdevs
