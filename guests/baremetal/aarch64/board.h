// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the device tree says of the machine: the only source of its addresses and interrupts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "guests/baremetal/device_tree.h"

namespace guest {

// A device with one range of registers and one interrupt.
struct BoardDevice {
  AddressRange registers;       // address 0: there is none
  std::uint32_t interrupt = 0;  // INTID; 0: none
  bool present() const { return registers.address != 0; }
};

template <typename T, std::size_t N>
struct BoardList {
  T items[N] = {};
  std::size_t count = 0;  // what does not fit is left out

  void add(const T& item) {
    if (count < N) items[count++] = item;
  }
  const T* begin() const { return items; }
  const T* end() const { return items + count; }
};

enum class Conduit : std::uint8_t { none, hvc, smc };

struct Board {
  const char* arguments = "";  // /chosen bootargs
  BoardList<AddressRange, 8> memory;
  BoardDevice console;  // the arm,pl011 that /chosen stdout-path names, else the first one
  BoardList<BoardDevice, 4> serials;

  unsigned gic_version = 0;  // 2, 3; 0: there is none that is known
  AddressRange distributor;
  AddressRange processor_interface;           // version 2
  BoardList<AddressRange, 4> redistributors;  // version 3
  std::uint32_t timer_interrupt = 0;          // INTID of the virtual timer

  Conduit psci = Conduit::none;
  BoardList<std::uint64_t, 8> processors;  // affinity fields of their MPIDR

  BoardList<BoardDevice, 64> virtio;
  BoardDevice shmem;     // registers: the factory page
  BoardDevice watchdog;  // arm,sp805
};

// Reads all of it. The board borrows texts from the tree's blob.
void read_board(const DeviceTree& tree, Board* board);

// The machine's own, from the tree that the boot loader gave.
const Board& board();

}  // namespace guest
