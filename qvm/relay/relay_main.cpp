// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-relay: one per serial device whose host side is not the VM's console. Started by qvmd with the device's
// socket as standard input, a pipe for its answer as standard output and a log as standard error.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <climits>
#include <exception>
#include <string>
#include <vector>

#include "qvm/base/command_line.h"
#include "qvm/base/log.h"
#include "qvm/base/standard_streams.h"
#include "qvm/relay/relay.h"

namespace {

using qvm::fail;
using qvm::fail_errno;
using qvm::Result;

constexpr int kExitHostGone = 1;

struct Arguments {
  std::string vdev;
  std::vector<std::uint32_t> identity;  // user, group, further groups; empty: as started
  qvm::relay::Options options;
};

// From here on nothing can be opened that the VM's own user could not open.
Result<void> become(const std::vector<std::uint32_t>& identity) {
  if (identity.empty()) return {};
  const std::vector<gid_t> groups(identity.begin() + 2, identity.end());
  if (::setgroups(groups.size(), groups.data()) != 0 ||
      ::setresgid(identity[1], identity[1], identity[1]) != 0 ||
      ::setresuid(identity[0], identity[0], identity[0]) != 0 ||
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail_errno(fmt::format("become uid {}", identity[0]));
  }
  return {};
}

void tell_starter(const std::string& text) {
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
  const qvm::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);
}

int run(const Arguments& arguments) {
  qvm::UniqueFd guest(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (auto done = become(arguments.identity); !done) {
    tell_starter(done.error().message());
    return kExitHostGone;
  }
  qvm::Log log("qvm-relay");
  qvm::relay::Relay relay(std::move(guest), arguments.options, [&](const std::string& text) {
    log.write("host-side", fmt::format("{}: {}", arguments.vdev, text), {{"vdev", arguments.vdev}});
  });
  auto opened = relay.open();
  tell_starter(opened ? "1" + relay.terminal() : opened.error().message());
  if (!opened) return kExitHostGone;
  return relay.run() ? 0 : kExitHostGone;
}

}  // namespace

int main(int argc, char** argv) {
  qvm::begin_output();
  Arguments arguments;
  qvm::relay::Options& options = arguments.options;
  CLI::App app(
      "Started by qvmd: connects a serial device of a VM with a file, a pipe, a terminal or a program.",
      "qvm-relay");
  app.set_version_flag("--version", "qvm-relay " QVM_VERSION);
  app.add_option("--vdev", arguments.vdev, "the device, for the log")->required();
  app.add_option("--identity", arguments.identity, "UID,GID[,GROUP]...: whom to become first")
      ->delimiter(',')
      ->expected(2, INT_MAX);
  app.add_option("--input", options.input, "what the guest reads");
  app.add_option("--output", options.output, "where goes what the guest writes");
  app.add_option("--command", options.command, "a program for that, for /bin/sh");
  app.add_option("--directory", options.directory, "where the program runs");
  app.add_option("--terminal", options.terminal, "1: a new pseudo terminal, for both");
  app.add_option("--delay", options.delay, "seconds after which to try again what cannot be opened");
  app.add_option("--batch", options.batch_us, "microseconds for which to collect what the guest writes");
  if (const auto status = qvm::read_command_line(app, argc, argv)) return *status;
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    qvm::write_complaint("qvm-relay", error.what());
    return kExitHostGone;
  }
}
