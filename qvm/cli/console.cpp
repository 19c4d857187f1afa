// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `qvm console` and `qvm logs`: what a VM writes, and what is typed to it.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <optional>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/console_log.h"
#include "qvm/cli/daemon_connection.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/signals.h"
#include "qvm/cli/terminal.h"

namespace qvm::cli {

namespace {

int no_log(const daemon::RuntimePaths& paths, const std::string& vm) {
  complain(
      fmt::format("there is no console log of a VM '{}' in '{}'; 'qvm ps' lists the VMs", vm, paths.logs()));
  return kFailed;
}

// Ends the loop when the VM is over: qvmd tells. Absent if the VM does not run.
class VmEnd {
 public:
  VmEnd(EventLoop& loop, DaemonConnection connection, std::string vm)
      : x_loop(loop), x_connection(std::move(connection)), x_vm(std::move(vm)) {}
  ~VmEnd() { x_loop.unwatch(x_connection.fd()); }
  VmEnd(const VmEnd&) = delete;
  VmEnd& operator=(const VmEnd&) = delete;

  Result<void> watch() {
    daemon::Request request;
    request.operation = daemon::Request::Operation::watch;
    request.names = {x_vm};
    auto reply = QVM_TRY(x_connection.ask(request));
    if (over(reply)) return fail(fmt::format("VM '{}' is not running", x_vm));
    return x_loop.watch(x_connection.fd(), EPOLLIN, [this](std::uint32_t) { receive(); });
  }

 private:
  bool over(const daemon::Reply& reply) const {
    return std::any_of(reply.vms.begin(), reply.vms.end(),
                       [this](const auto& vm) { return vm.name == x_vm && vm.over(); });
  }
  void receive() {
    for (;;) {
      auto reply = x_connection.next();
      if (!reply || (reply->has_value() && over(**reply))) return x_loop.stop();
      if (!reply->has_value()) return;
    }
  }

  EventLoop& x_loop;
  DaemonConnection x_connection;
  const std::string x_vm;
};

// Shows what a guest writes until that cannot be written any more: then nobody is there for the rest.
ConsoleLog::Sink shown_until_lost(EventLoop& loop) {
  return [&loop](std::string_view bytes) {
    if (!write_output(bytes)) loop.stop();
  };
}

int logs(const Options& options, const daemon::RuntimePaths& paths) {
  auto loop = EventLoop::create();
  if (!loop) {
    complain(loop.error().message());
    return kFailed;
  }
  const std::string& vm = options.words.front();
  const Signals signals(**loop, {SIGINT, SIGTERM}, [&loop](int) { (*loop)->stop(); });
  ConsoleLog log(**loop, paths.console_log(vm), shown_until_lost(**loop));
  if (!log.open()) return no_log(paths, vm);
  if (options.follow) {
    log.follow_successors();
    if (auto ran = (*loop)->run(); !ran) complain(ran.error().message());
  }
  return kOk;
}

int console(const Options& options, const daemon::RuntimePaths& paths) {
  const std::string& vm = options.words.front();
  auto loop = EventLoop::create();
  if (!loop) {
    complain(loop.error().message());
    return kFailed;
  }
  auto connection = DaemonConnection::open_if_used(paths);
  if (!connection || !connection->has_value()) {
    complain(connection ? fmt::format("VM '{}' is not running", vm) : connection.error().message());
    return kFailed;
  }
  VmEnd end(**loop, std::move(**connection), vm);
  if (auto watched = end.watch(); !watched) {
    complain(watched.error().message());
    return kFailed;
  }
  const Signals signals(**loop, {SIGTERM, SIGHUP, SIGINT}, [&loop](int) { (*loop)->stop(); });
  ConsoleLog log(**loop, paths.console_log(vm), shown_until_lost(**loop));
  ConsoleInput input(**loop, paths.console_socket(vm), [&loop] { (*loop)->stop(); });
  if (::isatty(STDIN_FILENO) == 1) complain(fmt::format("console of '{}'; Ctrl-] leaves it", vm));
  std::optional<RawTerminal> terminal(RawTerminal::KeepSignals::no);
  if (!log.open(ConsoleLog::From::last_lines)) {
    terminal.reset();
    return no_log(paths, vm);
  }
  if (auto connected = input.connect(); !connected) {
    terminal.reset();
    complain(connected.error().message());
    return kFailed;
  }
  if (auto ran = (*loop)->run(); !ran) complain(ran.error().message());
  log.read();
  return kOk;
}

void declare_vm(CLI::App& app, Options& options) {
  app.add_option("name", options.words, "The VM")->required()->expected(1)->type_name("NAME");
  add_runtime_directory(app, options.common);
}

const Command kLogs{.name = "logs",
                    .help = "Print what a VM wrote to its console",
                    .examples = "  qvm logs left\n  qvm logs -f left\n",
                    .declare =
                        [](CLI::App& app, Options& options) {
                          declare_vm(app, options);
                          app.add_flag("-f,--follow", options.follow,
                                       "Go on as the guest writes, until Ctrl-C");
                        },
                    .run = logs};

const Command kConsole{.name = "console",
                       .help = "Talk to a VM's console; Ctrl-] leaves it",
                       .examples = "  qvm console left\n",
                       .declare = declare_vm,
                       .run = console};

}  // namespace

}  // namespace qvm::cli
