// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a machine brings before any vdev is added: RAM layout and the parts with fixed places. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/vm_config.h"

namespace qvm::vdevs {

// The guest's pages, in bytes.
inline constexpr std::uint64_t kPage = 4096;

// A vdev may *be* one of these parts; a vdev that is none of them must stay off their places.
enum class Part {
  interrupt_controllers,
  io_apic,
  local_apic,
  interval_timer,
  clock,
  keyboard_controller,
  precision_timer,
  other,
};

struct MachineRange {
  Part part = Part::other;
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::string_view title;  // "I/O APIC"
  bool optional = false;   // there only if a vdev is it
};

struct MachineLine {
  Part part = Part::other;
  std::uint32_t line = 0;
  std::string_view title;
};

struct MachinePciDevice {
  std::uint32_t device = 0;  // on bus 0
  std::string_view title;
};

// Where RAM can be. The machine's RAM is contiguous from base; on a PC, where base is 0, what does not fit
// below goes to 4 GiB and up.
struct RamRules {
  std::uint64_t base = 0;
  std::uint64_t granularity = 0;  // sizes are rounded up to this
  std::uint64_t low_limit = 0;    // RAM of this size or more is split:
  std::uint64_t split_low = 0;    // then this much is below, the rest from 4 GiB on
  std::uint64_t top_limit = 0;    // end of the highest RAM
  std::uint64_t hole_start = 0;   // the part of the first MiB that is not RAM, up to hole_end
  std::uint64_t hole_end = 0;
  std::uint64_t rom_start = 0;  // the read-only part of the hole, up to hole_end
};

struct Machine {
  std::string_view name;  // libvirt's: "pc"
  config::Architecture architecture = config::Architecture::x86_64;
  RamRules ram;
  std::string_view controller;        // that has the lines: "I/O APIC"
  std::uint32_t first_line = 0;       // that a device can have
  std::uint32_t interrupt_lines = 0;  // the number after the last one
  bool movable = false;               // its devices can be put anywhere
  // A gic of the kernel's, which cannot; absent: it can.
  struct FixedGic {
    std::uint64_t distributor = 0;
    std::uint64_t cpu_interface = 0;   // of version 2
    std::uint64_t redistributors = 0;  // of version 3
  };
  std::optional<FixedGic> fixed_controller;
  std::vector<MachineRange> memory;  // outside RAM
  std::vector<MachineRange> ports;
  std::vector<MachineLine> lines;
  std::vector<MachinePciDevice> pci_devices;
  // Those that firmware and guests route interrupts of PCI devices to; none: there are no PCI devices.
  std::vector<std::uint32_t> pci_lines;

  // First place of a part, or nullptr.
  const MachineRange* find_memory(Part part) const {
    for (const MachineRange& range : memory) {
      if (range.part == part) return &range;
    }
    return nullptr;
  }
};

}  // namespace qvm::vdevs
