// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace qvm {
namespace {

int first_failure = 0;  // errno value of the first write that was lost

bool lost(int error) noexcept {
  if (first_failure == 0) first_failure = error;
  return false;
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

bool write_output(std::string_view text) noexcept {
  const bool earlier = flush_stdio();
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      // Somebody who shares the terminal or pipe has made it non-blocking.
      pollfd writable{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return lost(errno);
    }
  }
  return earlier;
}

void write_complaint(std::string_view program, std::string_view message) noexcept {
  // What was printed before is to be read before.
  (void)flush_stdio();
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(program.size()), program.data(),
               static_cast<int>(message.size()), message.data());
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
