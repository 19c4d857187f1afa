// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The command line's connection to qvmd, which it starts when it is needed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/daemon/control/protocol.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::cli {

// One connection; one thread. A closed connection is a failure with code ECONNRESET.
class DaemonConnection {
 public:
  // Connects to the qvmd of this runtime directory and starts one if none answers. Whatever waits for qvmd,
  // here and later, fails with ECANCELED when interrupt is readable (-1: never), a descriptor that outlives
  // the connection; the first 1.5 s of it are waited for in any case. Then qvmd is complained about, and
  // waited for.
  static Result<DaemonConnection> open(const daemon::RuntimePaths& paths, int interrupt = -1);
  // Connects only if there is something to ask: a qvmd that runs, or VMs that one has left behind. An empty
  // optional means that nothing runs.
  static Result<std::optional<DaemonConnection>> open_if_used(const daemon::RuntimePaths& paths);

  int interrupt() const { return x_interrupt; }
  // For an event loop: readable means that next() has something, or the end.
  int fd() const { return x_socket.get(); }

  Result<void> send(const daemon::Request& request);
  // Takes in what can be read and returns the next reply, absent if there is none yet. Never blocks.
  Result<std::optional<daemon::Reply>> next();
  // Sends and waits for `done`; a `failed` is a failure. For commands that have nothing else to do meanwhile.
  Result<daemon::Reply> ask(const daemon::Request& request);
  // Says good-bye; if qvmd ends with us, waits until it has, but no longer than some seconds.
  void leave();

 private:
  DaemonConnection(UniqueFd socket, int interrupt) : x_socket(std::move(socket)), x_interrupt(interrupt) {}
  using Deadline = std::chrono::steady_clock::time_point;
  // ETIMEDOUT after the deadline, ECANCELED when interrupt is readable.
  Result<daemon::Reply> wait(std::optional<Deadline> deadline, int interrupt);
  Result<daemon::Reply> await_welcome();

  UniqueFd x_socket;
  int x_interrupt;
  daemon::FrameReader x_reader;
  bool x_closed = false;
};

}  // namespace qvm::cli
