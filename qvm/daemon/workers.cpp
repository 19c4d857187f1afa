// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/workers.h"

#include <utility>

namespace qvm::daemon {

void Workers::run(std::function<void()> work, std::function<void()> then) {
  const std::uint64_t id = x_next++;
  x_threads.emplace(id, std::jthread([this, id, work = std::move(work), then = std::move(then)] {
                      work();
                      x_loop.post([this, id, then] {
                        x_threads.erase(id);  // joins a thread that has nothing left to do
                        then();
                      });
                    }));
}

}  // namespace qvm::daemon
