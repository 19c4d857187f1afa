// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev virtio-entropy`: random numbers out of the host's generator.
#include <fmt/format.h>

#include "vdevs/pci_request.h"
#include "vdevs/shipped_plans.h"

namespace qvm::vdevs {
namespace {

constexpr VirtioNumbers kNumbers{.modern = 0x1044};

}  // namespace

VdevPlan plan_virtio_entropy(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  if (!request_virtio(input, kNumbers, plan, sink)) return plan;
  plan.domain.push_back(
      {"devices",
       fmt::format(R"(<rng model="{}"><backend model="random">/dev/urandom</backend></rng>)",
                   virtio_model(input)),
       true});
  return plan;
}

}  // namespace qvm::vdevs
