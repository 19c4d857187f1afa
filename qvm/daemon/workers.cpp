// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/workers.h"

#include <system_error>
#include <utility>

namespace qvm::daemon {

void Workers::run(std::function<void()> work, std::function<void()> then) {
  const std::uint64_t id = x_next++;
  const auto finish = [this, id, then = std::move(then)] {
    x_threads.erase(id);  // joins a thread that has nothing left to do
    then();
  };
  try {
    x_threads.emplace(id, std::jthread([this, work, finish] {
                        work();
                        x_loop.post(finish);
                      }));
  } catch (const std::system_error&) {
    // No thread can be had. Everybody else waits meanwhile, which is better than an end of the daemon.
    work();
    x_loop.post(finish);
  }
}

}  // namespace qvm::daemon
