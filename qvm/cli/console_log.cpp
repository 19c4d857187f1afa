// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/console_log.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace qvm::cli {

namespace {
// A guest that never ends its line is cut: memory stays bounded.
constexpr std::size_t kLongestLine = 4096;
constexpr off_t kTail = 16384;
constexpr unsigned kLastLines = 20;
constexpr std::chrono::milliseconds kSuccessorPeriod{50};

// Where the last lines of a file begin; 0 for a short one.
off_t last_lines(int fd) {
  const off_t size = ::lseek(fd, 0, SEEK_END);
  const off_t start = std::max<off_t>(0, size - kTail);
  std::string tail(static_cast<std::size_t>(size - start), '\0');
  const ssize_t count = ::pread(fd, tail.data(), tail.size(), start);
  if (count <= 0) return start;
  tail.resize(static_cast<std::size_t>(count));
  std::size_t position = tail.size();
  for (unsigned i = 0; i <= kLastLines; ++i) {
    if (position == 0) return start;
    position = tail.rfind('\n', position - 1);
    if (position == std::string::npos) return start;
  }
  return start + static_cast<off_t>(position) + 1;
}
}  // namespace

ConsoleLog::~ConsoleLog() {
  close();
}

void ConsoleLog::close() {
  if (x_changes) x_loop.unwatch(x_changes.get());
  x_changes.reset();
  x_file.reset();
  cancel(x_retry);
  cancel(x_more);
}

void ConsoleLog::cancel(std::optional<EventLoop::TimerId>& timer) {
  if (timer) x_loop.cancel(*std::exchange(timer, std::nullopt));
}

void ConsoleLog::handle_changes() {
  alignas(inotify_event) std::array<char, 4096> events;
  bool replaced = false;
  for (;;) {
    const ssize_t count = ::read(x_changes.get(), events.data(), events.size());
    if (count <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      inotify_event event{};
      std::memcpy(&event, events.data() + at, sizeof event);
      replaced = replaced || (event.mask & IN_MOVE_SELF) != 0;
      at += sizeof event + event.len;
    }
  }
  if (!replaced || !x_successors) return read_some();
  read();
  close();
  await_successor();
}

void ConsoleLog::await_successor() {
  x_retry.reset();
  if (!open()) x_retry = x_loop.after(kSuccessorPeriod, [this] { await_successor(); });
}

bool ConsoleLog::open(From from) {
  if (x_file) return true;
  UniqueFd file(::open(x_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  // Of a long one qvmd has taken the beginning away.
  const off_t start = from == From::last_lines ? last_lines(file.get()) : ::lseek(file.get(), 0, SEEK_DATA);
  ::lseek(file.get(), std::max<off_t>(0, start), SEEK_SET);
  UniqueFd changes(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  // Watched before the first read: what is written in between is seen twice at worst as a wake-up, never
  // missed.
  if (!changes || ::inotify_add_watch(changes.get(), x_path.c_str(), IN_MODIFY | IN_MOVE_SELF) < 0)
    return false;
  const int fd = changes.get();
  auto watched = x_loop.watch(fd, EPOLLIN, [this](std::uint32_t) { handle_changes(); });
  if (!watched) return false;
  x_file = std::move(file);
  x_changes = std::move(changes);
  read_some();
  return true;
}

void ConsoleLog::read() {
  while (read_once()) {
  }
}

void ConsoleLog::read_some() {
  constexpr int kPieces = 16;
  cancel(x_more);
  for (int i = 0; i < kPieces; ++i) {
    if (!read_once()) return;
  }
  x_more = x_loop.after(std::chrono::milliseconds(0), [this] {
    x_more.reset();
    read_some();
  });
}

// False: there is nothing more.
bool ConsoleLog::read_once() {
  std::array<char, 16384> buffer;
  ssize_t count = 0;
  do {
    count = x_file ? ::read(x_file.get(), buffer.data(), buffer.size()) : 0;
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  x_sink({buffer.data(), static_cast<std::size_t>(count)});
  return true;
}

void PrefixedLines::append(std::string_view bytes) {
  x_rest.append(bytes);
  std::size_t begin = 0;
  for (std::size_t end = x_rest.find('\n'); end != std::string::npos; end = x_rest.find('\n', begin)) {
    print(std::string_view(x_rest).substr(begin, end - begin));
    begin = end + 1;
  }
  x_rest.erase(0, begin);
  if (x_rest.size() > kLongestLine) finish();
}

void PrefixedLines::finish() {
  if (x_rest.empty()) return;
  print(x_rest);
  x_rest.clear();
}

void PrefixedLines::print(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string text = x_prefix;
  text.append(line).push_back('\n');
  x_print(text);
}

}  // namespace qvm::cli
