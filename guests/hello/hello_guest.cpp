// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// hello: attaches to a region, takes part in the conversation there, detaches and powers off.
//   name=left      who I am                       peer=right    whom to whisper to (default: nobody)
//   region=moo     the region                     pages=16      its size, if I create it
//   peers=2        how many must have taken part, me included, before I leave
//   shm=, irq=     where the device is
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/shmem.h"
#include "guests/hello/conversation.h"

namespace {

guest::Connection connection;
volatile std::uint32_t news = 0;  // senders not dealt with yet, and who is attached
volatile bool has_news = false;

void on_interrupt() {
  const std::uint32_t status = connection.read_status();
  // The interrupt says that something changed; a status without news is one that came too late to matter.
  if (guest_shm_senders(status) == 0 && status == (news & 0xffff0000u)) return;
  news = (news & 0xffffu) | status;
  has_news = true;
}

class Console final : public hello::Room {
 public:
  void poke(std::uint32_t targets) override { connection.notify(targets); }
  void show(const char* line) override { guest::print("{}\n", line); }
};

// Different from that of an earlier user of my index: time has passed since.
std::uint32_t new_session() {
  return static_cast<std::uint32_t>(guest::timestamp() >> 8) | 1;
}

std::uint32_t take_news() {
  guest::wait_until([] { return has_news; });
  guest::interrupts_off();
  const std::uint32_t status = news;
  news = status & 0xffff0000u;
  has_news = false;
  guest::interrupts_on();
  return status;
}

}  // namespace

void guest_main() {
  const guest::OptionText name = guest::option("name", "guest");
  const guest::OptionText peer = guest::option("peer", "");
  const guest::OptionText region = guest::option("region", "moo");
  const auto pages = static_cast<std::uint32_t>(guest::option_number("pages", 16));

  const guest::ShmemDevice device = guest::ShmemDevice::from_command_line();
  const guest::AttachResult result = device.attach(region.text, pages);
  if (result.status != GSS_OK) {
    guest::print("cannot attach to '{}': status {}\n", region.text, result.status);
    guest::panic("no region");
  }
  connection = result.connection;
  if (connection.pages() < hello::kMaxClients) guest::panic("the region has less than 16 pages");
  const std::uint32_t first = connection.read_status();
  news = first & 0xffff0000u;
  char present[hello::kIndicesBytes];
  hello::put_indices(present, guest_shm_attached(first));
  guest::print("attached to '{}' as client {} ({} pages); attached now: {}\n", region.text,
               connection.index(), connection.pages(), static_cast<const char*>(present));

  Console console;
  hello::Conversation conversation({.name = name.text,
                                    .chosen = peer.text,
                                    .participants = static_cast<unsigned>(guest::option_number("peers", 2)),
                                    .session = new_session(),
                                    .index = connection.index(),
                                    .data = reinterpret_cast<void*>(connection.data())},
                                   console);
  guest::connect_pin(device.pin(), guest::Trigger::level, on_interrupt);
  conversation.begin(first);
  while (!conversation.finished()) conversation.on_status(take_news());

  guest::mask_pin(device.pin());
  connection.detach();
  guest::print("heard everybody, detached from '{}'\n", region.text);
}
