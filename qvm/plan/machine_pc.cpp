// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/machine_pc.h"

namespace qvm::plan {
namespace {

using vdevs::MachineRange;
using vdevs::Part;

vdevs::Machine make_pc() {
  vdevs::Machine pc;
  pc.name = "pc";
  pc.controller = "I/O APIC";
  pc.interrupt_lines = 24;
  // 3.5 GiB and more are split at 3 GiB. The top stays clear of the 40 address bits that every CPU model has,
  // with room for the 64-bit PCI window above RAM.
  pc.ram = {.base = 0,
            .granularity = 0x100000,
            .low_limit = 0xe0000000,
            .split_low = 0xc0000000,
            .top_limit = 0x8000000000,
            .hole_start = 0xa0000,
            .hole_end = 0x100000,
            .rom_start = 0xc0000};
  pc.memory = {
      {Part::io_apic, 0xfec00000, 0x1000, "I/O APIC"},
      {Part::precision_timer, 0xfed00000, 0x1000, "high precision timer", true},
      {Part::local_apic, 0xfee00000, 0x100000, "local APIC"},
      {Part::other, 0xfeffc000, 0x4000, "pages of KVM"},
      {Part::other, 0xfffc0000, 0x40000, "firmware"},
  };
  pc.ports = {
      {Part::other, 0x00, 0x10, "DMA"},
      {Part::interrupt_controllers, 0x20, 2, "interrupt controllers"},
      {Part::interval_timer, 0x40, 4, "interval timer"},
      {Part::keyboard_controller, 0x60, 1, "keyboard controller"},
      {Part::other, 0x61, 1, "speaker"},
      {Part::keyboard_controller, 0x64, 1, "keyboard controller"},
      {Part::clock, 0x70, 2, "clock"},
      {Part::other, 0x80, 0x10, "DMA"},
      {Part::other, 0x92, 1, "A20 gate"},
      {Part::interrupt_controllers, 0xa0, 2, "interrupt controllers"},
      {Part::other, 0xb2, 2, "power management"},
      {Part::other, 0xc0, 0x20, "DMA"},
      {Part::other, 0xf0, 1, "coprocessor"},
      {Part::other, 0x170, 8, "IDE"},
      {Part::other, 0x1f0, 8, "IDE"},
      {Part::other, 0x376, 1, "IDE"},
      {Part::other, 0x3f6, 1, "IDE"},
      {Part::other, 0x4d0, 2, "interrupt controllers"},
      {Part::other, 0x510, 0xc, "firmware configuration"},
      {Part::other, 0x600, 0x40, "power management"},
      {Part::other, 0x700, 0x40, "SMBus"},
      {Part::other, 0xae00, 0x18, "PCI hot plug"},
      {Part::other, 0xaf00, 0x20, "CPU hot plug"},
      {Part::other, 0xafe0, 4, "general purpose events"},
      {Part::other, 0xcf8, 8, "PCI configuration"},
  };
  pc.lines = {
      {Part::interval_timer, 0, "interval timer"},
      {Part::keyboard_controller, 1, "keyboard controller"},
      {Part::interrupt_controllers, 2, "interrupt controllers"},
      {Part::clock, 8, "clock"},
      {Part::other, 9, "power management"},
      {Part::keyboard_controller, 12, "keyboard controller"},
      {Part::other, 13, "coprocessor"},
      {Part::other, 14, "IDE"},
      {Part::other, 15, "IDE"},
  };
  pc.pci_devices = {{0, "host bridge"}, {1, "ISA bridge, IDE, power management"}};
  // SeaBIOS and qboot use 10 and 11; the machine's ACPI tables offer 5 as well.
  pc.pci_lines = {5, 10, 11};
  return pc;
}

}  // namespace

const vdevs::Machine& machine_pc() {
  static const vdevs::Machine machine = make_pc();
  return machine;
}

}  // namespace qvm::plan
