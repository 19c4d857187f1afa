// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/shmem_place.h"

#include "guests/baremetal/aarch64/board.h"

namespace guest {

std::uint64_t usual_factory() {
  return board().shmem.registers.address;
}

std::uint64_t factory_on_pci() {
  return 0;
}

}  // namespace guest
