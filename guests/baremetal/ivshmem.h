// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// QEMU's own `ivshmem-doorbell`, for comparison: shared memory and doorbells by message-signalled interrupts.
#pragma once

#include <cstdint>

#include "guests/baremetal/interrupts.h"

namespace guest {

class Ivshmem {
 public:
  // Finds and sets up the device: its BARs, and vector 0 for `handler`. False if there is none. On aarch64
  // there never is: the runtime there does not look at PCI.
  static bool open(Handler handler, Ivshmem* device);

  std::uint32_t own_id() const;
  // Interrupts the peer's vector 0.
  void ring(std::uint32_t peer) const;
  std::uint64_t memory() const { return memory_; }

 private:
  std::uint64_t registers_ = 0;
  std::uint64_t memory_ = 0;
};

}  // namespace guest
