// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/start_regiond.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "qvm/base/left_ms.h"
#include "qvm/base/retry_pause.h"
#include "qvm/regions/wire.h"

namespace qvm::regions {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{5};
constexpr int kReadyFd = 3;

Result<void> make_directory(const std::string& path) {
  const mode_t mode = ::geteuid() == 0 ? 0755 : 0700;
  if (::mkdir(path.c_str(), mode) == 0) {
    // mkdir takes away what the umask says; this mode is meant.
    if (::chmod(path.c_str(), mode) != 0) return fail_errno("set the mode of directory " + path);
  } else if (errno != EEXIST) {
    return fail_errno("make directory " + path);
  }
  return {};
}

bool is_another_users(const std::string& directory) {
  struct stat facts {};
  return ::stat(directory.c_str(), &facts) == 0 && facts.st_uid != ::geteuid();
}

// Where the daemon's messages go: RUN/log/regiond.log, else nowhere.
UniqueFd open_log(const std::string& runtime_directory) {
  const std::string directory = runtime_directory + "/log";
  if (make_directory(directory)) {
    UniqueFd file(::open((directory + "/regiond.log").c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (file) return file;
  }
  return UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
}

// From a child that was forked and runs nothing else: the reason why the daemon does not start, for the one
// who waits.
void tell(int ready, const char* what, int code) {
  for (const char* part : {what, ": ", ::strerrordesc_np(code)})
    [[maybe_unused]] const auto written = ::write(ready, part, std::strlen(part));
}

// After fork(), maybe of a program with threads: system calls only.
[[noreturn]] void become_regiond(const char* const* argv, int log, int null, int ready) {
  // Twice, so that whoever started us does not have to bury it.
  const pid_t grandchild = ::fork();
  if (grandchild < 0) tell(ready, "fork", errno);
  if (grandchild != 0) ::_exit(0);
  ::setsid();
  // What the starter ignores or blocks is its own affair.
  for (int signal = 1; signal < SIGRTMIN; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int ready_copy = ::fcntl(ready, F_DUPFD, 10);
  if (ready_copy < 0 || ::dup2(null, 0) < 0 || ::dup2(log, 1) < 0 || ::dup2(log, 2) < 0 ||
      ::dup2(ready_copy, kReadyFd) < 0) {
    ::_exit(126);
  }
  ::close_range(kReadyFd + 1, ~0U, 0);
  if (::chdir("/") != 0) ::_exit(126);
  ::execv(argv[0], const_cast<char**>(argv));
  tell(kReadyFd, argv[0], errno);
  ::_exit(127);
}

// Returns when it serves, when it has found that another one does, or has given up.
Result<void> start(const std::string& runtime_directory, const std::string& program,
                   Clock::time_point deadline) {
  const UniqueFd log = open_log(runtime_directory);
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  const UniqueFd ready(ends[0]);
  UniqueFd ready_end(ends[1]);
  const std::string ready_text = std::to_string(kReadyFd);
  const char* argv[] = {program.c_str(), "--keeper",         "--runtime-dir", runtime_directory.c_str(),
                        "--ready-fd",    ready_text.c_str(), nullptr};
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) become_regiond(argv, log.get(), null.get(), ready_end.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ready_end.reset();
  std::string why;
  for (;;) {
    pollfd waiting{ready.get(), POLLIN, 0};
    const int polled = ::poll(&waiting, 1, left_ms(deadline));
    if (polled < 0 && errno == EINTR) continue;
    if (polled == 0)
      return fail_errno("qvm-regiond did not come up in time; see " + runtime_directory + "/log/regiond.log",
                        ETIMEDOUT);
    std::array<char, 512> piece{};
    const ssize_t got = ::read(ready.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    why.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (!why.empty()) return fail("qvm-regiond could not start: " + why);
  return {};
}

}  // namespace

Result<UniqueFd> connect_or_start(const std::string& runtime_directory, const std::string& socket,
                                  const std::string& program) {
  auto connected = wire::connect_to(socket.c_str());
  if (connected || !nobody_serves(connected.error())) return connected;
  if (::access(program.c_str(), X_OK) != 0 || is_another_users(runtime_directory)) return connected;
  QVM_TRY(make_directory(runtime_directory));
  // Of several that are started at once one serves and the others end. It may not be ready yet when they do,
  // and one that is just ending keeps its successor from coming up.
  const auto deadline = Clock::now() + kDeadline;
  RetryPause pause({.first = std::chrono::milliseconds(2), .most = std::chrono::milliseconds(100)});
  // A service manager that listens for it starts it when somebody knocks. Whoever knocks stays at the door
  // until there is an answer, or qvm-regiond would end as idle before it is asked for anything.
  UniqueFd knocking;
  for (;;) {
    if (auto knock = wire::connect_to((runtime_directory + "/host.sock").c_str())) {
      knocking = std::move(*knock);
    } else {
      QVM_TRY(start(runtime_directory, program, deadline));
    }
    connected = wire::connect_to(socket.c_str());
    if (connected || !nobody_serves(connected.error())) return connected;
    if (Clock::now() >= deadline)
      return fail("qvm-regiond could not start; see " + runtime_directory +
                  "/log/regiond.log, or the log of the service that listens for it");
    std::this_thread::sleep_for(pause.failed(Clock::now()));
  }
}

}  // namespace qvm::regions
