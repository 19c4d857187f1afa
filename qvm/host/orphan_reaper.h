// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Collects what libvirt started in the background, so that none stays behind as a zombie: QEMU, and what
// failed on the way to becoming it. libvirt waits for a killed process by asking whether its pid still
// exists, which a zombie's does, for up to 40 seconds.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::host {

struct ProcessFacts;

// One per process, made by the first thread before it starts others: it blocks SIGCHLD for them all and makes
// the process the parent of its orphaned descendants.
class OrphanReaper {
 public:
  struct Exit {
    pid_t pid = 0;
    int status = 0;  // as waitpid() tells it
  };

  // commands: prefixes of the command names (as in /proc/PID/comm) of processes that are collected as well,
  // although they lead their sessions.
  static Result<std::unique_ptr<OrphanReaper>> create(std::vector<std::string> commands);

  // Poll for EPOLLIN, then call reap(). Stays the reaper's.
  int fd() const { return x_signals.get(); }
  // Collects every dead process that is nobody else's to wait for. Never blocks.
  std::vector<Exit> reap();
  // Collects until no process of these commands is left, dead or alive, or the time is over.
  void wait_for_orphans(std::chrono::milliseconds time);

 private:
  // Alive or dead.
  bool is_named(const ProcessFacts& facts) const;
  OrphanReaper(UniqueFd signals, std::vector<std::string> commands)
      : x_signals(std::move(signals)), x_commands(std::move(commands)) {}

  UniqueFd x_signals;
  std::vector<std::string> x_commands;
};

}  // namespace qvm::host
