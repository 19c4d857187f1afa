// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/processors.h"

#include <cstddef>
#include <cstdint>

#include "guests/baremetal/clock.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/x86_64/apic.h"

extern "C" const char ap_trampoline[];
extern "C" const char ap_trampoline_end[];
extern "C" void ap_start();

namespace guest {
namespace {

constexpr std::uint64_t kTrampoline = 0x8000;  // the same as AP_BASE in boot.S
constexpr std::uint8_t kSecondApicId = 1;
constexpr std::uint32_t kInit = 0x4500;
constexpr std::uint32_t kStartUp = 0x4600 | (kTrampoline >> 12);
constexpr std::uint64_t kInitMicroseconds =
    10'000;  // what the processor's manual asks for between INIT and start-up
constexpr std::uint64_t kPatienceMicroseconds = 1'000'000;

void (*second_work)() = nullptr;
bool second_is_up = false;

}  // namespace

bool start_second_processor(void (*work)()) {
  second_work = work;
  for (std::size_t i = 0; ap_trampoline + i != ap_trampoline_end; ++i)
    write_at<char>(kTrampoline + i, ap_trampoline[i]);
  send_ipi(kSecondApicId, kInit);
  spin_microseconds(kInitMicroseconds);
  send_ipi(kSecondApicId, kStartUp);
  const std::uint64_t deadline = timestamp() + kPatienceMicroseconds * timestamp_khz() / 1000;
  while (!__atomic_load_n(&second_is_up, __ATOMIC_ACQUIRE)) {
    if (timestamp() > deadline) return false;
    pause();
  }
  return true;
}

}  // namespace guest

void ap_start() {
  guest::prepare_interrupts_of_this_processor();
  __atomic_store_n(&guest::second_is_up, true, __ATOMIC_RELEASE);
  guest::second_work();
}
