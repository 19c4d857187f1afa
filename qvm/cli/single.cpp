// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/console_log.h"
#include "qvm/cli/device_tree_dump.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/signals.h"
#include "qvm/cli/status_text.h"
#include "qvm/cli/terminal.h"
#include "qvm/cli/vm_watch.h"

namespace qvm::cli {

namespace {

using daemon::VmState;
using daemon::VmStatus;

// One VM that ends with us.
class Single {
 public:
  Single(const daemon::RuntimePaths& paths, EventLoop& loop, const plan::VmPlan& plan)
      : x_paths(paths), x_loop(loop), x_dryrun(plan.dryrun) {
    if (plan.consoles.empty() || x_dryrun) return;
    x_log = std::make_unique<ConsoleLog>(loop, plan.consoles.front().log, write_output);
    if (!plan.consoles.front().socket.empty()) {
      x_input = std::make_unique<ConsoleInput>(loop, plan.consoles.front().socket, [this] { stop(SIGTERM); });
    }
  }

  int run(const Launch& launch) {
    const Signals signals(x_loop, {SIGINT, SIGTERM, SIGHUP, SIGQUIT}, [this](int signal) { stop(signal); });
    auto connection = DaemonConnection::open(x_paths, signals.fd());
    if (!connection) {
      if (const int signal = signals.take()) return 128 + signal;
      complain(connection.error().message());
      return kNotStarted;
    }
    VmWatch watch(x_loop, x_paths, std::move(*connection), VmWatch::Ownership::ours, hooks());
    x_watch = &watch;
    if (auto started = watch.start(launch); !started) {
      complain(started.error().message());
      return kNotStarted;
    }
    if (auto ran = x_loop.run(); !ran) complain(ran.error().message());
    if (x_log != nullptr) x_log->read();
    x_terminal.reset();
    watch.leave();
    return exit_status();
  }

 private:
  VmWatch::Hooks hooks() {
    return {
        .progress = complain,
        .news = [this](const VmStatus& vm) { on_news(vm); },
        .started =
            [this] {
              if (x_dryrun) x_watch->stop(0);
            },
        .ended = [this] { x_loop.stop(); },
        .failed =
            [this](const std::string& why) {
              x_failure = why;
              x_loop.stop();
            },
    };
  }

  void on_news(const VmStatus& vm) {
    x_last = vm;
    if (vm.state == VmState::starting) return;
    if (x_log != nullptr) x_log->open();
    if (vm.state != VmState::running || x_input == nullptr || x_connected) return;
    x_connected = x_input->connect().has_value();
    if (x_connected) x_terminal.emplace(RawTerminal::KeepSignals::no);
  }

  void stop(int signal) {
    // Once more: qvmd ends it, as soon as it can, when we are gone.
    if (x_signal != 0) return x_loop.stop();
    x_signal = signal;
    if (x_watch != nullptr) x_watch->stop(0);
  }

  int exit_status() const {
    const bool cancelled = x_signal != 0;
    if (x_failure && !cancelled) {
      complain(*x_failure);
      return x_watch->all_started() ? kDied : kNotStarted;
    }
    if (x_signal == SIGQUIT) return kPowerCut;
    if (cancelled || !x_last) return kOk;
    if (x_dryrun) {
      write_output(kDryrunCompleted);
      return kOk;
    }
    if (exit_code(x_last->outcome) != kOk) {
      complain(x_last->reason.empty()
                   ? std::string(daemon::to_string(x_last->outcome))
                   : fmt::format("{}: {}", daemon::to_string(x_last->outcome), x_last->reason));
    }
    return exit_code(x_last->outcome);
  }

  const daemon::RuntimePaths& x_paths;
  EventLoop& x_loop;
  const bool x_dryrun;
  std::unique_ptr<ConsoleLog> x_log;
  std::unique_ptr<ConsoleInput> x_input;
  std::optional<RawTerminal> x_terminal;
  VmWatch* x_watch = nullptr;
  std::optional<VmStatus> x_last;
  std::optional<std::string> x_failure;
  bool x_connected = false;
  int x_signal = 0;
};

int run_single(const Options& options, const daemon::RuntimePaths& paths) {
  int status = kOk;
  const auto launch = plan_launch(options, WordForm::single_vm, paths.root(), std::cerr, status);
  if (!launch) return status;
  if (auto dumped = dump_device_trees(*launch); !dumped) {
    complain(dumped.error().message());
    return kNotStarted;
  }
  auto loop = EventLoop::create();
  if (!loop) {
    complain(loop.error().message());
    return kNotStarted;
  }
  return Single(paths, **loop, launch->plans.front()).run(*launch);
}

const Command kSingle{
    .name = "",
    .declare = [](CLI::App& app, Options& options) { add_launch_options(app, options.common); },
    .run = run_single,
    .starts_vms = true};

}  // namespace

}  // namespace qvm::cli
