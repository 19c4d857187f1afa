// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/shmem.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/shmem_place.h"

namespace guest {
namespace {

std::uint64_t factory_of_command_line() {
  const OptionText place = option("shm", "");
  if (!place.given) return usual_factory();
  return same_text(place.text, "pci") ? factory_on_pci() : option_number("shm", 0);
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
  map_physical(data(), std::uint64_t{pages_} * GUEST_SHM_PAGE_SIZE);  // no memory any more
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
  if (factory == 0) panic("the machine has no shared memory device there");
  if (!map_physical(factory, GUEST_SHM_PAGE_SIZE)) panic("the factory page is out of reach");
  const auto signature = read_at<std::uint64_t>(factory + GUEST_SHM_FACTORY_SIGNATURE);
  if (signature != GUEST_SHM_SIGNATURE) {
    print("no shared memory device at {x}: signature {x}\n", factory, signature);
    panic("no device");
  }
  const std::uint32_t vector = read_at<std::uint32_t>(factory + GUEST_SHM_FACTORY_VECTOR);
  const std::uint64_t pin = option_number("irq", vector);
  if (!is_pin(pin)) panic("the device's interrupt is none that the interrupt controller has");
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
  if (!map_physical(control, GUEST_SHM_PAGE_SIZE) ||
      !map_memory(control + GUEST_SHM_PAGE_SIZE, std::uint64_t{pages} * GUEST_SHM_PAGE_SIZE))
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
