// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/ioapic_pins.h"

#include <string>

namespace qvm::vmhost {

namespace {

// Intel 82093AA: an index and a data register, one 64-bit redirection entry per pin.
constexpr std::uint64_t kSelect = 0xfec00000;
constexpr std::uint64_t kData = kSelect + 0x10;
constexpr std::uint32_t kFirstRedirection = 0x10;
constexpr std::uint32_t kRemoteIrr = 1u << 14;
constexpr std::uint32_t kLevel = 1u << 15;
constexpr std::uint32_t kMasked = 1u << 16;

constexpr unsigned kIsaPins = 16;

}  // namespace

Result<std::unique_ptr<IoapicPins>> IoapicPins::create(const QemuApi& qemu) {
  bool ambiguous = false;
  Object* ioapic = qemu.object_resolve_path_type("", "ioapic-common", &ambiguous);
  if (ambiguous) return fail("the machine has more than one I/O APIC; 'pc' and 'q35' have one");
  if (ioapic == nullptr) return fail("the machine has no I/O APIC; 'pc' and 'q35' have one");
  // QEMU tells twice whether the kernel has it: by its type and by flags.
  const std::string type = qemu.object_get_typename(ioapic);
  const bool userspace = type == "ioapic";
  if ((!userspace && type != "kvm-ioapic") || (userspace && qemu.in_kernel_irqchip())) {
    return fail("QEMU " + qemu.version_text() + " has an I/O APIC ('" + type +
                "') of a kind that vmhost does not know; " + use_tried_version());
  }
  bool several = false;
  const bool isa =
      qemu.isa_get_irq != nullptr && qemu.object_resolve_path_type("", "ISA", &several) != nullptr;
  return std::unique_ptr<IoapicPins>(new IoapicPins(qemu, ioapic, userspace, isa));
}

IrqState* IoapicPins::input(unsigned pin) const {
  // The ISA line reaches the 8259 too: a guest in PIC mode gets its interrupt.
  if (pin < kIsaPins && x_isa) return x_qemu.isa_get_irq(nullptr, pin);
  return x_qemu.qdev_get_gpio_in(x_ioapic, static_cast<int>(pin));
}

void IoapicPins::set(unsigned pin, bool level) {
  if (x_in_kernel) {
    x_qemu.kvm_set_irq(x_qemu.kvm_state(), static_cast<int>(pin), level ? 1 : 0);
    return;
  }
  if (level && must_wait(pin)) return;
  x_qemu.qemu_set_irq(input(pin), level ? 1 : 0);
}

bool IoapicPins::must_wait(unsigned pin) const {
  // A split irqchip tells the kernel a pin's vector only after it has delivered what waited for the
  // unmasking: that goes to the vector before, 0 the first time, and the pin then waits for ever for its end.
  // So nothing may wait in there. (Masked edge pins keep nothing, and the 8259 gets its share.)
  return x_split && (redirection(pin) & (kLevel | kMasked)) == (kLevel | kMasked);
}

std::uint32_t IoapicPins::redirection(unsigned pin) const {
  // Through the registers, as a guest would: the only view of them that is not a private layout. QEMU's lock
  // keeps vCPUs out, so the guest never sees the index changed.
  std::uint32_t selected = 0;
  std::uint32_t index = kFirstRedirection + 2 * pin;
  std::uint32_t entry = 0;
  x_qemu.memory_rw(kSelect, &selected, sizeof selected, false);
  x_qemu.memory_rw(kSelect, &index, sizeof index, true);
  x_qemu.memory_rw(kData, &entry, sizeof entry, false);
  x_qemu.memory_rw(kSelect, &selected, sizeof selected, true);
  return entry;
}

bool IoapicPins::missed(unsigned pin) {
  return (redirection(pin) & (kLevel | kMasked | kRemoteIrr)) == kLevel;
}

}  // namespace qvm::vmhost
