// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the watchdog needs of the machine around it; narrow, so that tests can fake it.
#pragma once

#include <chrono>

namespace qvm::sp805 {

class Host {
 public:
  virtual ~Host() = default;
  // A clock that never goes back.
  virtual std::chrono::nanoseconds now() = 0;
  // Device::expired() is to be called once, at the earliest after that long. In place of an earlier request,
  // whose call may come all the same.
  virtual void start_timer(std::chrono::nanoseconds delay) = 0;
  virtual void stop_timer() = 0;
  virtual void set_line(bool high) = 0;
  // Ends the VM, with the reason that its user sees. May return in tests only.
  virtual void bite() = 0;
};

}  // namespace qvm::sp805
