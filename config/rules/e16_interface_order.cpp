// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kInterfaceOrder;

namespace {

void check_e16(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (count_vdevs(vm.model, "virtio-net") < 2 || guest_of(vm, input.reader) != GuestSystem::qnx) continue;
    std::vector<const Vdev*> all;
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type == "virtio-net") all.push_back(&vdev);
    }
    Diagnostic diagnostic =
        finding(kInterfaceOrder, all.front()->where,
                fmt::format("a QNX guest finds its {} virtio-net in reverse order", all.size()),
                "this one gets the last name, not the first");
    for (std::size_t i = 1; i < all.size(); ++i) diagnostic.notes.push_back({all[i]->where, "another one"});
    sink.add(std::move(diagnostic));
  }
}

}  // namespace

const Rule kInterfaceOrder{
    .id = "E16",
    .severity = Severity::info,
    .title = "order of network interfaces in a QNX guest",
    .documentation =
        "The names that a guest gives its interfaces follow the order of the configuration; QNX counts from "
        "the end.",
    .wrong = {"system left\nram 64M\nload guest.ifs\nvdev virtio-net name a peer /dev/vdevpeers/vp0\n"
              "vdev virtio-net name b peer /dev/vdevpeers/vp1\n"},
    .right = {"system left\nram 64M\nload guest.ifs\nvdev virtio-net name a peer /dev/vdevpeers/vp0\n"},
    .check = check_e16};

}  // namespace qvm::config
