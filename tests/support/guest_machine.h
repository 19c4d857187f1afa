// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Boots a guest in a QEMU of its own, without libvirt, and returns what it wrote on its console.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/run_program.h"

namespace qvm::test {

inline constexpr unsigned long kShmemAddress = 0x1c050000;
inline constexpr unsigned kShmemPin = 10;
inline constexpr unsigned kShmemOnPci = ~0u;

struct GuestMachine {
  std::string accelerator = "tcg";  // as behind -accel: "tcg", "kvm", "kvm,kernel-irqchip=split"
  std::string kernel = {};          // path; for a guest of ours see guest_image()
  std::string command_line = {};
  std::vector<std::string> more = {};  // further arguments of QEMU
  unsigned memory_mib = 64;
  bool may_reset = false;             // else a reset ends the machine
  std::chrono::seconds patience{60};  // on usual hardware
};

// Path of NAME.elf in the build tree.
std::string guest_image(const std::string& name);

// The command that runs it, its console on standard input and output; it ends itself when patience runs out.
std::vector<std::string> guest_words(const GuestMachine& machine);
// Blocks until the guest powers off or patience runs out (status -1 or 124 then). Status 0: it powered off.
ProgramResult run_guest(const GuestMachine& machine);

// Writes directory/vm.json for one vdev shmem at kShmemAddress on this pin of the I/O APIC, or (kShmemOnPci)
// in PCI slot 31, and returns the words for QEMU that load it.
std::vector<std::string> shmem_arguments(const std::string& directory, const std::string& vm,
                                         const std::string& region_socket, unsigned pin = kShmemPin);

// Whether /dev/kvm is there and may be used.
bool kvm_works();

}  // namespace qvm::test
