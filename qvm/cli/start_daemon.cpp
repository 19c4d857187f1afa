// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/start_daemon.h"

#include <fcntl.h>
#include <poll.h>

#include <string>
#include <vector>

#include "qvm/base/child_process.h"
#include "qvm/base/install_paths.h"
#include "qvm/base/log_tail.h"
#include "qvm/base/process_limits.h"
#include "qvm/base/unique_fd.h"
#include "qvm/base/wait_for.h"
#include "qvm/base/whole_text.h"

namespace qvm::cli {

namespace {

Result<std::string> read_answer(int fd, int interrupt) {
  // So long nobody gives up: a signal that comes while a new qvmd starts is for the VMs that it takes over.
  wait_for(fd, POLLIN, kUsualAnswer);
  return read_to_end(fd, {.interrupt = interrupt});
}

}  // namespace

Result<void> start_daemon(const daemon::RuntimePaths& paths, int interrupt) {
  QVM_TRY(daemon::prepare_runtime_directory(paths));
  const std::string program = InstallPaths::of_this_program().programs + "/qvmd";
  const UniqueFd log(::open(paths.daemon_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!log) return fail_errno("open '" + paths.daemon_log() + "'");
  const off_t logged = length_of(paths.daemon_log());
  const std::vector<std::string> words = {program, "--runtime-dir", paths.root(), "--ready-fd",
                                          std::to_string(kReadyFd)};
  const auto ready = start_in_background(words, log.get());
  if (!ready) return fail(explain_limit(ready.error().message()));
  const auto answer = QVM_TRY(read_answer(ready->get(), interrupt));
  if (answer == "1") return {};
  if (answer.empty()) {
    const std::string said = last_line_after(paths.daemon_log(), logged);
    if (!said.empty()) return fail(explain_limit("qvmd ended before it was ready: " + said));
    return fail("qvmd ended before it was ready, and '" + paths.daemon_log() + "' does not say why");
  }
  return fail(explain_limit("start '" + program + "': " + answer));
}

}  // namespace qvm::cli
