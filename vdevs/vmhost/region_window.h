// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of a VM's guest-physical space where regions come and go while it runs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "qvm/base/result.h"
#include "vdevs/vmhost/config.h"
#include "vdevs/vmhost/qemu_api.h"
#include "vdevs/vmhost/traps.h"
#include "vdevs/vmhost/window_allocator.h"

namespace qvm::vmhost {

struct MapRequest {
  int fd = -1;              // borrowed for the call
  std::uint64_t bytes = 0;  // multiple of kPageBytes, not 0
  enum class Access { read_only, read_write } access = Access::read_only;
  TrapHandler* control = nullptr;  // answers the control page; borrowed until unmap
};

// One window: a trap over all of it, which passes accesses to control pages and else reads all-ones and
// ignores stores; above it a fixed number of slots for RAM. Nothing is allocated in QEMU after create. All
// members: QEMU's lock held.
class RegionWindow : private TrapHandler {
 public:
  static constexpr std::size_t kSlots = 64;

  // Proves, too, that what is mapped is what the guest sees. Lives as long as the machine.
  static Result<std::unique_ptr<RegionWindow>> create(const QemuApi& qemu, const AddressRange& range);

  const AddressRange& range() const { return x_range; }

  // The control page's address; data begin kPageBytes after it. The Error's code() says why not: EINVAL bad
  // request (file too short), EMFILE no free slot, ENOSPC no room, or mmap's.
  Result<std::uint64_t> map(const MapRequest& request);
  // False if nothing is mapped with its control page at that address.
  bool unmap(std::uint64_t control_address);

 private:
  struct Slot {
    MemoryRegion* alias = nullptr;
    bool used = false;
    WindowAllocator::Place place;
    TrapHandler* control = nullptr;
  };

  RegionWindow(const QemuApi& qemu, const AddressRange& range)
      : x_qemu(qemu), x_range(range), x_allocator(range.address, range.length) {}
  Result<void> reserve();
  Result<void> add_regions();
  Result<void> self_test();
  void* host_address(std::uint64_t guest) const;
  Slot* slot_of_control(std::uint64_t address);

  std::uint64_t read(std::uint64_t offset, unsigned width) override;
  void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

  const QemuApi& x_qemu;
  const AddressRange x_range;
  WindowAllocator x_allocator;
  char* x_base = nullptr;  // host address of the window's first byte
  std::unique_ptr<Trap> x_trap;
  std::array<Slot, kSlots> x_slots;
};

}  // namespace qvm::vmhost
