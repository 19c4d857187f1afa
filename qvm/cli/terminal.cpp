// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/terminal.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "qvm/base/unix_socket.h"
#include "qvm/base/wait_for.h"

namespace qvm::cli {

namespace {

// A guest that does not read its console must not stop us for longer than a person waits for a key.
constexpr std::chrono::milliseconds kSendPatience{1000};

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return false;
    if (!wait_for(socket, POLLOUT, kSendPatience)) return true;  // dropped, as on a serial line
  }
  return true;
}

}  // namespace

RawTerminal::RawTerminal(KeepSignals keep) {
  if (::isatty(STDIN_FILENO) != 1 || ::tcgetattr(STDIN_FILENO, &x_before) != 0) return;
  termios raw = x_before;
  ::cfmakeraw(&raw);
  raw.c_oflag |= OPOST;  // guests and we end lines with a bare line feed
  if (keep == KeepSignals::yes) raw.c_lflag |= ISIG;
  x_raw = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

RawTerminal::~RawTerminal() {
  if (x_raw) ::tcsetattr(STDIN_FILENO, TCSANOW, &x_before);
}

ConsoleInput::ConsoleInput(EventLoop& loop, std::string socket_path, std::function<void()> escaped)
    : x_loop(loop),
      x_path(std::move(socket_path)),
      x_escaped(std::move(escaped)),
      x_terminal(::isatty(STDIN_FILENO) == 1) {}

ConsoleInput::~ConsoleInput() {
  close();
  if (x_reading) x_loop.unwatch(STDIN_FILENO);
}

Result<void> ConsoleInput::connect() {
  auto socket = QVM_TRY(connect_unix(x_path));
  QVM_TRY(x_loop.watch(socket.get(), EPOLLIN, [this](std::uint32_t) { drain(); }));
  x_socket = std::move(socket);
  // A regular file cannot be watched, and does not block: taken at once.
  x_reading = x_loop.watch(STDIN_FILENO, EPOLLIN, [this](std::uint32_t) { take_input(); }).has_value();
  if (!x_reading) x_loop.post([this] { take_input(); });
  return {};
}

void ConsoleInput::take_input() {
  std::array<char, 1024> buffer;
  const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) {
    if (std::exchange(x_reading, false)) x_loop.unwatch(STDIN_FILENO);
    return;
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  const std::size_t escape = x_terminal ? bytes.find(kEscape) : std::string_view::npos;
  if (x_socket && !send_all(x_socket.get(), bytes.substr(0, escape))) close();
  if (escape != std::string_view::npos) return x_escaped();
  if (!x_reading) x_loop.post([this] { take_input(); });
}

void ConsoleInput::drain() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::recv(x_socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0 || (count < 0 && errno == EINTR)) continue;
    if (count < 0 && errno == EAGAIN) return;
    return close();
  }
}

void ConsoleInput::close() {
  if (!x_socket) return;
  x_loop.unwatch(x_socket.get());
  x_socket.reset();
}

}  // namespace qvm::cli
