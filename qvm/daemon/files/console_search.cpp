// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/console_search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace qvm::daemon {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr unsigned kPiecesAtOnce = 64;

bool same_file(int fd, const std::string& path) {
  struct stat open {};
  struct stat now {};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &now) == 0 && open.st_dev == now.st_dev &&
         open.st_ino == now.st_ino;
}

}  // namespace

ConsoleSearch::ConsoleSearch(std::string path, std::string text)
    : x_path(std::move(path)), x_text(std::move(text)) {}

void ConsoleSearch::open_current() {
  if (x_file && same_file(x_file.get(), x_path)) return;
  x_file.reset(::open(x_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  x_window.clear();
  x_found = false;
}

bool ConsoleSearch::look() {
  open_current();
  std::array<char, kPiece> piece;
  for (unsigned i = 0; x_file && !x_found && i < kPiecesAtOnce; ++i) {
    const ssize_t count = ::read(x_file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    x_window.append(piece.data(), static_cast<std::size_t>(count));
    x_found = x_window.find(x_text) != std::string::npos;
    if (x_window.size() >= x_text.size()) x_window.erase(0, x_window.size() - x_text.size() + 1);
  }
  return x_found;
}

}  // namespace qvm::daemon
