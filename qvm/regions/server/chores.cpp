// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/chores.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace qvm::regions {
namespace {

constexpr int kInterrupt = SIGUSR2;
constexpr long kPatienceNs = 5'000'000;

// Sends kInterrupt to its thread again and again while armed.
class Interrupter {
 public:
  Interrupter() {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // no SA_RESTART: what waits is to give up
    ::sigaction(kInterrupt, &action, nullptr);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, kInterrupt);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kInterrupt;
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
    x_good = ::timer_create(CLOCK_MONOTONIC, &event, &x_timer) == 0;
  }
  ~Interrupter() {
    if (x_good) ::timer_delete(x_timer);
  }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

  void arm() const { set(kPatienceNs); }
  void disarm() const { set(0); }

 private:
  void set(long ns) const {
    const itimerspec when{{0, ns}, {0, ns}};
    if (x_good) ::timer_settime(x_timer, 0, &when, nullptr);
  }

  timer_t x_timer{};
  bool x_good = false;
};

}  // namespace

void punch_out(int memory, std::uint64_t bytes) {
  while (::fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0 &&
         errno == EINTR) {
  }
}

Chores::Chores() : x_thread([this] { work(); }) {}

Chores::~Chores() {
  {
    const std::lock_guard lock(x_mutex);
    x_ending = true;
  }
  x_changed.notify_one();
  x_thread.join();
}

void Chores::close(UniqueFd socket) {
  add({std::move(socket)});
}

void Chores::free_memory(UniqueFd memory, std::uint64_t bytes) {
  add({std::move(memory), bytes});
}

void Chores::add(Chore chore) {
  if (!chore.fd) return;
  {
    const std::lock_guard lock(x_mutex);
    x_chores.push_back(std::move(chore));
  }
  x_changed.notify_one();
}

std::size_t Chores::waiting() const {
  const std::lock_guard lock(x_mutex);
  return x_chores.size();
}

void Chores::work() {
  const Interrupter interrupter;
  std::unique_lock lock(x_mutex);
  for (;;) {
    x_changed.wait(lock, [this] { return x_ending || !x_chores.empty(); });
    if (x_chores.empty()) return;
    Chore chore = std::move(x_chores.front());
    lock.unlock();
    if (chore.bytes != 0) punch_out(chore.fd.get(), chore.bytes);
    interrupter.arm();
    chore.fd.reset();
    interrupter.disarm();
    lock.lock();
    x_chores.pop_front();
  }
}

}  // namespace qvm::regions
