// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// All interrupts that a VM's devices, passed ones and reservations name.
#pragma once

#include <string>
#include <vector>

#include "config/rules/passes.h"

namespace qvm::config {

struct InterruptUse {
  InterruptRef interrupt;
  SourceRange where;
  const Vdev* vdev = nullptr;  // nullptr: passed through or reserved
  bool reserved = false;
};

// In order of the kinds named above; only those with a line.
std::vector<InterruptUse> interrupt_uses(const CheckedVm& vm);

}  // namespace qvm::config
