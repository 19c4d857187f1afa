// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The shared interrupts of an ARM machine's GIC. Pins are INTIDs, as configurations write them.
#pragma once

#include <memory>

#include "qvm/base/result.h"
#include "vdevs/vmhost/lines.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost {

inline constexpr unsigned kFirstSharedInterrupt = 32;
inline constexpr unsigned kEndOfSharedInterrupts = 1020;  // what the GIC architecture can have

// All members need QEMU's lock, whether the GIC is QEMU's or the kernel's.
class GicPins : public PinDriver {
 public:
  // Fails if the machine has no GIC.
  static Result<std::unique_ptr<GicPins>> create(const QemuApi& qemu);

  // QEMU's input of an INTID, at or above kFirstSharedInterrupt.
  IrqState* input(unsigned interrupt) const;

  void set(unsigned pin, bool level) override { x_qemu.qemu_set_irq(input(pin), level ? 1 : 0); }
  // A GIC keeps the level of its inputs and looks at it again whenever it is programmed.
  bool can_miss() const override { return false; }
  bool missed(unsigned) override { return false; }

 private:
  GicPins(const QemuApi& qemu, Object* gic) : x_qemu(qemu), x_gic(gic) {}

  const QemuApi& x_qemu;
  Object* const x_gic;
};

}  // namespace qvm::vmhost
