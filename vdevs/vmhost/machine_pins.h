// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// All places where the vdevs of a machine signal: pins of the I/O APIC, and INTA of PCI functions.
#pragma once

#include <memory>
#include <vector>

#include "vdevs/vmhost/ioapic_pins.h"
#include "vdevs/vmhost/lines.h"
#include "vdevs/vmhost/pci_function.h"

namespace qvm::vmhost {

class MachinePins : public PinDriver {
 public:
  // The functions are borrowed for ever. With any of them all members need QEMU's lock, on every irqchip.
  MachinePins(std::unique_ptr<IoapicPins> ioapic, std::vector<PciFunction*> functions)
      : x_ioapic(std::move(ioapic)), x_functions(std::move(functions)) {}

  // The pin of a function, by its place in the list.
  static constexpr unsigned pci_pin(std::size_t index) { return kFirstPci + static_cast<unsigned>(index); }

  void set(unsigned pin, bool level) override;
  bool can_miss() const override { return x_ioapic->can_miss(); }
  bool missed(unsigned pin) override;

 private:
  static constexpr unsigned kFirstPci = 0x100;  // above every pin of an I/O APIC

  const std::unique_ptr<IoapicPins> x_ioapic;
  const std::vector<PciFunction*> x_functions;
};

}  // namespace qvm::vmhost
