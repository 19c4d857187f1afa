// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/clock.h"
#include "guests/baremetal/programs/register_walk.h"

namespace walk {
namespace {

using guest::Connection;

// A read of sizeof(T) bytes at `offset` overlaps the status: it must give its slice and clear the senders, if
// the processor lets it through.
template <typename T>
void check_status_slice(Walk& walk, const Connection& connection, std::uint32_t other, unsigned offset) {
  if (!may_access<T>(connection.control() + offset)) return;
  connection.notify(1u << connection.index());
  std::uint64_t registers[2] = {std::uint64_t{connection.index()} << 32, 0};
  registers[0] |= (1u << connection.index()) | (1u << connection.index() | other) << 16;
  T wanted;
  __builtin_memcpy(&wanted, reinterpret_cast<const char*>(registers) + offset, sizeof wanted);
  walk.checks.equal("slice of the status", guest::read_at<T>(connection.control() + offset), wanted);
  walk.checks.equal("a slice clears all senders", guest_shm_senders(connection.read_status()), 0);
}

void check_status_widths(Walk& walk, const Connection& connection, std::uint32_t other) {
  for (unsigned offset = 0; offset < 4; ++offset) {
    check_status_slice<std::uint8_t>(walk, connection, other, offset);
    check_status_slice<std::uint16_t>(walk, connection, other, offset);
    check_status_slice<std::uint32_t>(walk, connection, other, offset);
  }
  check_status_slice<std::uint64_t>(walk, connection, other, 0);
}

void check_notify_values(Walk& walk, const Connection& connection) {
  const std::uint32_t own = 1u << connection.index();
  const auto senders_after = [&](std::uint32_t targets) {
    connection.notify(targets);
    return guest_shm_senders(connection.read_status());
  };
  walk.checks.equal("notify myself", senders_after(own), own);
  walk.checks.equal("notify 0xffff includes me", senders_after(0xffff), own);
  walk.checks.equal("notify all but me", senders_after(GUEST_SHM_NOTIFY_ALL_BUT_ME), 0);
  walk.checks.equal("notify nobody", senders_after(0), 0);
  walk.checks.equal("notify who is not there", senders_after(0x8000), 0);
  walk.checks.equal("bits of nobody beside mine", senders_after(0x8000 | own), own);
  walk.checks.equal("high bits are nobody", senders_after(0xfffe0000 | own), own);
  connection.notify(own);
  connection.notify(own);
  walk.checks.equal("two notifications are one flag", guest_shm_senders(connection.read_status()), own);
  walk.checks.equal("and are gone then", guest_shm_senders(connection.read_status()), 0);
}

void check_other_registers(Walk& walk, const Connection& connection) {
  const std::uint32_t own = 1u << connection.index();
  const std::uint32_t index = connection.index();
  guest::write_at<std::uint32_t>(connection.control() + GUEST_SHM_CONTROL_INDEX, 77);
  walk.checks.equal("idx is read only", connection.index(), index);
  connection.notify(own);
  guest::write_at<std::uint32_t>(connection.control() + GUEST_SHM_CONTROL_STATUS, 0);
  connection.index();
  guest::read_at<std::uint32_t>(connection.control() + GUEST_SHM_CONTROL_NOTIFY);
  guest::read_at<std::uint32_t>(connection.control() + GUEST_SHM_CONTROL_DETACH);
  guest::read_at<std::uint32_t>(connection.control() + 0x10);
  walk.checks.equal("only a read of the status clears it", guest_shm_senders(connection.read_status()), own);
  guest::write_at<std::uint32_t>(connection.control() + 0x10, ~0u);
  guest::write_at<std::uint32_t>(connection.control() + 0xffc, ~0u);
  walk.checks.equal("rest of the control page does nothing", connection.index(), index);
}

// The status once the others are gone, with all senders since. A detach is complete for who does it when its
// store has retired; its peers may see it a moment later.
std::uint32_t status_when_gone(const Connection& connection, std::uint32_t others) {
  constexpr std::uint64_t kPatienceMicroseconds = 1'000'000;
  const std::uint64_t deadline = guest::timestamp() + kPatienceMicroseconds * guest::timestamp_khz() / 1000;
  std::uint32_t senders = 0;
  for (;;) {
    const std::uint32_t status = connection.read_status();
    senders |= guest_shm_senders(status);
    const bool gone = (guest_shm_attached(status) & others) == 0;
    if (gone || guest::timestamp() > deadline) return (status & 0xffff0000u) | senders;
  }
}

void check_peers(Walk& walk, const Connection& first) {
  Connection second = walk.attach_ok("a peer", "walk-control", 1);
  if (!second.attached()) return;
  const std::uint32_t first_bit = 1u << first.index();
  const std::uint32_t second_bit = 1u << second.index();
  const std::uint32_t both = first_bit | second_bit;
  walk.checks.equal("the newcomer sees both attached", guest_shm_attached(second.read_status()), both);
  walk.checks.equal("so does the other, nobody signalled", first.read_status(), both << 16);
  first.notify(second_bit);
  walk.checks.equal("the sender is not its own target", first.read_status(), both << 16);
  walk.checks.equal("the target sees the sender", second.read_status(), both << 16 | first_bit);
  second.notify(GUEST_SHM_NOTIFY_ALL_BUT_ME);
  walk.checks.equal("all but me reaches the other", first.read_status(), both << 16 | second_bit);
  walk.checks.equal("and not me", second.read_status(), both << 16);
  first.notify(both);
  walk.checks.equal("both are meant: the other", second.read_status(), both << 16 | first_bit);
  walk.checks.equal("both are meant: me", first.read_status(), both << 16 | first_bit);
  check_status_widths(walk, first, second_bit);
  check_status_widths(walk, second, first_bit);
  second.notify(first_bit);
  second.detach();
  walk.checks.equal("last words of one who left", status_when_gone(first, second_bit),
                    first_bit << 16 | second_bit);
}

}  // namespace

void check_control_page(Walk& walk) {
  Connection connection = walk.attach_ok("control page", "walk-control", 1);
  if (!connection.attached()) return;
  walk.checks.equal("alone at first", connection.read_status(), (1u << connection.index()) << 16);
  check_notify_values(walk, connection);
  check_other_registers(walk, connection);
  check_status_widths(walk, connection, 0);
  check_peers(walk, connection);
  connection.detach();
}

void check_after_detach(Walk& walk) {
  Connection connection = walk.attach_ok("to be detached", "walk-detach", 2);
  if (!connection.attached()) return;
  const std::uint64_t control = connection.control();
  guest::write_at<std::uint32_t>(connection.data(), 0x12345678);
  connection.detach();
  const auto is_nothing = [](std::uint32_t value) { return value == 0 || value == 0xffffffff; };
  for (unsigned offset = 0; offset < 0x10; offset += 4) {
    walk.checks.that("old control page reads nothing",
                     is_nothing(guest::read_at<std::uint32_t>(control + offset)));
  }
  walk.checks.that("old data read nothing",
                   is_nothing(guest::read_at<std::uint32_t>(control + GUEST_SHM_PAGE_SIZE)));
  guest::write_at<std::uint32_t>(control + GUEST_SHM_CONTROL_NOTIFY, 0xffff);
  guest::write_at<std::uint32_t>(control + GUEST_SHM_CONTROL_DETACH, 1);
  guest::write_at<std::uint32_t>(control + GUEST_SHM_PAGE_SIZE, 0x87654321);
  walk.checks.equal("nothing is left to find", walk.device.find(0).status, GSS_DOES_NOT_EXIST);
  walk.checks.equal("the factory page is alive", walk.factory64(0), GUEST_SHM_SIGNATURE);
  Connection again = walk.attach_ok("attach after detach", "walk-detach", 2);
  if (!again.attached()) return;
  walk.checks.equal("stray stores reached nobody", guest::read_at<std::uint32_t>(again.data()), 0);
  walk.checks.equal("the index is free again", again.index(), 0);
  again.detach();
}

}  // namespace walk
