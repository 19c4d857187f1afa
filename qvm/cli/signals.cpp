// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "qvm/base/standard_streams.h"

namespace qvm::cli {

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> handler)
    : x_loop(loop) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    // Whoever started us with a signal ignored (nohup, a script's background job) means us not to notice it.
    // A signal that is blocked is queued even so.
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;
    sigaddset(&set, signal);
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  x_fd.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!x_fd) return;
  // Without the watch the signals stay blocked and nothing ends by surprise; it fails only without memory.
  [[maybe_unused]] const auto watched =
      loop.watch(x_fd.get(), EPOLLIN, [this, handler = std::move(handler)](std::uint32_t) {
        while (const int signal = take()) handler(signal);
      });
  set_output_interrupt(x_fd.get());
}

int Signals::take() const {
  signalfd_siginfo info;
  if (::read(x_fd.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  hurry_output();
  return static_cast<int>(info.ssi_signo);
}

Signals::~Signals() {
  set_output_interrupt(-1);
  if (x_fd) x_loop.unwatch(x_fd.get());
}

}  // namespace qvm::cli
