// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

namespace qvm {
namespace {

int first_failure = 0;  // errno value of the first write that was lost

bool lost(int error) noexcept {
  if (first_failure == 0) first_failure = error;
  return false;
}

int interrupt = -1;    // see set_output_interrupt()
bool hurried = false;  // see hurry_output()
// That readers are still waited for then.
std::chrono::milliseconds patience{1000};

// Waits until something can be written, or the interrupt is readable. False: not now.
bool can_write(int fd) noexcept {
  for (;;) {
    pollfd both[] = {{fd, POLLOUT, 0}, {hurried ? -1 : interrupt, POLLIN, 0}};
    const auto before = std::chrono::steady_clock::now();
    if (::poll(both, 2, hurried ? static_cast<int>(patience.count()) : -1) < 0 && errno != EINTR)
      return true;  // the write tells
    if (both[0].revents != 0) return true;
    if (hurried) {
      const auto waited =
          std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
      patience = std::max(patience - waited, std::chrono::milliseconds(0));
      if (patience.count() == 0) return false;
    }
    if (both[1].revents != 0) hurried = true;
  }
}

// 0 or an errno value; ECANCELED: the rest was dropped.
int write_all(int fd, std::string_view text) noexcept {
  // So much can be written to a pipe or terminal without waiting, if anything can.
  constexpr std::size_t kAtOnce = 4096;
  while (!text.empty()) {
    const bool may_wait = interrupt < 0 && !hurried;
    if (!may_wait && !can_write(fd)) return ECANCELED;
    const ssize_t count = ::write(fd, text.data(), may_wait ? text.size() : std::min(text.size(), kAtOnce));
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      // Somebody who shares the terminal or pipe has made it non-blocking.
      if (!can_write(fd)) return ECANCELED;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

bool flush_stdio() noexcept {
  if (std::fflush(stdout) != 0) return lost(errno);
  // An earlier flush has failed, and nobody knows why any more.
  if (std::ferror(stdout) != 0) return lost(EIO);
  return true;
}

}  // namespace

void begin_output() noexcept {
  ::signal(SIGXFSZ, SIG_IGN);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // Becomes fd, the lowest free number, and unlike a device it is everywhere. Programs that are started
    // from here inherit it, for the same reason.
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)::open("/", O_PATH);
  }
}

void hurry_output() noexcept {
  hurried = true;
}

void set_output_interrupt(int fd) noexcept {
  interrupt = fd;
}

bool write_output(std::string_view text) noexcept {
  const bool earlier = flush_stdio();
  const int error = write_all(STDOUT_FILENO, text);
  // What was dropped is not missed by anybody.
  if (error == ECANCELED) return false;
  return error == 0 ? earlier : lost(error);
}

void write_error(std::string_view text) noexcept {
  // What was printed before is to be read before.
  (void)flush_stdio();
  (void)write_all(STDERR_FILENO, text);
}

void write_complaint(std::string_view program, std::string_view message) noexcept {
  try {
    write_error(std::string(program).append(": ").append(message).append("\n"));
  } catch (const std::bad_alloc&) {
    write_error(message);
  }
}

int end_output(std::string_view program, int status) noexcept {
  (void)flush_stdio();
  // Some file systems tell only at a close that there was no room. The descriptor itself stays, for whatever
  // still runs.
  const int copy = ::dup(STDOUT_FILENO);
  if (copy >= 0 && ::close(copy) != 0) (void)lost(errno);
  if (first_failure == 0) return status;
  if (first_failure != EPIPE) {
    char message[128];
    std::snprintf(message, sizeof message, "write to standard output: %s", ::strerrordesc_np(first_failure));
    write_complaint(program, message);
  }
  return status == 0 ? kOutputLost : status;
}

}  // namespace qvm
