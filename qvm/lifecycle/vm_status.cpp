// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/vm_status.h"

#include "qvm/lifecycle/vm_status_fields.h"

namespace qvm::lifecycle {

std::string_view to_string(VmState state) {
  return name_of(kWords<VmState>, state);
}

std::string_view to_string(Outcome outcome) {
  return name_of(kWords<Outcome>, outcome);
}

}  // namespace qvm::lifecycle
