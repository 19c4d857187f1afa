// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/ivshmem.h"

#include "guests/baremetal/cpu.h"

namespace guest {
namespace {

constexpr std::uint64_t kPosition = 8;
constexpr std::uint64_t kDoorbell = 12;

}  // namespace

std::uint32_t Ivshmem::own_id() const {
  return read_at<std::uint32_t>(registers_ + kPosition);
}

void Ivshmem::ring(std::uint32_t peer) const {
  write_at<std::uint32_t>(registers_ + kDoorbell, peer << 16);
}

}  // namespace guest
