// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/whole_text.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "qvm/base/wait_for.h"

namespace qvm {

Result<Pipe> make_pipe(int flags) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), flags | O_CLOEXEC) != 0) return fail_errno("make a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<std::string> read_all(int fd) {
  std::string text;
  std::vector<char> piece(64U << 10U);
  for (;;) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read");
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Result<std::string> read_to_end(int fd, const Patience& patience, std::size_t most) {
  std::string text;
  std::array<char, 4096> piece;
  int interrupt = patience.interrupt;
  for (;;) {
    std::array<pollfd, 2> both{{{fd, POLLIN, 0}, {interrupt, POLLIN, 0}}};
    const int ready = ::poll(both.data(), both.size(), patience.deadline ? left_ms(*patience.deadline) : -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return fail_errno("wait for an answer", ETIMEDOUT);
    if (both[0].revents == 0) return fail_errno("wait for an answer", ECANCELED);
    // Whoever has begun to answer is about to end, too.
    interrupt = -1;
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece.data(), std::min(most - text.size(), static_cast<std::size_t>(count)));
  }
}

Result<std::string> read_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  auto text = file ? read_all(file.get()) : fail_errno("open");
  if (!text) return fail_errno("read '" + path + "'", text.error().code());
  return text;
}

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string next = path + ".new";
  ::unlink(next.c_str());
  const UniqueFd file(::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail_errno("make '" + next + "'");
  if (write_all(file.get(), text) && ::fchmod(file.get(), mode) == 0 &&
      ::rename(next.c_str(), path.c_str()) == 0)
    return {};
  const int code = errno;
  ::unlink(next.c_str());
  return fail_errno("replace '" + path + "'", code);
}

Result<void> make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    // mkdir() takes away what the umask says; this mode is meant.
    if (::chmod(path.c_str(), mode) != 0) return fail_errno("set the mode of '" + path + "'");
  } else if (errno != EEXIST) {
    return fail_errno("make directory '" + path + "'");
  }
  return {};
}

}  // namespace qvm
