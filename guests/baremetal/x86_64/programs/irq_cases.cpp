// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// irq-cases: the interrupt line of the shared memory device in every situation a driver can bring it into.
// The guest signals itself. What counts are statuses with news in them, never entries of the handler: one
// entry too many with a status of 0 is legal, and some KVMs make one.
//   shm=, irq=    where the device is      region=irq    a name that the device allows
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/shmem.h"
#include "guests/baremetal/x86_64/apic.h"

namespace {

using guest::Connection;
using guest::Trigger;

constexpr std::uint64_t kPatience = 1'000'000;  // microseconds until something that must come counts as lost
constexpr std::uint64_t kQuiet = 20'000;  // microseconds in which something that must not come would come
constexpr unsigned kRaises = 300;
constexpr unsigned kWakeUps = 50;
constexpr unsigned kEntriesWithoutReading = 5;

guest::ShmemDevice* device = nullptr;
Connection connection;
Connection second;  // of the same device, for some cases

// Shared with the handler.
volatile unsigned entries = 0;
volatile unsigned signals = 0;  // statuses with senders
volatile unsigned changes = 0;  // statuses without senders, but with another attached set
volatile unsigned second_signals = 0;
volatile std::uint32_t last_attached = 0;
volatile unsigned unread_entries = 0;    // the handler reads nothing in its first so many entries
volatile bool raise_in_handler = false;  // once, after the status was read
volatile bool alternate = false;  // odd entries read the first connection's status, even ones the second's

std::uint32_t own(const Connection& of) {
  return 1u << of.index();
}

void take_status() {
  const std::uint32_t status = connection.read_status();
  if (guest_shm_senders(status) != 0) {
    signals = signals + 1;
  } else if (guest_shm_attached(status) != last_attached) {
    changes = changes + 1;
  }
  last_attached = guest_shm_attached(status);
}

void on_interrupt() {
  entries = entries + 1;
  if (entries <= unread_entries) return;
  if (alternate && entries % 2 == 0) {
    if (guest_shm_senders(second.read_status()) != 0) second_signals = second_signals + 1;
    return;
  }
  take_status();
  if (raise_in_handler) {
    raise_in_handler = false;
    connection.notify(own(connection));
    guest::spin_microseconds(kQuiet / 10);  // the line is up again before the end-of-interrupt
  }
}

template <typename Condition>
bool comes(Condition condition) {
  guest::interrupts_on();
  const std::uint64_t deadline = guest::timestamp() + kPatience * guest::timestamp_khz() / 1000;
  while (!condition()) {
    if (guest::timestamp() > deadline) return false;
    guest::pause();
  }
  return true;
}

void stay_quiet() {
  guest::interrupts_on();
  guest::spin_microseconds(kQuiet);
}

void raise() {
  connection.notify(own(connection));
}

// Everything as after reset of the pin, nothing pending, nothing counted.
void start_over() {
  guest::interrupts_off();
  guest::write_pin(device->pin(), guest::kPinMasked);
  last_attached = guest_shm_attached(connection.read_status());
  // An entry that the local APIC still has in store belongs to the case before.
  guest::interrupts_on();
  guest::spin_microseconds(kQuiet / 10);
  guest::interrupts_off();
  entries = 0;
  signals = 0;
  changes = 0;
  second_signals = 0;
  unread_entries = 0;
  raise_in_handler = false;
  alternate = false;
}

void connect(Trigger trigger) {
  guest::connect_pin(device->pin(), trigger, on_interrupt);
}

bool level_once() {
  connect(Trigger::level);
  raise();
  const bool came = comes([] { return signals == 1; });
  stay_quiet();
  return came && signals == 1;
}

bool masked_then_unmasked() {
  connect(Trigger::level);
  guest::mask_pin(device->pin());
  raise();
  stay_quiet();
  if (entries != 0) return false;
  guest::unmask_pin(device->pin());
  return comes([] { return signals == 1; });
}

bool masked_and_polled() {
  connect(Trigger::level);
  guest::mask_pin(device->pin());
  raise();
  stay_quiet();
  const bool polled = guest_shm_senders(connection.read_status()) == own(connection);
  guest::unmask_pin(device->pin());
  stay_quiet();
  return polled && signals == 0;
}

bool between_status_and_eoi() {
  connect(Trigger::level);
  raise_in_handler = true;
  raise();
  return comes([] { return signals == 2; });
}

bool edge_each_raise() {
  connect(Trigger::edge);
  for (unsigned i = 1; i <= 3; ++i) {
    raise();
    if (!comes([i] { return signals == i; })) return false;
  }
  stay_quiet();
  return signals == 3;
}

bool edge_between_status_and_eoi() {
  connect(Trigger::edge);
  raise_in_handler = true;
  raise();
  return comes([] { return signals == 2; });
}

bool handler_reads_nothing() {
  unread_entries = kEntriesWithoutReading;
  connect(Trigger::level);
  raise();
  const bool came = comes([] { return signals == 1; });
  return came && entries > kEntriesWithoutReading;
}

bool raised_before_programming() {
  guest::write_pin(device->pin(), guest::kPinMasked);  // edge, as the machine's reset leaves it
  raise();
  stay_quiet();
  if (entries != 0) return false;
  connect(Trigger::level);
  return comes([] { return signals == 1; });
}

bool polled_with_interrupts_off() {
  connect(Trigger::level);
  guest::interrupts_off();
  raise();
  guest::spin_microseconds(kQuiet);
  const bool polled = guest_shm_senders(connection.read_status()) == own(connection);
  stay_quiet();
  return polled && signals == 0;
}

void on_watchdog() {
  // Only ends the sleep: the condition below knows the time.
}

bool wakes_from_hlt() {
  connect(Trigger::level);
  guest::start_timer(50'000, on_watchdog);
  bool all = true;
  for (unsigned i = 1; i <= kWakeUps && all; ++i) {
    const std::uint64_t deadline = guest::timestamp() + kPatience * guest::timestamp_khz() / 1000;
    raise();
    guest::wait_until([&] { return signals == i || guest::timestamp() > deadline; });
    all = signals == i;
  }
  guest::stop_timer();
  return all;
}

bool many_raises() {
  connect(Trigger::level);
  for (unsigned i = 1; i <= kRaises; ++i) {
    raise();
    if (!comes([i] { return signals == i; })) return false;
  }
  stay_quiet();
  return signals == kRaises;
}

bool burst() {
  connect(Trigger::level);
  guest::interrupts_on();
  for (unsigned i = 0; i < kRaises; ++i) raise();
  const bool came = comes([] { return signals >= 1; });
  stay_quiet();
  guest::mask_pin(device->pin());
  return came && guest_shm_senders(connection.read_status()) == 0;
}

bool attach_second() {
  const guest::AttachResult result = device->attach(guest::option("region", "irq").text, 1);
  second = result.connection;
  if (result.status != GSS_OK) guest::print("the second attach has failed: status {}\n", result.status);
  return result.status == GSS_OK;
}

void leave_second() {
  if (!second.attached()) return;
  second.detach();
  second = Connection();
  last_attached = guest_shm_attached(connection.read_status());
}

bool peer_comes_and_goes() {
  connect(Trigger::level);
  guest::interrupts_on();
  if (!attach_second()) return false;
  const bool came = comes([] { return changes == 1; });
  second.detach();
  second = Connection();
  const bool went = comes([] { return changes == 2; });
  stay_quiet();
  return came && went && signals == 0;
}

bool two_connections_one_line() {
  if (!attach_second()) return false;
  connection.read_status();
  second.read_status();
  alternate = true;
  connection.notify(own(connection) | own(second));
  connect(Trigger::level);
  return comes([] { return signals == 1 && second_signals == 1; });
}

bool own_attach_is_silent() {
  if (!attach_second()) return false;
  guest::interrupts_off();
  connection.read_status();
  connect(Trigger::level);
  stay_quiet();
  return entries == 0;
}

struct Case {
  const char* name;
  bool (*run)();
};

constexpr Case kCases[] = {
    {"level-once", level_once},
    {"masked-then-unmasked", masked_then_unmasked},
    {"masked-and-polled", masked_and_polled},
    {"between-status-and-eoi", between_status_and_eoi},
    {"edge-each-raise", edge_each_raise},
    {"edge-between-status-and-eoi", edge_between_status_and_eoi},
    {"handler-reads-nothing", handler_reads_nothing},
    {"raised-before-programming", raised_before_programming},
    {"polled-with-interrupts-off", polled_with_interrupts_off},
    {"wakes-from-hlt", wakes_from_hlt},
    {"many-raises", many_raises},
    {"burst", burst},
    {"peer-comes-and-goes", peer_comes_and_goes},
    {"two-connections-one-line", two_connections_one_line},
    {"own-attach-is-silent", own_attach_is_silent},
};

}  // namespace

void guest_main() {
  guest::ShmemDevice the_device = guest::ShmemDevice::from_command_line();
  device = &the_device;
  const guest::AttachResult result = device->attach(guest::option("region", "irq").text, 1);
  if (result.status != GSS_OK) guest::panic("cannot attach");
  connection = result.connection;
  guest::timestamp_khz();  // measured now, not within a case

  unsigned passed = 0;
  unsigned failed = 0;
  for (const Case& one : kCases) {
    start_over();
    leave_second();
    const bool ok = one.run();
    guest::interrupts_off();
    ++(ok ? passed : failed);
    if (ok) {
      guest::print("case {}: ok\n", one.name);
    } else {
      guest::print("case {}: FAIL entries={} signals={} changes={} second={}\n", one.name, entries, signals,
                   changes, second_signals);
      // Whether the signal, the line or the interrupt is missing.
      guest::print("  pin {x}, index {}, status {x}\n", guest::read_pin(device->pin()), connection.index(),
                   connection.read_status());
      if (second.attached())
        guest::print("  the second: at {x} (the first at {x}), index {}, status {x}\n", second.control(),
                     connection.control(), second.index(), second.read_status());
    }
  }
  start_over();
  leave_second();
  connection.detach();
  guest::print("irq-cases: {} passed, {} failed\n", passed, failed);
}
