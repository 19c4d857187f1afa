// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/gic_pins.h"

namespace qvm::vmhost {

Result<std::unique_ptr<GicPins>> GicPins::create(const QemuApi& qemu) {
  for (const char* type : {"arm-gicv3-common", "arm_gic_common"}) {
    bool ambiguous = false;
    Object* gic = qemu.object_resolve_path_type("", type, &ambiguous);
    if (gic != nullptr) return std::unique_ptr<GicPins>(new GicPins(qemu, gic));
  }
  return fail("the machine has no GIC; 'virt' has one");
}

IrqState* GicPins::input(unsigned interrupt) const {
  return x_qemu.qdev_get_gpio_in(x_gic, static_cast<int>(interrupt - kFirstSharedInterrupt));
}

}  // namespace qvm::vmhost
