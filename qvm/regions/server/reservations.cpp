// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/reservations.h"

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

namespace qvm::regions {
namespace {

Result<Reservations::Memories> reserve_all(const Reservations::Reserve& reserve,
                                           const std::vector<MemorySpec>& wanted,
                                           const std::stop_token& cancelled) {
  Reservations::Memories memories;
  for (const MemorySpec& one : wanted) {
    auto memory = QVM_TRY(reserve(one, cancelled));
    memories.push_back(std::move(memory));
  }
  return memories;
}

}  // namespace

Reservations::Number Reservations::start(std::string key, std::vector<MemorySpec> wanted, Done done) {
  const Number number = x_next++;
  x_waiting.push_back({number, std::move(key), std::move(wanted), std::move(done)});
  start_waiting();
  return number;
}

void Reservations::cancel(Number number) {
  std::erase_if(x_waiting, [number](const Job& job) { return job.number == number; });
  if (const auto running = x_threads.find(number); running != x_threads.end()) running->second.request_stop();
}

void Reservations::start_waiting() {
  for (auto job = x_waiting.begin(); job != x_waiting.end() && x_running.size() < kAtOnce;) {
    if (!x_busy_keys.insert(job->key).second) {
      ++job;
      continue;
    }
    Job next = std::move(*job);
    job = x_waiting.erase(job);
    run(std::move(next));
  }
}

void Reservations::run(Job job) {
  const Number number = job.number;
  const Job& running = x_running.emplace(number, std::move(job)).first->second;
  try {
    x_threads[number] =
        std::jthread([this, number, wanted = running.wanted](const std::stop_token& cancelled) {
          auto made = std::make_shared<Result<Memories>>(reserve_all(x_reserve, wanted, cancelled));
          x_loop.post([this, number, made] { finish(number, std::move(*made)); });
        });
  } catch (const std::system_error& error) {
    // As many threads as there may be. Told later, as the caller does not have the number yet.
    x_threads.erase(number);
    x_loop.post(
        [this, number, code = error.code().value()] { finish(number, fail_errno("start a thread", code)); });
  }
}

void Reservations::finish(Number number, Result<Memories> memories) {
  x_threads.erase(number);
  const auto found = x_running.find(number);
  const Job job = std::move(found->second);
  x_running.erase(found);
  x_busy_keys.erase(job.key);
  start_waiting();
  job.done(std::move(memories));
}

}  // namespace qvm::regions
