// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/interrupt_uses.h"

namespace qvm::config {

std::vector<InterruptUse> interrupt_uses(const CheckedVm& vm) {
  std::vector<InterruptUse> result;
  for (const Vdev& vdev : vm.model.vdevs) {
    for (const auto& interrupt : vdev.interrupts) {
      if (interrupt.value.line) result.push_back({interrupt.value, interrupt.where, &vdev, false});
    }
  }
  for (const Pass& pass : passes_of(vm)) {
    for (const PassInterrupt& interrupt : pass.interrupts)
      result.push_back({interrupt.guest, interrupt.where, nullptr, false});
  }
  for (const Reserve& reserve : vm.model.reserves) {
    for (const auto& interrupt : reserve.interrupts) {
      if (interrupt.value.line) result.push_back({interrupt.value, interrupt.where, nullptr, true});
    }
  }
  return result;
}

}  // namespace qvm::config
