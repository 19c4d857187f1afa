// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Signals as events of a loop.
#pragma once

#include <functional>
#include <initializer_list>

#include "qvm/base/event_loop.h"
#include "qvm/base/unique_fd.h"

namespace qvm::cli {

// Blocks the signals and hands each one on for the life of the object, except those that are ignored when it
// is made. Made before any thread is. A slow reader of the program's output does not hold them up.
class Signals {
 public:
  Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int signal)> handler);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Readable when one has come that was not handed on yet. For whoever has to wait elsewhere than in the
  // loop.
  int fd() const { return x_fd.get(); }
  // Takes one that was not handed on yet; 0: there is none.
  int take() const;

 private:
  EventLoop& x_loop;
  UniqueFd x_fd;
};

}  // namespace qvm::cli
