// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/machine.h"

#include <cstddef>

#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/aarch64/psci.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"

extern "C" void guest_start(std::uint64_t tree);

namespace guest {
namespace {

constexpr std::uint32_t kMaxTreeBytes = 2u << 20;  // what Linux's boot protocol allows
constexpr std::int64_t kPsciNotSupported = -1;

Board the_board;

[[noreturn]] void halt_for_ever() {
  for (;;) asm volatile("msr daifset, #15; wfi");
}

// Without a tree there is neither a console nor a way to end the machine.
void read_tree(std::uint64_t address) {
  if (address == 0 || address % 8 != 0) halt_for_ever();
  std::uint32_t header[DeviceTree::kHeaderBytes / 4];
  for (unsigned i = 0; i < DeviceTree::kHeaderBytes / 4; ++i)
    header[i] = read_at<std::uint32_t>(address + 4ull * i);
  const std::uint32_t bytes = DeviceTree::size_of(header);
  if (bytes > kMaxTreeBytes || !map_memory(address, bytes)) halt_for_ever();
  DeviceTree tree;
  if (!tree.open(reinterpret_cast<const void*>(address), bytes)) halt_for_ever();
  read_board(tree, &the_board);
}

void map_all_memory() {
  for (const AddressRange& range : the_board.memory) {
    if (!map_memory(range.address, range.size)) panic("the device tree's memory is out of reach");
  }
}

}  // namespace

const Board& board() {
  return the_board;
}

const char* boot_command_line() {
  return the_board.arguments;
}

std::int64_t psci_call(std::uint32_t function, std::uint64_t first, std::uint64_t second,
                       std::uint64_t third) {
  register std::uint64_t x0 asm("x0") = function;
  register std::uint64_t x1 asm("x1") = first;
  register std::uint64_t x2 asm("x2") = second;
  register std::uint64_t x3 asm("x3") = third;
  switch (the_board.psci) {
    case Conduit::none:
      return kPsciNotSupported;
    case Conduit::hvc:
      asm volatile("hvc #0"
                   : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                   :
                   : "memory", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                     "x16", "x17");
      break;
    case Conduit::smc:
      asm volatile("smc #0"
                   : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                   :
                   : "memory", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                     "x16", "x17");
      break;
  }
  return static_cast<std::int64_t>(x0);
}

void power_off() {
  interrupts_off();
  psci_call(kPsciSystemOff);
  halt_for_ever();
}

// A board has no device for it.
void report_panic() {}

void reset_machine() {
  interrupts_off();
  psci_call(kPsciSystemReset);
  halt_for_ever();
}

}  // namespace guest

void guest_start(std::uint64_t tree) {
  guest::read_tree(tree);
  guest::map_all_memory();
  guest::prepare_interrupts();
  guest_main();
  guest::power_off();
}
