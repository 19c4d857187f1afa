// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Driver of the shared memory device. Where it is comes from the command line:
//   shm=0x1c050000   the factory page (default: x86-64: that, aarch64: where the device tree says);
//                    shm=pci: the first such function on PCI bus 0
//   irq=10           its interrupt, see interrupts.h; without it the device's own `vector` register tells
#pragma once

#include <cstdint>

#include "guests/abi/guest_shm.h"
#include "guests/baremetal/interrupts.h"

namespace guest {

// One attachment. A plain value: copies mean the same attachment. Nothing detaches by itself.
class Connection {
 public:
  Connection() = default;
  Connection(std::uint64_t control, std::uint32_t pages) : control_(control), pages_(pages) {}

  bool attached() const { return control_ != 0; }
  std::uint64_t control() const { return control_; }  // address of the control page
  std::uint64_t data() const { return control_ + GUEST_SHM_PAGE_SIZE; }
  std::uint32_t pages() const { return pages_; }  // real size of the region, not what was asked for
  std::uint32_t index() const;

  // Who notified since the last call (bits 15..0, cleared by this) and who is attached (bits 31..16).
  std::uint32_t read_status() const;
  void notify(std::uint32_t targets) const;
  void detach();

 private:
  std::uint64_t control_ = 0;
  std::uint32_t pages_ = 0;
};

struct AttachResult {
  std::uint32_t status = GSS_UNKNOWN_FAILURE;  // enum guest_shm_status
  Connection connection;                       // attached exactly if status is GSS_OK
};

class ShmemDevice {
 public:
  // Whether there is a device where the command line says.
  static bool present();
  // The device of the command line. Panics if there is no device at that address.
  static ShmemDevice from_command_line();

  std::uint64_t factory() const { return factory_; }
  unsigned pin() const { return pin_; }

  // Attaches to the region, creating it if there is none and pages is not 0. name: up to 32 bytes are
  // written, a NUL among them ends it. Panics if the device answers with something impossible.
  AttachResult attach(const char* name, std::uint32_t pages) const;

  // The n-th live connection; status GSS_DOES_NOT_EXIST if there is none.
  AttachResult find(std::uint32_t n) const;

  // The parts of attach(): writes the name register, in stores of four bytes; reads what the last operation
  // gave.
  void write_name(const char* name) const;
  AttachResult take_result() const;

 private:
  ShmemDevice(std::uint64_t factory, unsigned pin) : factory_(factory), pin_(pin) {}

  std::uint64_t factory_;
  unsigned pin_;
};

}  // namespace guest
