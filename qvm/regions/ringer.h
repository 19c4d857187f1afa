// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Ringing a doorbell without ever waiting for whoever shares it.
#pragma once

#include <memory>

namespace qvm::regions {

// A doorbell is an eventfd, one open file for both sides: the receiver can make it blocking and fill it, and
// a write(2) would then wait for its pleasure. The kernel's own signalling of an eventfd never waits; user
// space reaches it through the completion of an asynchronous read of nothing. Not thread-safe.
class Ringer {
 public:
  Ringer();
  ~Ringer();
  Ringer(const Ringer&) = delete;
  Ringer& operator=(const Ringer&) = delete;

  // Makes the eventfd readable and wakes its waiters. Where the kernel offers no asynchronous I/O this is a
  // plain write.
  void ring(int eventfd);
  // False where ring() is only a plain write.
  bool is_safe() const { return x_context != nullptr; }

 private:
  struct Context;
  std::unique_ptr<Context> x_context;
};

}  // namespace qvm::regions
