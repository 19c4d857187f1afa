// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/start_daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>

#include "qvm/base/install_paths.h"
#include "qvm/base/log_tail.h"
#include "qvm/base/process_limits.h"
#include "qvm/base/unique_fd.h"

namespace qvm::cli {

namespace {

constexpr int kReadyFd = 3;

// Why there is no daemon, for whoever waits at the other end.
void say(int ready, std::string_view why) {
  [[maybe_unused]] const auto written = ::write(ready, why.data(), why.size());
}

// After fork(): system calls only.
[[noreturn]] void become_daemon(const char* program, const char* runtime_directory, int log, int ready) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  const pid_t grandchild = ::fork();
  if (grandchild < 0) say(ready, ::strerrordesc_np(errno));
  if (grandchild != 0) ::_exit(0);  // the grandchild is nobody's child and has no terminal to get
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (ready == kReadyFd) {
    ::fcntl(ready, F_SETFD, 0);
  } else {
    ::dup2(ready, kReadyFd);
  }
  // Nothing else of the caller's is to live as long as a daemon.
  ::close_range(kReadyFd + 1, ~0U, 0);
  if (::chdir("/") != 0) ::_exit(127);
  ::execl(program, program, "--runtime-dir", runtime_directory, "--ready-fd", "3", nullptr);
  say(kReadyFd, "cannot be executed");
  ::_exit(127);
}

Result<std::string> read_all(int fd, int interrupt) {
  std::string text;
  std::array<char, 512> buffer;
  // So long nobody gives up: a signal that comes while a new qvmd starts is for the VMs that it takes over.
  pollfd answer{fd, POLLIN, 0};
  ::poll(&answer, 1, static_cast<int>(kUsualAnswer.count()));
  for (;;) {
    pollfd both[] = {{fd, POLLIN, 0}, {interrupt, POLLIN, 0}};
    ::poll(both, 2, -1);
    if (both[0].revents == 0 && both[1].revents != 0)
      return fail_errno("wait for qvmd to come up", ECANCELED);
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<void> start_daemon(const daemon::RuntimePaths& paths, int interrupt) {
  QVM_TRY(daemon::prepare_runtime_directory(paths));
  const std::string program = InstallPaths::of_this_program().programs + "/qvmd";
  const UniqueFd log(::open(paths.daemon_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!log) return fail_errno("open '" + paths.daemon_log() + "'");
  const off_t logged = length_of(paths.daemon_log());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("create a pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return fail(explain_limit(Error::from_errno("start qvmd").message()));
  if (child == 0) become_daemon(program.c_str(), paths.root().c_str(), log.get(), write_end.get());
  write_end.reset();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const auto answer = QVM_TRY(read_all(read_end.get(), interrupt));
  if (answer == "1") return {};
  if (answer.empty()) {
    const std::string said = last_line_after(paths.daemon_log(), logged);
    if (!said.empty()) return fail(explain_limit("qvmd ended before it was ready: " + said));
    return fail("qvmd ended before it was ready, and '" + paths.daemon_log() + "' does not say why");
  }
  return fail(explain_limit("start '" + program + "': " + answer));
}

}  // namespace qvm::cli
