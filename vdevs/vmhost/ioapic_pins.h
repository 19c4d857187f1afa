// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The pins of an x86 machine's I/O APIC (and, below 16, of its 8259s).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "qvm/base/result.h"
#include "vdevs/vmhost/lines.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost {

inline constexpr unsigned kIoapicPins = 24;

// Uses the kernel's pins without QEMU's lock under an in-kernel irqchip, QEMU's own with it otherwise.
class IoapicPins : public PinDriver {
 public:
  // Fails if the machine has no I/O APIC or several.
  static Result<std::unique_ptr<IoapicPins>> create(const QemuApi& qemu);

  void set(unsigned pin, bool level) override;
  bool can_miss() const override { return x_userspace; }
  bool missed(unsigned pin) override;
  // True if raising the pin now would lose the interrupt: missed() tells when it can be raised.
  bool must_wait(unsigned pin) const;

 private:
  IoapicPins(const QemuApi& qemu, Object* ioapic, bool userspace, bool isa)
      : x_qemu(qemu),
        x_ioapic(ioapic),
        x_in_kernel(qemu.in_kernel_irqchip()),
        x_userspace(userspace),
        x_split(userspace && qemu.kvm()),
        x_isa(isa) {}
  IrqState* input(unsigned pin) const;
  std::uint32_t redirection(unsigned pin) const;

  const QemuApi& x_qemu;
  Object* const x_ioapic;
  const bool x_in_kernel;
  const bool x_userspace;
  const bool x_split;
  const bool x_isa;  // the machine has an ISA bus
};

}  // namespace qvm::vmhost
