// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvmd: the supervisor's program. Started by qvm when it is needed.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "qvm/base/process_limits.h"
#include "qvm/base/standard_streams.h"
#include "qvm/daemon/daemon.h"
#include "qvm/daemon/runtime_directory.h"

namespace {

constexpr char kUsage[] =
    "usage: qvmd [--runtime-dir DIR]\n"
    "Starts, watches and stops VMs for qvm, which starts it when it is needed; it ends when nobody needs "
    "it.\n"
    "  --runtime-dir DIR  where its files and sockets are (default: QVM_RUNTIME_DIR, /run/qvm for root, "
    "else\n"
    "                     $XDG_RUNTIME_DIR/qvm, or without it /tmp/qvm-UID)\n"
    "  --version          print the version\n";
constexpr int kExitUsage = 2;

struct Arguments {
  std::string runtime_directory;
  int ready = -1;  // told "1" once clients are served, or why they never will be
};

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const std::string_view value = argv[i + 1];
    if (word == "--runtime-dir") {
      arguments.runtime_directory = value;
    } else if (word == "--ready-fd") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), arguments.ready);
      if (error != std::errc() || end != value.data() + value.size() || arguments.ready < 3)
        return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return argc % 2 == 1 ? std::optional(arguments) : std::nullopt;
}

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
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return give_up("cannot find its own program: " + error.message());
  const qvm::daemon::DaemonOptions options{.runtime_directory = *directory,
                                           .regiond_program = (own.parent_path() / "qvm-regiond").string(),
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
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    qvm::write_output(kUsage);
    return qvm::end_output("qvmd", 0);
  }
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    qvm::write_output("qvmd " QVM_VERSION "\n");
    return qvm::end_output("qvmd", 0);
  }
  const auto arguments = parse(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return kExitUsage;
  }
  try {
    return run(*arguments);
  } catch (const std::exception& error) {
    qvm::write_complaint("qvmd", error.what());
    return 1;
  }
}
