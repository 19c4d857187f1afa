// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/machine_pins.h"

namespace qvm::vmhost {

void MachinePins::set(unsigned pin, bool level) {
  if (pin < kFirstPci) return x_ioapic->set(pin, level);
  PciFunction& function = *x_functions[pin - kFirstPci];
  const auto line = function.routed_line();
  if (level && line && *line < kIoapicPins && x_ioapic->must_wait(*line)) return;
  function.set_line(level);
}

bool MachinePins::missed(unsigned pin) {
  if (pin < kFirstPci) return x_ioapic->missed(pin);
  const auto line = x_functions[pin - kFirstPci]->routed_line();
  return line && *line < kIoapicPins && x_ioapic->missed(*line);
}

}  // namespace qvm::vmhost
