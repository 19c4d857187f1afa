// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/qvmd_client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace qvm::test {
namespace {

constexpr int kDeadlineMs = 10'000;

bool wait_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, kDeadlineMs) == 1;
}

}  // namespace

RawClient::RawClient(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    socket_ = std::move(socket);
  }
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // it hung up on us: the test looks at what it said
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::ask(const daemon::Request& request) {
  send(daemon::frame(daemon::encode(request)));
}

std::optional<daemon::Reply> RawClient::next() {
  for (;;) {
    auto message = reader_.next();
    if (!message) return std::nullopt;
    if (message->has_value()) {
      auto reply = daemon::decode_reply(**message);
      EXPECT_TRUE(reply) << reply.error().message();
      return reply ? std::optional(std::move(*reply)) : std::nullopt;
    }
    if (!wait_readable(socket_.get())) {
      ADD_FAILURE() << "qvmd says nothing";
      return std::nullopt;
    }
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return std::nullopt;
    reader_.append({buffer.data(), static_cast<std::size_t>(got)});
  }
}

QvmdTest::QvmdTest() {
  std::string pattern = "/tmp/qvmd-prog.XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no directory in /tmp";
  directory_ = pattern;
  root_ = directory_ + "/run";
}

QvmdTest::~QvmdTest() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::filesystem::remove_all(directory_);
}

std::string QvmdTest::start(const std::string& runtime_directory) {
  constexpr int kReadyFd = 3;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  const UniqueFd ready(ends[0]);
  UniqueFd ready_end(ends[1]);
  const std::string program = QVM_BINARY_DIR "/bin/qvmd";
  const std::string log = directory_ + "/output";
  const pid_t child = ::fork();
  if (child == 0) {
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (ready_end.get() == kReadyFd) {
      ::fcntl(kReadyFd, F_SETFD, 0);
    } else {
      ::dup2(ready_end.get(), kReadyFd);
    }
    ::execl(program.c_str(), "qvmd", "--runtime-dir", runtime_directory.c_str(), "--ready-fd", "3", nullptr);
    ::_exit(127);
  }
  ready_end.reset();
  pid_ = child;
  std::string said;
  std::array<char, 512> buffer{};
  while (wait_readable(ready.get())) {
    const ssize_t got = ::read(ready.get(), buffer.data(), buffer.size());
    if (got <= 0) return said;
    said.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return said + " (and then nothing)";
}

int QvmdTest::wait_for_end() {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process || !wait_readable(process.get())) return -1;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace qvm::test
