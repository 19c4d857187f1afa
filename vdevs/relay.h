// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What stands between the socket of a serial device and the host: a file, a pipe, a terminal, a program.
// Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace qvm::vdevs {

// A process of its own, qvm-relay, which opens all of this with the rights of the VM's user and ends with the
// VM. Paths are absolute.
struct Relay {
  static constexpr std::uint32_t kForever = UINT32_MAX;

  std::string vdev;      // id, "ser8250-0"
  std::string socket;    // where QEMU listens for it
  std::string input;     // where what the guest reads comes from; empty: nowhere
  std::string output;    // where what the guest writes goes; empty: nowhere. The same as input: opened once
  std::string command;   // of a shell: what the guest writes goes to it; then output is empty
  std::string terminal;  // name of the end that programs open, of a pseudo terminal; then the three are empty
  std::string directory;               // where the command runs
  std::optional<std::uint32_t> delay;  // opened at the first use only, waiting so many seconds for it
  std::uint32_t batch_us = 0;          // output is collected for so long

  bool operator==(const Relay&) const = default;
};

}  // namespace qvm::vdevs
