// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/workers.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <thread>

namespace qvm::daemon {

tl::unexpected<Error> Workers::late(Milliseconds deadline) {
  return fail_errno(fmt::format("no answer within {} ms", deadline.count()), ETIMEDOUT);
}

void Workers::start(std::function<void()> work) {
  auto run = [threads = x_threads, work = std::move(work)] {
    work();
    const std::lock_guard lock(threads->mutex);
    --threads->running;
    threads->ended.notify_all();
  };
  {
    const std::lock_guard lock(x_threads->mutex);
    ++x_threads->running;
  }
  try {
    std::thread(run).detach();
  } catch (const std::system_error&) {
    // No thread can be had. Everybody else waits meanwhile, which is better than an end of the daemon.
    run();
  }
}

bool Workers::wait(Milliseconds patience) {
  std::unique_lock lock(x_threads->mutex);
  const auto none = [this] { return x_threads->running == 0; };
  if (patience != kNoDeadline) return x_threads->ended.wait_for(lock, patience, none);
  x_threads->ended.wait(lock, none);
  return true;
}

}  // namespace qvm::daemon
