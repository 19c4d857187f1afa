// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/extra_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstring>
#include <string_view>

#include "vdevs/vmhost/traps.h"

namespace qvm::vmhost {

namespace {

std::uint64_t read_word(const QemuApi& qemu, std::uint64_t address) {
  std::uint64_t value = 0;
  qemu.memory_rw(address, &value, sizeof value, false);
  return value;
}

Result<void> add_memory(const QemuApi& qemu, const AddressRange& range, bool writable) {
  if (!writable && qemu.memory_region_set_readonly == nullptr) {
    return fail(fmt::format(
        "QEMU {} has no function 'memory_region_set_readonly', without which a VM can have no 'rom'",
        qemu.version_text()));
  }
  auto region = QVM_TRY(new_memory_region(qemu));
  void* const memory = ::mmap(nullptr, range.length, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno(fmt::format("map {:#x} bytes of memory", range.length));
  qemu.memory_region_init_ram_ptr(region, nullptr, writable ? "qvm-ram" : "qvm-rom", range.length, memory);
  if (!writable) qemu.memory_region_set_readonly(region, true);
  qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), range.address, region, kMappingPriority);

  constexpr std::uint64_t kPattern = 0x0123456789abcdef;
  auto* const last = static_cast<char*>(memory) + range.length - sizeof kPattern;
  std::memcpy(last, &kPattern, sizeof kPattern);
  const std::uint64_t address = range.address + range.length - sizeof kPattern;
  std::uint64_t store = ~kPattern;
  qemu.memory_rw(address, &store, sizeof store, true);
  const bool right = read_word(qemu, address) == (writable ? store : kPattern);
  std::memset(last, 0, sizeof kPattern);
  if (right) return {};
  return fail(
      fmt::format("something else of the machine answers at {:#x}, or QEMU {} has memory in a way that "
                  "vmhost does not know",
                  address, qemu.version_text()));
}

struct PartFact {
  const char* type;  // of QEMU's
  const char* title;
};

PartFact fact_of(SecondPlace::Part part) {
  switch (part) {
    case SecondPlace::Part::io_apic:
      return {"ioapic", "I/O APIC"};
    case SecondPlace::Part::precision_timer:
      return {"hpet", "high precision timer"};
  }
  return {"", ""};
}

Result<void> add_second_place(const QemuApi& qemu, const SecondPlace& second) {
  const PartFact part = fact_of(second.part);
  if (qemu.in_kernel_irqchip() && second.part == SecondPlace::Part::io_apic) {
    return fail(
        fmt::format("the kernel's I/O APIC can be at one place only, not at {:#x}, too; start QEMU with "
                    "'-accel kvm,kernel-irqchip=split'",
                    second.range.address));
  }
  bool several = false;
  Object* const device = qemu.object_resolve_path_type("", part.type, &several);
  if (device == nullptr || several)
    return fail(fmt::format("the machine has {} {}", several ? "more than one" : "no", part.title));
  MemoryRegion* const registers =
      qemu.sysbus_mmio_get_region == nullptr ? nullptr : qemu.sysbus_mmio_get_region(device, 0);
  if (registers == nullptr)
    return fail(
        fmt::format("the registers of the {} are not known in QEMU {}", part.title, qemu.version_text()));
  auto alias = QVM_TRY(new_memory_region(qemu));
  qemu.memory_region_init_alias(alias, nullptr, "qvm-second-place", registers, 0, second.range.length);
  qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), second.range.address, alias,
                                           kTrapPriority);
  return {};
}

}  // namespace

Result<void> add_extra_memory(const QemuApi& qemu, const MachineExtras& extras) {
  for (const AddedMemory& memory : extras.memory) {
    auto added = add_memory(qemu, memory.range, memory.writable);
    if (!added)
      return fail_from(std::move(added), (memory.writable ? "ram (" : "rom (") + memory.place + ")");
  }
  for (const SecondPlace& second : extras.second_places) {
    auto added = add_second_place(qemu, second);
    if (!added)
      return fail_from(std::move(added), fmt::format("{} ({})", fact_of(second.part).title, second.place));
  }
  return {};
}

}  // namespace qvm::vmhost
