// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/wait_for.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <thread>

#include "qvm/base/whole_text.h"

namespace qvm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Interrupts every call of the thread that made it, again and again.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGUSR1, &action, &x_before);  // without SA_RESTART
    x_thread = std::thread([this, whom = ::pthread_self()] {
      while (!x_over) {
        ::pthread_kill(whom, SIGUSR1);
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
  }
  ~Interruptions() {
    x_over = true;
    x_thread.join();
    ::sigaction(SIGUSR1, &x_before, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  std::atomic<bool> x_over = false;
  struct sigaction x_before {};
  std::thread x_thread;
};

TEST(WaitFor, IsNotShortenedBySignals) {
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  const Interruptions interruptions;
  const auto end = steady_clock::now() + milliseconds(50);
  EXPECT_FALSE(wait_for(event.get(), POLLIN, end));
  EXPECT_GE(steady_clock::now(), end);
  const auto until = steady_clock::now() + milliseconds(50);
  EXPECT_FALSE(read_to_end(event.get(), {.deadline = until}));
  EXPECT_GE(steady_clock::now(), until);
}

TEST(WaitFor, EndsWithTheEventOrTheOtherEnd) {
  const UniqueFd event(::eventfd(1, EFD_CLOEXEC));
  EXPECT_TRUE(wait_for(event.get(), POLLIN, milliseconds(0)));
  EXPECT_TRUE(wait_for(event.get(), POLLOUT, std::chrono::hours(1)));
  auto pipe = make_pipe().value();
  EXPECT_FALSE(wait_for(pipe.read.get(), POLLIN, milliseconds(1)));
  pipe.write.reset();
  EXPECT_TRUE(wait_for(pipe.read.get(), POLLIN, std::chrono::hours(1)));
  EXPECT_FALSE(wait_for(-1, POLLIN, milliseconds(1)));
}

}  // namespace
}  // namespace qvm
