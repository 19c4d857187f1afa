// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/aarch64/processors.h"

#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/aarch64/psci.h"
#include "guests/baremetal/clock.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/processors.h"

extern "C" const char secondary_entry[];
extern "C" void secondary_start(std::uint64_t number);

namespace guest {
namespace {

constexpr std::uint64_t kAffinity = 0xff00ffffff;
constexpr std::uint64_t kPatienceMicroseconds = 1'000'000;

void (*work_of_processor)() = nullptr;
std::uint64_t last_up = 0;

std::uint64_t own_affinity() {
  std::uint64_t mpidr;
  asm volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
  return mpidr & kAffinity;
}

}  // namespace

bool start_processor(unsigned number, void (*work)()) {
  unsigned count = 0;
  const std::uint64_t* wanted = nullptr;
  for (const std::uint64_t& affinity : board().processors) {
    if (affinity != own_affinity() && ++count == number) wanted = &affinity;
  }
  if (wanted == nullptr) return false;
  work_of_processor = work;
  full_barrier();
  const auto entry = reinterpret_cast<std::uint64_t>(secondary_entry);
  if (psci_call(kPsciProcessorOn, *wanted, entry, number) != 0) return false;
  const std::uint64_t deadline = timestamp() + kPatienceMicroseconds * timestamp_khz() / 1000;
  while (__atomic_load_n(&last_up, __ATOMIC_ACQUIRE) != number) {
    if (timestamp() > deadline) return false;
    pause();
  }
  return true;
}

bool start_second_processor(void (*work)()) {
  return start_processor(1, work);
}

}  // namespace guest

void secondary_start(std::uint64_t number) {
  guest::prepare_interrupts_of_this_processor();
  void (*const work)() = guest::work_of_processor;
  __atomic_store_n(&guest::last_up, number, __ATOMIC_RELEASE);
  work();
}
