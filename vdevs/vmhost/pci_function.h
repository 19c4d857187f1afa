// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A PCI function as a QEMU device type of our own: a vdev, with one BAR that traps and the interrupt INTA, or
// a function of nothing but a configuration space that never changes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "vdevs/vmhost/pci_class.h"
#include "vdevs/vmhost/pci_config.h"
#include "vdevs/vmhost/qemu_api.h"
#include "vdevs/vmhost/traps.h"

namespace qvm::vmhost {

// Lives as long as the process: QEMU keeps its address. All members run with QEMU's lock held.
class PciFunction : public TrapHandler {
 public:
  // Makes the device type "qvm-pci-ID" known to QEMU, which `-device` then makes the device of. Before the
  // machine is made. qemu is borrowed for ever.
  static Result<std::unique_ptr<PciFunction>> create(const QemuApi& qemu, const PciClassLayout& layout,
                                                     const std::string& id, const PciConfig& config);

  const std::string& type_name() const { return x_type; }
  // Whether the device is in the machine. A guest can end that: it may eject a device.
  bool present() const { return x_device != nullptr; }
  // For one with a BAR. Who answers the BAR from now on; borrowed for ever. Before that it reads all-ones and
  // ignores stores.
  void connect(TrapHandler& handler) { x_handler = &handler; }

  // Level of INTA. A high level that is set again is told again to the interrupt controller.
  void set_line(bool level);
  // The global system interrupt that the guest or its firmware has routed INTA to; nullopt: none.
  std::optional<unsigned> routed_line() const;

  std::uint64_t read(std::uint64_t offset, unsigned width) override;
  void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

 private:
  PciFunction(const QemuApi& qemu, const PciClassLayout& layout, std::string type, const PciConfig& config)
      : x_qemu(qemu), x_layout(layout), x_type(std::move(type)), x_config(config) {}
  Result<void> register_type();
  Result<void> realize(PciDevice* device);
  Result<void> set_interrupt_pin(PciDevice* device) const;
  static PciFunction* find(PciDevice* device);
  static void on_class(ObjectClass* klass, void* self);
  static void on_realize(PciDevice* device, QemuError** error);
  static void on_exit(PciDevice* device);
  static std::uint32_t on_config_read(PciDevice* device, std::uint32_t address, int width);
  static void on_config_write(PciDevice* device, std::uint32_t address, std::uint32_t value, int width);

  const QemuApi& x_qemu;
  const PciClassLayout x_layout;
  const std::string x_type;
  const PciConfig x_config;
  bool x_class_made = false;
  std::unique_ptr<Trap> x_trap;  // set for good when the device is made the first time
  PciDevice* x_device = nullptr;
  TrapHandler* x_handler = nullptr;
  bool x_level = false;
};

}  // namespace qvm::vmhost
