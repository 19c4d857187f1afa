// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The parts of register-walk.
#pragma once

#include <cstdint>

#include "guests/baremetal/checks.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/shmem.h"

namespace walk {

struct Walk {
  Walk();

  std::uint64_t factory() const { return device.factory(); }
  std::uint32_t factory32(std::uint64_t offset) const {
    return guest::read_at<std::uint32_t>(factory() + offset);
  }
  std::uint64_t factory64(std::uint64_t offset) const {
    return guest::read_at<std::uint64_t>(factory() + offset);
  }

  // Attaches and checks that it worked. The connection is not attached if it did not.
  guest::Connection attach_ok(const char* what, const char* name, std::uint32_t pages);
  // Checks that attaching gives this status, and that shmem and size are 0 then.
  void attach_fails(const char* what, const char* name, std::uint32_t pages, std::uint32_t status);

  guest::Checks checks;
  guest::ShmemDevice device;
};

// Whether the processor lets an access of T there through to a device.
template <typename T>
bool may_access(std::uint64_t address) {
  return guest::kUnalignedDeviceAccess || address % sizeof(T) == 0;
}

void check_factory_page(Walk& walk);  // at first, while nothing is attached
void check_attaching(Walk& walk);     // names, sizes, status codes, find, life time of a region
void check_control_page(Walk& walk);
void check_after_detach(Walk& walk);

}  // namespace walk
