// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/wire/ringer.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace qvm::regions {
namespace {

using std::chrono::milliseconds;

// Each ring adds at most kMostPerRing and takes an eighth of the rest away: more than a millisecond for every
// ring is too much, and so are three that took longer, one soon after another.
constexpr milliseconds kMostPerRing{4};
constexpr milliseconds kTooMuch{8};
constexpr milliseconds kTooMuchAtOnce{100};
constexpr milliseconds kSuspicious{1};
constexpr unsigned kAboveSuspicion = 64;  // quick ones in a row

}  // namespace

// Never blocks: the eventfd is non-blocking, and whoever could change that is this process alone (Doorbell).
bool ring_doorbell(int doorbell) {
  const std::uint64_t one = 1;
  return ::write(doorbell, &one, sizeof one) == sizeof one;
}

Ringer::~Ringer() {
  std::thread thread;
  {
    const std::lock_guard lock(x_mutex);
    x_ending = true;
    thread = std::move(x_thread);
  }
  x_changed.notify_one();
  if (thread.joinable()) thread.join();
}

// x_mutex held.
bool Ringer::start() {
  if (x_thread.joinable()) return true;
  // Signals of this process are for its own threads.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    x_thread = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    // As many threads as there may be.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return x_thread.joinable();
}

void Ringer::ring(const std::shared_ptr<UniqueFd>& doorbell) {
  {
    const std::lock_guard lock(x_mutex);
    if (start()) {
      if (std::find(x_waiting.begin(), x_waiting.end(), doorbell) == x_waiting.end())
        x_waiting.push_back(doorbell);
      x_changed.notify_one();
      return;
    }
  }
  ring_doorbell(doorbell->get());
}

void Ringer::work() {
  std::unique_lock lock(x_mutex);
  for (;;) {
    x_changed.wait(lock, [this] { return x_ending || !x_waiting.empty(); });
    if (x_ending) return;
    const std::shared_ptr<UniqueFd> doorbell = std::move(x_waiting.front());
    x_waiting.pop_front();
    lock.unlock();
    ring_doorbell(doorbell->get());
    lock.lock();
  }
}

Strain::Duration Strain::now(bool of_this_thread) {
  timespec time{};
  ::clock_gettime(of_this_thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void Strain::timed(unsigned index, bool suspect, Duration took) {
  const std::uint32_t bit = 1U << index;
  if (suspect) {
    note(index, took);
    x_last = took;
  }
  if (took >= kSuspicious) {
    x_suspects |= bit;
    x_count[index] = 0;
  } else if (suspect && ++x_count[index] == kAboveSuspicion) {
    x_suspects &= ~bit;
    x_count[index] = 0;
  }
}

void Strain::note(unsigned index, Duration took) {
  Duration& strain = x_strain[index];
  strain = strain - strain / 8 + std::min<Duration>(took, kMostPerRing);
  if (strain > kTooMuch || took > kTooMuchAtOnce) x_slow |= 1U << index;
}

}  // namespace qvm::regions
