// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// pingpong: the round trip of a notification between two guests, through the shared memory device, through
// QEMU's ivshmem-doorbell, or, if both are there, through one and the other in turns. The echo answers in its
// interrupt handler; the other one sleeps in `hlt` until the answer comes.
//   role=ping|pong      one guest each            rounds=2000   per device
//   device=auto         or qvm, or ivshmem        block=100     rounds before it is the other device's turn
//   region=pingpong     of the shared memory device
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/ivshmem.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/samples.h"
#include "guests/baremetal/shmem.h"

namespace {

constexpr std::uint64_t kRetryMicroseconds = 10'000;
constexpr std::uint64_t kDrainMicroseconds = 50'000;
constexpr unsigned kWarmUp = 100;

// In the memory that both share: id of each guest plus 1, and the end.
constexpr std::uint64_t kPingId = 0;
constexpr std::uint64_t kPongId = 4;
constexpr std::uint64_t kStop = 8;

struct Channel {
  const char* name = nullptr;
  bool present = false;
  std::uint64_t memory = 0;
  std::uint32_t own = 0;
  std::uint32_t peer = 0;
  volatile std::uint64_t received = 0;
  guest::Samples samples;
};

Channel qvm;
Channel ivshmem;
guest::Connection connection;
guest::Ivshmem doorbell;
bool echo = false;

void ring_qvm() {
  connection.notify(1u << qvm.peer);
}
void ring_ivshmem() {
  doorbell.ring(ivshmem.peer);
}

std::uint32_t shared(const Channel& channel, std::uint64_t offset) {
  return guest::read_at<std::uint32_t>(channel.memory + offset);
}

// An echo that does not know its peer yet looks it up: the peer has written its id before it rang.
bool knows_peer(Channel& channel) {
  const std::uint32_t id = shared(channel, echo ? kPingId : kPongId);
  if (id != 0) channel.peer = id - 1;
  return id != 0;
}

void on_qvm() {
  if (guest_shm_senders(connection.read_status()) == 0) return;
  qvm.received = qvm.received + 1;
  if (echo && knows_peer(qvm)) ring_qvm();
}

void on_ivshmem() {
  ivshmem.received = ivshmem.received + 1;
  if (echo && knows_peer(ivshmem)) ring_ivshmem();
}

void open_qvm() {
  const guest::ShmemDevice device = guest::ShmemDevice::from_command_line();
  const guest::AttachResult result = device.attach(guest::option("region", "pingpong").text, 1);
  if (result.status != GSS_OK) guest::panic("cannot attach");
  connection = result.connection;
  qvm.name = "qvm";
  qvm.present = true;
  qvm.memory = connection.data();
  qvm.own = connection.index();
  guest::connect_pin(device.pin(), guest::Trigger::level, on_qvm);
}

void open_ivshmem() {
  ivshmem.name = "ivshmem";
  ivshmem.present = guest::Ivshmem::open(on_ivshmem, &doorbell);
  if (!ivshmem.present) return;
  ivshmem.memory = doorbell.memory();
  ivshmem.own = doorbell.own_id();
}

// Rings until the first answer comes: a doorbell is lost while the peer's VMM has not heard of us. Then lets
// late answers run out.
void meet(Channel& channel, void (*ring)()) {
  while (!knows_peer(channel)) guest::pause();
  guest::interrupts_on();
  while (channel.received == 0) {
    ring();
    guest::spin_microseconds(kRetryMicroseconds);
  }
  guest::spin_microseconds(kDrainMicroseconds);
}

std::uint64_t round_trip(Channel& channel, void (*ring)()) {
  const std::uint64_t before = channel.received;
  const std::uint64_t start = guest::timestamp();
  ring();
  guest::wait_until([&] { return channel.received != before; });
  return guest::timestamp() - start;
}

void measure(Channel& channel, void (*ring)(), std::uint64_t rounds) {
  for (std::uint64_t i = 0; i < rounds; ++i) channel.samples.add(round_trip(channel, ring));
}

void ping() {
  const std::uint64_t rounds = guest::option_number("rounds", 2000);
  const std::uint64_t block = guest::option_number("block", 100);
  if (block == 0) guest::panic("block=0 measures nothing");
  const auto with_each = [](auto work) {
    if (qvm.present) work(qvm, ring_qvm);
    if (ivshmem.present) work(ivshmem, ring_ivshmem);
  };
  with_each(meet);
  with_each([](Channel& channel, void (*ring)()) {
    for (unsigned i = 0; i < kWarmUp; ++i) round_trip(channel, ring);
  });
  for (std::uint64_t done = 0; done < rounds; done += block) {
    const std::uint64_t now = rounds - done < block ? rounds - done : block;
    with_each([now](Channel& channel, void (*ring)()) { measure(channel, ring, now); });
  }
  with_each([](Channel& channel, void (*ring)()) {
    guest::write_at<std::uint32_t>(channel.memory + kStop, 1);
    ring();
    channel.samples.summarize(channel.name);
  });
}

void pong() {
  guest::wait_until([] {
    return (!qvm.present || shared(qvm, kStop) != 0) && (!ivshmem.present || shared(ivshmem, kStop) != 0);
  });
}

}  // namespace

void guest_main() {
  const guest::OptionText device = guest::option("device", "auto");
  const bool is_auto = guest::same_text(device.text, "auto");
  echo = guest::same_text(guest::option("role", "ping").text, "pong");
  guest::timestamp_khz();
  if (is_auto || guest::same_text(device.text, "ivshmem")) open_ivshmem();
  if (guest::same_text(device.text, "qvm") || (is_auto && guest::ShmemDevice::present())) open_qvm();
  if (!qvm.present && !ivshmem.present) guest::panic("no device to measure");

  if (qvm.present) guest::write_at<std::uint32_t>(qvm.memory + (echo ? kPongId : kPingId), qvm.own + 1);
  if (ivshmem.present)
    guest::write_at<std::uint32_t>(ivshmem.memory + (echo ? kPongId : kPingId), ivshmem.own + 1);
  if (echo) {
    pong();
  } else {
    ping();
  }
  if (connection.attached()) connection.detach();
  guest::print("pingpong: done\n");
}
