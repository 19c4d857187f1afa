// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// read-only: attaches to a region that it may only read, and stores there all the same: nothing may change,
// and nothing else may happen.
#include "guests/baremetal/checks.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/shmem.h"

namespace {

constexpr char kRegion[] = "view";
constexpr unsigned kManyStores = 1000;

std::uint64_t sum_of(const guest::Connection& connection) {
  std::uint64_t sum = 0;
  for (std::uint64_t at = 0; at < std::uint64_t{connection.pages()} * GUEST_SHM_PAGE_SIZE; at += 8)
    sum += guest::read_at<std::uint64_t>(connection.data() + at);
  return sum;
}

}  // namespace

void guest_main() {
  guest::Checks checks("read-only");
  const guest::ShmemDevice device = guest::ShmemDevice::from_command_line();
  guest::AttachResult result = device.attach(kRegion, 0);
  checks.equal("attach", result.status, GSS_OK);
  if (result.status == GSS_OK) {
    const guest::Connection& view = result.connection;
    const std::uint64_t data = view.data();
    checks.equal("fresh", sum_of(view), 0);
    guest::write_at<std::uint8_t>(data + 0x11, 0xff);
    guest::write_at<std::uint16_t>(data + 0x20, 0xffff);
    guest::write_at<std::uint32_t>(data + 0x30, ~0u);
    guest::write_at<std::uint64_t>(data + 0x3ff8, ~std::uint64_t{0});
    checks.equal("plain stores", sum_of(view), 0);
    auto* word = reinterpret_cast<std::uint32_t*>(data + 0x100);
    checks.equal("a locked addition reads", __atomic_fetch_add(word, 5u, __ATOMIC_SEQ_CST), 0);
    checks.equal("and changes nothing", sum_of(view), 0);
    for (unsigned i = 0; i < kManyStores; ++i) guest::write_at<std::uint32_t>(data + 0x1000, i + 1);
    checks.equal("many stores", sum_of(view), 0);
    view.notify(1u << view.index());
    checks.equal("signals work all the same", guest_shm_senders(view.read_status()), 1u << view.index());
    result.connection.detach();
    checks.equal("after the detach", guest::read_at<std::uint32_t>(data), ~0u);
    checks.equal("nothing is attached", device.find(0).status, GSS_DOES_NOT_EXIST);
  }
  checks.summarize();
}
