// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvmd: the supervisor's program. Started by qvm when it is needed.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <exception>
#include <string>

#include "qvm/base/command_line.h"
#include "qvm/base/install_paths.h"
#include "qvm/base/process_limits.h"
#include "qvm/base/standard_streams.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/daemon/daemon.h"

namespace {

struct Arguments {
  std::string runtime_directory;
  int ready = -1;  // told "1" once clients are served, or why they never will be
};

void tell(qvm::UniqueFd& ready, const std::string& text) {
  if (ready) {
    [[maybe_unused]] const auto written = ::write(ready.get(), text.data(), text.size());
  }
  ready.reset();
}

int run(const Arguments& arguments) {
  qvm::UniqueFd ready(arguments.ready);
  if (ready) ::fcntl(ready.get(), F_SETFD, FD_CLOEXEC);
  const auto give_up = [&](const std::string& why) {
    qvm::write_complaint("qvmd", why);
    tell(ready, why);
    return 1;
  };
  qvm::raise_file_limit();
  auto directory = qvm::daemon::choose_runtime_directory(arguments.runtime_directory);
  if (!directory) return give_up(directory.error().message());
  const qvm::daemon::DaemonOptions options{
      .runtime_directory = *directory,
      .regiond_program = qvm::InstallPaths::of_this_program().programs + "/qvm-regiond",
      .version = QVM_VERSION,
      .ready = [&] { tell(ready, "1"); }};
  if (auto ran = qvm::daemon::run_daemon(options); !ran) {
    // Another one was faster: whoever started us can connect to that one.
    if (ran.error().code() == EWOULDBLOCK && ready) {
      tell(ready, "1");
      return 0;
    }
    return give_up(ran.error().message());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  qvm::begin_output();
  Arguments arguments;
  CLI::App app(
      "Starts, watches and stops VMs for qvm, which starts it when it is needed; it ends when nobody needs "
      "it.",
      "qvmd");
  app.set_version_flag("--version", "qvmd " QVM_VERSION);
  app.add_option("--runtime-dir", arguments.runtime_directory,
                 "where its files and sockets are (default: QVM_RUNTIME_DIR, /run/qvm for root, else "
                 "$XDG_RUNTIME_DIR/qvm or /run/user/UID/qvm, or without it /tmp/qvm-UID)")
      ->type_name("DIR");
  app.add_option("--ready-fd", arguments.ready, "where to say that it serves")
      ->check(CLI::Range(3, INT_MAX))
      ->group("");
  if (const auto status = qvm::read_command_line(app, argc, argv)) return *status;
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    qvm::write_complaint("qvmd", error.what());
    return 1;
  }
}
