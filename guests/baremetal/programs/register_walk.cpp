// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// register-walk: reads and writes every register of the shared memory device in every way that matters and
// compares with what the device's description says. Needs a device that allows the region names `walk*`.
//   denied=NAME   a name that the device's lists forbid; checked if given
//   verbose=1     prints what was right, too
#include "guests/baremetal/programs/register_walk.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"

namespace walk {
namespace {

using guest::read_at;
using guest::write_at;

// bytes: what the page holds from offset 0 on. Every read of 1, 2, 4 and 8 bytes that the processor lets
// through must be a slice.
template <typename T>
void check_slices(Walk& walk, const char* what, const std::uint8_t* bytes, std::size_t count) {
  unsigned wrong = 0;
  for (std::size_t offset = 0; offset + sizeof(T) <= count; ++offset) {
    if (!may_access<T>(walk.factory() + offset)) continue;
    T wanted;
    __builtin_memcpy(&wanted, bytes + offset, sizeof wanted);
    if (read_at<T>(walk.factory() + offset) != wanted) ++wrong;
  }
  walk.checks.equal(what, wrong, 0);
}

void check_reset_state(Walk& walk) {
  walk.checks.equal("signature", walk.factory64(GUEST_SHM_FACTORY_SIGNATURE), GUEST_SHM_SIGNATURE);
  walk.checks.equal("signature, low half", walk.factory32(0), GUEST_SHM_SIGNATURE & 0xffffffff);
  walk.checks.equal("signature, high half", walk.factory32(4), GUEST_SHM_SIGNATURE >> 32);
  walk.checks.equal("shmem at reset", walk.factory64(GUEST_SHM_FACTORY_SHMEM), 0);
  walk.checks.equal("vector is the pin", walk.factory32(GUEST_SHM_FACTORY_VECTOR), walk.device.pin());
  walk.checks.equal("status at reset", walk.factory32(GUEST_SHM_FACTORY_STATUS), GSS_OK);
  walk.checks.equal("size at reset", walk.factory32(GUEST_SHM_FACTORY_SIZE), 0);
  for (unsigned i = 0; i < GUEST_SHM_NAME_BYTES; i += 4) {
    walk.checks.equal("name at reset", walk.factory32(GUEST_SHM_FACTORY_NAME + i), 0);
  }
  walk.checks.equal("flags at reset", walk.factory32(GUEST_SHM_FACTORY_FLAGS), 0);
}

void check_read_widths(Walk& walk) {
  std::uint8_t bytes[24] = {};
  const std::uint64_t signature = GUEST_SHM_SIGNATURE;
  const std::uint32_t vector = walk.device.pin();
  __builtin_memcpy(bytes, &signature, sizeof signature);
  __builtin_memcpy(bytes + GUEST_SHM_FACTORY_VECTOR, &vector, sizeof vector);
  check_slices<std::uint8_t>(walk, "factory page read by bytes", bytes, sizeof bytes);
  check_slices<std::uint16_t>(walk, "factory page read by 2 bytes", bytes, sizeof bytes);
  check_slices<std::uint32_t>(walk, "factory page read by 4 bytes", bytes, sizeof bytes);
  check_slices<std::uint64_t>(walk, "factory page read by 8 bytes", bytes, sizeof bytes);
}

void check_read_only(Walk& walk) {
  write_at<std::uint64_t>(walk.factory() + GUEST_SHM_FACTORY_SIGNATURE, ~0ull);
  write_at<std::uint64_t>(walk.factory() + GUEST_SHM_FACTORY_SHMEM, ~0ull);
  write_at<std::uint32_t>(walk.factory() + GUEST_SHM_FACTORY_VECTOR, ~0u);
  write_at<std::uint32_t>(walk.factory() + GUEST_SHM_FACTORY_STATUS, ~0u);
  walk.checks.equal("signature after a write", walk.factory64(GUEST_SHM_FACTORY_SIGNATURE),
                    GUEST_SHM_SIGNATURE);
  walk.checks.equal("shmem after a write", walk.factory64(GUEST_SHM_FACTORY_SHMEM), 0);
  walk.checks.equal("vector after a write", walk.factory32(GUEST_SHM_FACTORY_VECTOR), walk.device.pin());
  walk.checks.equal("status after a write", walk.factory32(GUEST_SHM_FACTORY_STATUS), GSS_OK);
}

void check_rest_of_page(Walk& walk) {
  unsigned wrong = 0;
  for (unsigned offset = 0x44; offset < GUEST_SHM_PAGE_SIZE; offset += 4) {
    write_at<std::uint32_t>(walk.factory() + offset, 0xa5a5a5a5);
    if (walk.factory32(offset) != 0) ++wrong;
  }
  walk.checks.equal("rest of the factory page reads 0", wrong, 0);
  walk.checks.equal("last byte of the factory page", read_at<std::uint8_t>(walk.factory() + 0xfff), 0);
}

void check_flags(Walk& walk) {
  write_at<std::uint32_t>(walk.factory() + GUEST_SHM_FACTORY_FLAGS, 0640);
  walk.checks.equal("flags read back", walk.factory32(GUEST_SHM_FACTORY_FLAGS), 0640);
  write_at<std::uint32_t>(walk.factory() + GUEST_SHM_FACTORY_FLAGS, 0);
  walk.checks.equal("flags back to 0", walk.factory32(GUEST_SHM_FACTORY_FLAGS), 0);
}

template <typename T>
void check_name_stores(Walk& walk, const char* what) {
  constexpr std::uint64_t kName = GUEST_SHM_FACTORY_NAME;
  std::uint8_t expected[GUEST_SHM_NAME_BYTES] = {};
  walk.device.write_name("");
  // Overlapping and from the end to the beginning: every alignment occurs that the processor lets through.
  for (unsigned offset = GUEST_SHM_NAME_BYTES - sizeof(T) + 1; offset-- > 0;) {
    if (!may_access<T>(walk.factory() + kName + offset)) continue;
    T value = 0;
    for (unsigned i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | T{static_cast<T>('a' + (offset + i) % 26)} << (8 * i));
    __builtin_memcpy(expected + offset, &value, sizeof value);
    write_at<T>(walk.factory() + kName + offset, value);
  }
  unsigned wrong = 0;
  for (unsigned i = 0; i < GUEST_SHM_NAME_BYTES; ++i) {
    if (read_at<std::uint8_t>(walk.factory() + kName + i) != expected[i]) ++wrong;
  }
  walk.checks.equal(what, wrong, 0);
  walk.checks.equal("size is not touched by the name", walk.factory32(GUEST_SHM_FACTORY_SIZE), 0);
}

void check_name_merging(Walk& walk) {
  check_name_stores<std::uint8_t>(walk, "name stored by bytes");
  check_name_stores<std::uint16_t>(walk, "name stored by 2 bytes");
  check_name_stores<std::uint32_t>(walk, "name stored by 4 bytes");
  check_name_stores<std::uint64_t>(walk, "name stored by 8 bytes");
  walk.device.write_name("");
}

}  // namespace

Walk::Walk() : checks("register-walk"), device(guest::ShmemDevice::from_command_line()) {}

guest::Connection Walk::attach_ok(const char* what, const char* name, std::uint32_t pages) {
  const guest::AttachResult result = device.attach(name, pages);
  checks.equal(what, result.status, GSS_OK);
  return result.connection;
}

void Walk::attach_fails(const char* what, const char* name, std::uint32_t pages, std::uint32_t status) {
  guest::AttachResult result = device.attach(name, pages);
  checks.equal(what, result.status, status);
  if (result.connection.attached()) {
    result.connection.detach();
    return;
  }
  checks.equal("shmem after a failure", factory64(GUEST_SHM_FACTORY_SHMEM), 0);
  checks.equal("size after a failure", factory32(GUEST_SHM_FACTORY_SIZE), 0);
}

void check_factory_page(Walk& walk) {
  check_reset_state(walk);
  check_read_widths(walk);
  check_read_only(walk);
  check_rest_of_page(walk);
  check_flags(walk);
  check_name_merging(walk);
}

}  // namespace walk

void guest_main() {
  walk::Walk walk;
  walk::check_factory_page(walk);
  walk::check_attaching(walk);
  walk::check_control_page(walk);
  walk::check_after_detach(walk);
  walk.checks.summarize();
}
