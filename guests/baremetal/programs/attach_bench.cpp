// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// attach-bench: how long an attach takes as the guest sees it: the store into `size`. Every cycle attaches
// and detaches again.
//   cycles=2500   how many           pages=16       of the region
//   pause_us=0    rest between them  region=bench   its name
//   keep=0        1: stays attached by a second connection, so that no cycle creates or destroys the region
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/samples.h"
#include "guests/baremetal/shmem.h"

namespace {

constexpr std::uint64_t kWindow = 100;  // samples at the beginning and at the end that are compared

guest::Samples attach_samples;
guest::Samples detach_samples;

guest::Connection attach_or_panic(const guest::ShmemDevice& device, const char* region, std::uint32_t pages) {
  const guest::AttachResult result = device.attach(region, pages);
  if (result.status != GSS_OK) {
    guest::print("attach to '{}' failed: status {}\n", region, result.status);
    guest::panic("attach failed");
  }
  return result.connection;
}

}  // namespace

void guest_main() {
  const auto cycles = guest::option_number("cycles", 2500);
  const auto pages = static_cast<std::uint32_t>(guest::option_number("pages", 16));
  const auto pause_us = guest::option_number("pause_us", 0);
  const guest::OptionText region = guest::option("region", "bench");
  const guest::ShmemDevice device = guest::ShmemDevice::from_command_line();
  guest::print("attach-bench: {} cycles of {} pages\n", cycles, pages);

  guest::Connection kept;
  if (guest::option_number("keep", 0) != 0) kept = attach_or_panic(device, region.text, pages);
  for (std::uint64_t i = 0; i < cycles; ++i) {
    device.write_name(region.text);
    const std::uint64_t start = guest::timestamp();
    guest::write_at<std::uint32_t>(device.factory() + GUEST_SHM_FACTORY_SIZE, pages);
    const std::uint64_t attached = guest::timestamp();
    guest::AttachResult result = device.take_result();
    if (result.status != GSS_OK) {
      guest::print("attach {} failed: status {}\n", i, result.status);
      guest::panic("attach failed");
    }
    guest::write_at<std::uint64_t>(result.connection.data(), i);
    const std::uint64_t leaving = guest::timestamp();
    result.connection.detach();
    detach_samples.add(guest::timestamp() - leaving);
    attach_samples.add(attached - start);
    if (pause_us > 0) guest::spin_microseconds(pause_us);
  }
  if (kept.attached()) kept.detach();

  const std::uint64_t window = cycles < kWindow ? cycles : kWindow;
  guest::print("attach-bench first={} last={} of {} unit=cycles\n", attach_samples.median_of(0, window),
               attach_samples.median_of(attach_samples.count() - window, window), window);
  attach_samples.summarize("attach");
  detach_samples.summarize("detach");
  guest::print("attach-bench: done\n");
}
