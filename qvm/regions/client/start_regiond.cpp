// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/client/start_regiond.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "qvm/base/child_process.h"
#include "qvm/base/retry_pause.h"
#include "qvm/base/whole_text.h"
#include "qvm/regions/wire/wire.h"

namespace qvm::regions {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{5};

mode_t directory_mode() {
  return ::geteuid() == 0 ? 0755 : 0700;
}

bool is_another_users(const std::string& directory) {
  struct stat facts {};
  return ::stat(directory.c_str(), &facts) == 0 && facts.st_uid != ::geteuid();
}

// Where the daemon's messages go: RUN/log/regiond.log, else nowhere.
UniqueFd open_log(const std::string& runtime_directory) {
  const std::string directory = runtime_directory + "/log";
  if (make_directory(directory, directory_mode())) {
    UniqueFd file(::open((directory + "/regiond.log").c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (file) return file;
  }
  return UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
}

// Returns when it serves, when it has found that another one does, or has given up.
Result<void> start(const std::string& runtime_directory, const std::string& program,
                   Clock::time_point deadline) {
  const UniqueFd log = open_log(runtime_directory);
  const auto ready = QVM_TRY(start_in_background(
      {program, "--keeper", "--runtime-dir", runtime_directory, "--ready-fd", std::to_string(kReadyFd)},
      log.get()));
  const auto why = read_to_end(ready.get(), {.deadline = deadline});
  if (!why)
    return fail_errno("qvm-regiond did not come up in time; see " + runtime_directory + "/log/regiond.log",
                      ETIMEDOUT);
  if (!why->empty()) return fail("qvm-regiond could not start: " + *why);
  return {};
}

}  // namespace

Result<UniqueFd> connect_or_start(const std::string& runtime_directory, const std::string& socket,
                                  const std::string& program) {
  auto connected = wire::connect_to(socket);
  if (connected || !nobody_serves(connected.error())) return connected;
  if (::access(program.c_str(), X_OK) != 0 || is_another_users(runtime_directory)) return connected;
  QVM_TRY(make_directory(runtime_directory, directory_mode()));
  // Of several that are started at once one serves and the others end. It may not be ready yet when they do,
  // and one that is just ending keeps its successor from coming up.
  const auto deadline = Clock::now() + kDeadline;
  RetryPause pause({.first = std::chrono::milliseconds(2), .most = std::chrono::milliseconds(100)});
  // A service manager that listens for it starts it when somebody knocks. Whoever knocks stays at the door
  // until there is an answer, or qvm-regiond would end as idle before it is asked for anything.
  UniqueFd knocking;
  for (;;) {
    if (auto knock = wire::connect_to(runtime_directory + "/host.sock")) {
      knocking = std::move(*knock);
    } else {
      QVM_TRY(start(runtime_directory, program, deadline));
    }
    connected = wire::connect_to(socket);
    if (connected || !nobody_serves(connected.error())) return connected;
    if (Clock::now() >= deadline)
      return fail("qvm-regiond could not start; see " + runtime_directory +
                  "/log/regiond.log, or the log of the service that listens for it");
    std::this_thread::sleep_for(pause.failed(Clock::now()));
  }
}

}  // namespace qvm::regions
