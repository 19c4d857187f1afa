// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Standard input to a VM's console.
#pragma once

#include <termios.h>

#include <functional>
#include <string>

#include "qvm/base/event_loop.h"
#include "qvm/base/unique_fd.h"

namespace qvm::cli {

// Ctrl-] as in other console programs: leaves the console (`qvm console`) or ends the VM (`qvm @file`).
inline constexpr char kEscape = 0x1d;

// Makes the terminal raw for the life of the object, if standard input is one.
class RawTerminal {
 public:
  enum class KeepSignals { no, yes };  // yes: Ctrl-C and Ctrl-\ still make signals
  explicit RawTerminal(KeepSignals keep);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  bool x_raw = false;
  termios x_before{};
};

// Sends standard input to the console's socket as soon as it can be connected. What the guest writes there is
// thrown away: it is in the log, from the first byte on. On the event loop's thread.
class ConsoleInput {
 public:
  // escaped is called on Ctrl-] (with a terminal). End of input just ends the input.
  ConsoleInput(EventLoop& loop, std::string socket_path, std::function<void()> escaped);
  ~ConsoleInput();
  ConsoleInput(const ConsoleInput&) = delete;
  ConsoleInput& operator=(const ConsoleInput&) = delete;

  // Connects; fails while nothing listens there.
  Result<void> connect();

 private:
  void take_input();
  void drain();
  void close();

  EventLoop& x_loop;
  const std::string x_path;
  const std::function<void()> x_escaped;
  const bool x_terminal;
  bool x_reading = false;
  UniqueFd x_socket;
};

}  // namespace qvm::cli
