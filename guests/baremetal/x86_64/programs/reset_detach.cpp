// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// reset-detach: attaches, leaves a signal pending, resets the machine, and checks that the reset has detached
// it.
#include "guests/baremetal/checks.h"
#include "guests/baremetal/clock.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/shmem.h"
#include "guests/baremetal/x86_64/cmos.h"

namespace {

constexpr std::uint8_t kBootCount = 0x40;
constexpr char kRegion[] = "reset";
constexpr std::uint64_t kStrayMicroseconds = 20'000;

volatile unsigned interrupts = 0;
guest::ShmemDevice* device_of_handler = nullptr;

// Masks the pin: with nothing attached there is no status whose reading would lower the line.
void on_interrupt() {
  interrupts = interrupts + 1;
  guest::mask_pin(device_of_handler->pin());
}

void first_boot(const guest::ShmemDevice& device) {
  const guest::AttachResult result = device.attach(kRegion, 4);
  if (result.status != GSS_OK) guest::panic("cannot attach");
  guest::write_at<std::uint64_t>(result.connection.data(), 0x1234);
  guest::write_at<std::uint32_t>(device.factory() + GUEST_SHM_FACTORY_FLAGS, 0600);
  result.connection.notify(1u << result.connection.index());
  guest::print("reset-detach: attached as client {}, resetting\n", result.connection.index());
  guest::reset_machine();
}

void second_boot(guest::ShmemDevice& device) {
  guest::Checks checks("reset-detach");
  const auto read32 = [&](std::uint64_t offset) {
    return guest::read_at<std::uint32_t>(device.factory() + offset);
  };
  checks.equal("shmem", guest::read_at<std::uint64_t>(device.factory() + GUEST_SHM_FACTORY_SHMEM), 0);
  checks.equal("status", read32(GUEST_SHM_FACTORY_STATUS), 0);
  checks.equal("size", read32(GUEST_SHM_FACTORY_SIZE), 0);
  checks.equal("name", read32(GUEST_SHM_FACTORY_NAME), 0);
  checks.equal("flags", read32(GUEST_SHM_FACTORY_FLAGS), 0);

  device_of_handler = &device;
  guest::connect_pin(device.pin(), guest::Trigger::level, on_interrupt);
  guest::interrupts_on();
  guest::spin_microseconds(kStrayMicroseconds);
  guest::interrupts_off();
  guest::mask_pin(device.pin());
  checks.equal("interrupts of the time before", interrupts, 0);

  checks.equal("find", device.find(0).status, GSS_DOES_NOT_EXIST);
  guest::AttachResult result = device.attach(kRegion, 2);
  checks.equal("attach", result.status, GSS_OK);
  if (result.status == GSS_OK) {
    checks.equal("index", result.connection.index(), 0);
    checks.equal("pages of a new region", result.connection.pages(), 2);
    checks.equal("data of a new region", guest::read_at<std::uint64_t>(result.connection.data()), 0);
    checks.equal("status of the connection", result.connection.read_status(), 1u << 16);
    result.connection.detach();
  }
  checks.summarize();
}

}  // namespace

void guest_main() {
  guest::ShmemDevice device = guest::ShmemDevice::from_command_line();
  const std::uint8_t boots = guest::read_cmos(kBootCount);
  guest::write_cmos(kBootCount, static_cast<std::uint8_t>(boots + 1));
  if (boots == 0) first_boot(device);
  second_boot(device);
}
