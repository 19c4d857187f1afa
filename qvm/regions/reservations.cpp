// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/reservations.h"

#include <memory>
#include <utility>

#include "qvm/regions/memory.h"

namespace qvm::regions {

void Reservations::start(std::string key, std::string label, std::uint64_t bytes, Done done) {
  x_waiting.push_back({std::move(key), std::move(label), bytes, std::move(done)});
  start_waiting();
}

void Reservations::start_waiting() {
  for (auto job = x_waiting.begin(); job != x_waiting.end() && x_running.size() < kAtOnce;) {
    if (!x_busy_keys.insert(job->key).second) {
      ++job;
      continue;
    }
    const std::uint64_t number = x_next++;
    const auto running = x_running.emplace(number, std::move(*job)).first;
    job = x_waiting.erase(job);
    x_threads[number] =
        std::jthread([this, number, label = running->second.label, bytes = running->second.bytes] {
          auto made = std::make_shared<Result<UniqueFd>>(create_memory(label.c_str(), bytes));
          x_loop.post([this, number, made] { finish(number, std::move(*made)); });
        });
  }
}

void Reservations::finish(std::uint64_t number, Result<UniqueFd> memory) {
  x_threads.erase(number);
  const auto found = x_running.find(number);
  const Job job = std::move(found->second);
  x_running.erase(found);
  x_busy_keys.erase(job.key);
  start_waiting();
  job.done(std::move(memory));
}

}  // namespace qvm::regions
