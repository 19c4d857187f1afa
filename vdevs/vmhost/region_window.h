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
  // read_only: its write() is told of the guest's stores to the data, which change nothing; may be null;
  // borrowed until unmap.
  TrapHandler* stores = nullptr;
};

// One window: a trap over all of it, which passes accesses to control pages and else reads all-ones and
// ignores stores; above it a fixed number of slots for RAM, each for reading and writing or for reading only:
// then stores trap. Nothing is allocated in QEMU after create. All
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
    MemoryRegion* writable = nullptr;  // aliases; at most one of the two is enabled
    MemoryRegion* read_only = nullptr;
    bool used = false;
    MapRequest::Access access = MapRequest::Access::read_only;
    WindowAllocator::Place place;
    TrapHandler* control = nullptr;
    TrapHandler* stores = nullptr;

    MemoryRegion* alias() const { return access == MapRequest::Access::read_write ? writable : read_only; }
  };
  // The memory behind the aliases of one kind, as long as the window. Its host addresses agree with the
  // guest's below 2 MiB, so that huge pages can back what is aligned for them in the guest.
  struct Backing {
    MemoryRegion* region = nullptr;
    std::uint64_t offset = 0;  // of the window's first byte in the region
    char* base = nullptr;      // its host address
  };

  RegionWindow(const QemuApi& qemu, const AddressRange& range)
      : x_qemu(qemu), x_range(range), x_allocator(range.address, range.length) {}
  Result<void> make_writable_backing();
  Result<void> make_read_only_backing();
  Result<void> add_regions();
  Result<MemoryRegion*> add_alias(const Backing& backing);
  Result<void> self_test();
  Result<void> self_test(MapRequest::Access access);
  const Backing& backing(MapRequest::Access access) const {
    return access == MapRequest::Access::read_write ? x_writable : x_read_only;
  }
  void* host_address(MapRequest::Access access, std::uint64_t guest) const;
  Slot* slot_of_control(std::uint64_t address);
  static std::uint64_t on_rom_read(void* self, std::uint64_t offset, unsigned width);
  static void on_rom_write(void* self, std::uint64_t offset, std::uint64_t value, unsigned width);
  static const MemoryRegionOps& rom_ops();

  std::uint64_t read(std::uint64_t offset, unsigned width) override;
  void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

  const QemuApi& x_qemu;
  const AddressRange x_range;
  WindowAllocator x_allocator;
  Backing x_writable;
  Backing x_read_only;
  std::unique_ptr<Trap> x_trap;
  std::array<Slot, kSlots> x_slots;
};

}  // namespace qvm::vmhost
