// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/console_log.h"
#include "qvm/cli/device_tree_dump.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/region_service.h"
#include "qvm/cli/signals.h"
#include "qvm/cli/status_text.h"
#include "qvm/cli/vm_watch.h"

namespace qvm::cli {

namespace {

using daemon::VmState;
using daemon::VmStatus;

constexpr std::array<const char*, 6> kColors = {"\033[36m", "\033[33m", "\033[32m",
                                                "\033[35m", "\033[34m", "\033[31m"};

class Up {
 public:
  Up(const Options& options, const daemon::RuntimePaths& paths, EventLoop& loop)
      : x_options(options), x_paths(paths), x_loop(loop), x_color(::isatty(STDOUT_FILENO) == 1) {}

  int run(const Launch& launch) {
    x_dryrun = launch.plans.front().dryrun;
    const Signals signals(x_loop, {SIGINT, SIGTERM, SIGHUP}, [this](int signal) { on_signal(signal); });
    auto connection = DaemonConnection::open(x_paths, signals.fd());
    if (!connection) {
      if (const int signal = signals.take()) return 128 + signal;
      complain(connection.error().message());
      return kNotStarted;
    }
    prepare_consoles(launch);
    VmWatch watch(x_loop, x_paths, std::move(*connection), VmWatch::Ownership::independent, hooks());
    x_watch = &watch;
    if (auto started = watch.start(launch); !started) {
      complain(started.error().message());
      return kNotStarted;
    }
    if (auto ran = x_loop.run(); !ran) complain(ran.error().message());
    if (x_signal == 0) x_signal = signals.take();
    for (auto& [name, console] : x_consoles) {
      if (console.log != nullptr) console.log->read();
      console.lines->finish();
    }
    watch.leave();
    return exit_status();
  }

 private:
  struct Console {
    std::string prefix;
    std::unique_ptr<PrefixedLines> lines;
    std::unique_ptr<ConsoleLog> log;
    bool ran = false;
  };

  VmWatch::Hooks hooks() {
    return {
        .progress = complain,
        .news = [this](const VmStatus& vm) { on_news(vm); },
        .started =
            [this] {
              if (x_dryrun) {
                x_watch->stop(0);
              } else if (x_options.detach) {
                x_loop.stop();
              }
            },
        .ended = [this] { x_loop.stop(); },
        .failed =
            [this](const std::string& why) {
              if (!x_watch->all_started()) show_roll_back();
              // A start that we cancelled has failed as it should.
              if (x_signal == 0 || x_watch->all_started()) complain(why);
              x_failed = true;
              x_loop.stop();
            },
    };
  }

  void prepare_consoles(const Launch& launch) {
    std::size_t width = 0;
    for (const auto& plan : launch.plans) width = std::max(width, plan.name.size());
    std::size_t index = 0;
    for (const auto& plan : launch.plans) {
      Console& console = x_consoles[plan.name];
      console.prefix = fmt::format("{:<{}} | ", plan.name, width);
      if (x_color)
        console.prefix = fmt::format("{}{}\033[0m", kColors[index++ % kColors.size()], console.prefix);
      console.lines = std::make_unique<PrefixedLines>(console.prefix, write_output);
      if (plan.consoles.empty() || x_options.detach || x_dryrun) continue;
      console.log = std::make_unique<ConsoleLog>(
          x_loop, plan.consoles.front().log,
          [lines = console.lines.get()](std::string_view bytes) { lines->append(bytes); });
    }
  }

  void on_news(const VmStatus& vm) {
    if (x_dryrun) return;
    Console& console = x_consoles[vm.name];
    // The log is the new one from the moment the VM's process runs.
    if (vm.state == VmState::running) {
      console.ran = true;
      write_output(fmt::format("{}* {}\n", console.prefix, describe(vm)));
    }
    if (vm.state == VmState::waiting) write_output(fmt::format("{}* {}\n", console.prefix, describe(vm)));
    const bool between_runs = vm.state == VmState::restarting;
    if (console.log != nullptr && vm.state != VmState::starting && !between_runs) console.log->open();
    if (!vm.over() && !between_runs) return;
    if (console.log != nullptr) console.log->read();
    console.lines->finish();
    // The next run has a log of its own.
    if (console.log != nullptr && between_runs) console.log->close();
    write_output(fmt::format("{}* {}\n", console.prefix, describe(vm)));
  }

  void show_roll_back() {
    for (auto& [name, console] : x_consoles) {
      console.lines->finish();
      if (console.ran) write_output(fmt::format("{}* stopped\n", console.prefix));
    }
  }

  void on_signal(int signal) {
    const int earlier = std::exchange(x_signal, signal);
    if (earlier == 0) {
      write_error("\n");  // after the terminal's "^C"
      complain("stopping the VMs; once more to leave them to 'qvm down'");
      if (x_watch != nullptr) x_watch->stop(x_options.timeout_ms);
    } else {
      x_loop.stop();
    }
  }

  int exit_status() const {
    if (x_signal != 0) return 128 + x_signal;
    if (x_failed) return x_watch->all_started() ? kDied : kNotStarted;
    if (x_dryrun) {
      write_output(kDryrunCompleted);
      return kOk;
    }
    if (x_options.detach) return kOk;
    int status = kOk;
    for (const auto& [name, vm] : x_watch->vms()) status = std::max(status, exit_code(vm.outcome));
    return status;
  }

  const Options& x_options;
  const daemon::RuntimePaths& x_paths;
  EventLoop& x_loop;
  const bool x_color;
  std::map<std::string, Console> x_consoles;
  VmWatch* x_watch = nullptr;
  int x_signal = 0;
  bool x_failed = false;
  bool x_dryrun = false;
};

int up(const Options& options, const daemon::RuntimePaths& paths) {
  int status = kOk;
  const auto launch = plan_launch(options, WordForm::files, paths.root(), std::cerr, status);
  if (!launch) return status;
  if (launch->plans.empty()) return up_regions(options, paths, *launch);
  if (auto dumped = dump_device_trees(*launch); !dumped) {
    complain(dumped.error().message());
    return kNotStarted;
  }
  auto loop = EventLoop::create();
  if (!loop) {
    complain(loop.error().message());
    return kNotStarted;
  }
  return Up(options, paths, **loop).run(*launch);
}

const Command kUp{
    .name = "up",
    .help = "Start a set of VMs and show their consoles until they end",
    .examples =
        "  qvm up system.yaml\n  qvm up --accel tcg left.qvmconf right.qvmconf\n"
        "  qvm up --detach system.yaml && qvm logs -f left\n\n"
        "Ctrl-C stops the VMs in order. Exit status: 0 all ended by themselves, 65 the "
        "configuration has\nerrors, 64 nothing could be started, 4 to 7 and 96 how a VM failed, "
        "74 output could not\nbe written, 130 interrupted.\n",
    .declare =
        [](CLI::App& app, Options& options) {
          app.add_option("file", options.words, "A manifest (*.yaml) or configurations (*.qvmconf)")
              ->required()
              ->type_name("FILE");
          add_launch_options(app, options.common);
          app.add_flag("-d,--detach", options.detach, "Return when all VMs run");
          add_timeout(app, options);
        },
    .run = up,
    .starts_vms = true};

}  // namespace

}  // namespace qvm::cli
