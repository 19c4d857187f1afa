// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/shmem.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/pci.h"
#include "guests/baremetal/print.h"

namespace guest {
namespace {

constexpr std::uint64_t kUsualFactory = 0x1c050000;

constexpr std::uint32_t kCommand = 4;
constexpr std::uint32_t kBar0 = 0x10;
constexpr std::uint32_t kBarFlags = 0xf;
constexpr std::uint32_t kFreePlace = 0xe0200000;  // for firmware that gives BARs none

// 0 if there is no such function.
std::uint64_t factory_on_pci() {
  pci::Device device{};
  if (!pci::find(GUEST_SHM_PCI_VENDOR, GUEST_SHM_PCI_DEVICE, &device)) return 0;
  if ((pci::read(device, kBar0) & ~kBarFlags) == 0) pci::write(device, kBar0, kFreePlace);
  // As the drivers do that the device must get along with: everything on, "no interrupts" too.
  pci::write(device, kCommand, 0xffff);
  return pci::read(device, kBar0) & ~kBarFlags;
}

std::uint64_t factory_of_command_line() {
  if (same_text(option("shm", "").text, "pci")) return factory_on_pci();
  return option_number("shm", kUsualFactory);
}

}  // namespace

std::uint32_t Connection::index() const {
  return read_at<std::uint32_t>(control_ + GUEST_SHM_CONTROL_INDEX);
}

std::uint32_t Connection::read_status() const {
  return read_at<std::uint32_t>(control_ + GUEST_SHM_CONTROL_STATUS);
}

void Connection::notify(std::uint32_t targets) const {
  write_at<std::uint32_t>(control_ + GUEST_SHM_CONTROL_NOTIFY, targets);
}

void Connection::detach() {
  write_at<std::uint32_t>(control_ + GUEST_SHM_CONTROL_DETACH, 1);
  control_ = 0;
  pages_ = 0;
}

bool ShmemDevice::present() {
  const std::uint64_t factory = factory_of_command_line();
  return factory != 0 && map_physical(factory, GUEST_SHM_PAGE_SIZE) &&
         read_at<std::uint64_t>(factory) == GUEST_SHM_SIGNATURE;
}

ShmemDevice ShmemDevice::from_command_line() {
  const std::uint64_t factory = factory_of_command_line();
  if (factory == 0) panic("there is no shared memory device on PCI");
  if (!map_physical(factory, GUEST_SHM_PAGE_SIZE)) panic("the factory page is out of reach");
  const auto signature = read_at<std::uint64_t>(factory + GUEST_SHM_FACTORY_SIGNATURE);
  if (signature != GUEST_SHM_SIGNATURE) {
    print("no shared memory device at {x}: signature {x}\n", factory, signature);
    panic("no device");
  }
  const std::uint32_t vector = read_at<std::uint32_t>(factory + GUEST_SHM_FACTORY_VECTOR);
  const std::uint64_t pin = option_number("irq", vector);
  if (pin >= kIoApicPins) panic("the device's interrupt is no pin of the I/O APIC");
  return {factory, static_cast<unsigned>(pin)};
}

void ShmemDevice::write_name(const char* name) const {
  char bytes[GUEST_SHM_NAME_BYTES] = {};
  for (unsigned i = 0; i < GUEST_SHM_NAME_BYTES && name[i] != '\0'; ++i) bytes[i] = name[i];
  for (unsigned i = 0; i < GUEST_SHM_NAME_BYTES; i += 4) {
    std::uint32_t word;
    __builtin_memcpy(&word, bytes + i, sizeof word);
    write_at<std::uint32_t>(factory_ + GUEST_SHM_FACTORY_NAME + i, word);
  }
}

AttachResult ShmemDevice::take_result() const {
  AttachResult result;
  result.status = read_at<std::uint32_t>(factory_ + GUEST_SHM_FACTORY_STATUS);
  const auto control = read_at<std::uint64_t>(factory_ + GUEST_SHM_FACTORY_SHMEM);
  const auto pages = read_at<std::uint32_t>(factory_ + GUEST_SHM_FACTORY_SIZE);
  if (result.status != GSS_OK) return result;
  if (control == 0 || pages == 0) panic("the device says ok but names no region");
  if (!map_physical(control, (std::uint64_t{pages} + 1) * GUEST_SHM_PAGE_SIZE))
    panic("the region is out of reach");
  result.connection = Connection(control, pages);
  return result;
}

AttachResult ShmemDevice::attach(const char* name, std::uint32_t pages) const {
  write_name(name);
  write_at<std::uint32_t>(factory_ + GUEST_SHM_FACTORY_SIZE, pages);
  return take_result();
}

AttachResult ShmemDevice::find(std::uint32_t n) const {
  write_at<std::uint32_t>(factory_ + GUEST_SHM_FACTORY_FIND, n);
  return take_result();
}

}  // namespace guest
