// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Carries bytes between a guest's serial device and the host's side of it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/relay/host_ends.h"

namespace qvm::relay {

// What the guest writes is held up, not lost, while a file, pipe, device or program does not take it: up to
// kBuffer bytes here, the rest in the socket. Only a pseudo terminal that nobody has open loses it, as a
// cable does that ends nowhere.
class Relay {
 public:
  static constexpr std::size_t kBuffer = 64 * 1024;
  // How long the host's side may take for the rest after the guest's end, and then a command to end.
  static constexpr std::chrono::milliseconds kPatience{2000};

  // guest: a connected stream socket. say: is told, in one line, what a user should know.
  Relay(UniqueFd guest, Options options, std::function<void(const std::string&)> say);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Opens the host's side, unless that is delayed.
  Result<void> open();
  // After open(): "/dev/pts/5" or empty.
  const std::string& terminal() const { return x_ends.terminal; }
  // Carries bytes until the guest's end: true. False if the host's side has ended before that.
  bool run();

 private:
  using Clock = std::chrono::steady_clock;

  enum class Step { go_on, guest_gone, host_gone };
  Step step();
  bool wants_open() const;
  Step try_to_open();
  bool terminal_is_open() const;
  bool is_due() const;
  int timeout() const;
  Step take_from_guest();
  void give_to_guest();
  void take_from_host();
  Step give_to_host();
  Step look_after_command();
  void finish();
  void wait_for_reader() const;
  void end_command();

  UniqueFd x_guest;
  const Options x_options;
  const std::function<void(const std::string&)> x_say;
  UniqueFd x_children;  // signalfd
  HostEnds x_ends;
  bool x_open = false;
  std::optional<Clock::time_point> x_first_use;  // of a host's side that is not open yet
  std::string x_to_host;
  Clock::time_point x_due{};  // of what is in x_to_host
  std::string x_to_guest;
  bool x_told_loss = false;
};

}  // namespace qvm::relay
