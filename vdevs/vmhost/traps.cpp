// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/traps.h"

#include <fmt/format.h>

#include <cstring>

namespace qvm::vmhost {

const MemoryRegionOps& Trap::ops() {
  static const MemoryRegionOps kOps = [] {
    MemoryRegionOps made;
    made.read = &Trap::on_read;
    made.write = &Trap::on_write;
    made.endianness = kLittleEndian;
    return made;
  }();
  return kOps;
}

Result<std::unique_ptr<Trap>> Trap::create(const QemuApi& qemu, const std::string& name,
                                           std::uint64_t address, std::uint64_t length,
                                           TrapHandler& handler) {
  auto region = QVM_TRY(new_memory_region(qemu));
  std::unique_ptr<Trap> trap(new Trap(region, handler));
  qemu.memory_region_init_io(region, nullptr, &ops(), trap.get(), name.c_str(), length);
  qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), address, region, kTrapPriority);

  trap->x_probe.active = true;
  // Both ends of the range, an unaligned access and the widest one.
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{9}, length - 8}) {
    for (const unsigned width : {1u, 2u, 4u, 8u}) {
      if (!trap->probe(qemu, address, offset, width)) {
        // QEMU keeps the region, which names this object: let both live until the process ends, which is
        // soon.
        [[maybe_unused]] Trap* const kept = trap.release();
        return fail(
            fmt::format("something else of the machine answers at {:#x}, or QEMU {} passes accesses on in a "
                        "way vmhost does not know",
                        address + offset, qemu.version_text()));
      }
    }
  }
  trap->x_probe.active = false;
  return trap;
}

Result<std::unique_ptr<Trap>> Trap::create_unplaced(const QemuApi& qemu, const std::string& name,
                                                    std::uint64_t length, TrapHandler& handler) {
  // Above what a guest of any of our machines can reach.
  constexpr std::uint64_t kProvingGround = std::uint64_t{1} << 52;
  auto trap = create(qemu, name, kProvingGround, length, handler);
  if (trap) qemu.memory_region_del_subregion(qemu.get_system_memory(), (*trap)->x_region);
  return trap;
}

bool Trap::probe(const QemuApi& qemu, std::uint64_t address, std::uint64_t offset, unsigned width) {
  constexpr std::uint64_t kPattern = 0x8877665544332211;
  const std::uint64_t mask = width == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * width)) - 1;
  // QEMU may split an unaligned access; what a guest's own access does then is the same split, so only whole
  // ones prove anything.
  std::uint64_t bytes = 0;
  x_probe = {true, false, offset, kPattern, width};
  qemu.memory_rw(address + offset, &bytes, width, false);
  if (!x_probe.seen || bytes != (kPattern & mask)) return false;
  x_probe.seen = false;
  bytes = kPattern;
  qemu.memory_rw(address + offset, &bytes, width, true);
  return x_probe.seen;
}

std::uint64_t Trap::on_read(void* self, std::uint64_t offset, unsigned width) {
  Trap& trap = *static_cast<Trap*>(self);
  if (!trap.x_probe.active) return trap.x_handler.read(offset, width);
  trap.x_probe.seen = offset == trap.x_probe.offset && width == trap.x_probe.width;
  return trap.x_probe.value;
}

void Trap::on_write(void* self, std::uint64_t offset, std::uint64_t value, unsigned width) {
  Trap& trap = *static_cast<Trap*>(self);
  if (!trap.x_probe.active) return trap.x_handler.write(offset, width, value);
  const std::uint64_t mask = width == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * width)) - 1;
  trap.x_probe.seen = offset == trap.x_probe.offset && width == trap.x_probe.width &&
                      (value & mask) == (trap.x_probe.value & mask);
}

}  // namespace qvm::vmhost
