// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Ranges of guest-physical addresses whose accesses come to us.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "qvm/base/result.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost {

// Priorities in the guest's address space: above the machine's RAM and devices, our RAM above our traps.
inline constexpr int kTrapPriority = 10;
inline constexpr int kMappingPriority = 11;

// Who answers a trapped range. Called in the vCPU's thread with QEMU's lock held.
class TrapHandler {
 public:
  virtual ~TrapHandler() = default;
  virtual std::uint64_t read(std::uint64_t offset, unsigned width) = 0;
  virtual void write(std::uint64_t offset, unsigned width, std::uint64_t value) = 0;
};

// One trapped range. Stays for the life of the machine.
class Trap {
 public:
  // Takes over [address, address+length) and proves, by an access of each kind that must arrive here
  // unchanged, that QEMU understands us and that nothing else of the machine answers there. handler is
  // borrowed for ever; it does not see the proof. QEMU's lock is held.
  static Result<std::unique_ptr<Trap>> create(const QemuApi& qemu, const std::string& name,
                                              std::uint64_t address, std::uint64_t length,
                                              TrapHandler& handler);

  // The same for a range that has no place yet: proved at a place above everything else, then taken away from
  // there. For a BAR, whose place the guest chooses.
  static Result<std::unique_ptr<Trap>> create_unplaced(const QemuApi& qemu, const std::string& name,
                                                       std::uint64_t length, TrapHandler& handler);
  MemoryRegion* region() const { return x_region; }

 private:
  // The access that the proof waits for.
  struct Probe {
    bool active = false;
    bool seen = false;
    std::uint64_t offset = 0;
    std::uint64_t value = 0;
    unsigned width = 0;
  };

  Trap(MemoryRegion* region, TrapHandler& handler) : x_region(region), x_handler(handler) {}
  bool probe(const QemuApi& qemu, std::uint64_t address, std::uint64_t offset, unsigned width);
  static std::uint64_t on_read(void* self, std::uint64_t offset, unsigned width);
  static void on_write(void* self, std::uint64_t offset, std::uint64_t value, unsigned width);
  static const MemoryRegionOps& ops();

  MemoryRegion* const x_region;
  TrapHandler& x_handler;
  Probe x_probe;
};

}  // namespace qvm::vmhost
