// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-relay: one per serial device whose host side is not the VM's console. Started by qvmd with the device's
// socket as standard input, a pipe for its answer as standard output and a log as standard error.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/log.h"
#include "qvm/base/standard_streams.h"
#include "qvm/relay/relay.h"

namespace {

using qvm::fail;
using qvm::fail_errno;
using qvm::Result;

constexpr char kUsage[] =
    "usage: qvm-relay --vdev ID [--identity UID,GID[,GROUP]...] [--input PATH] [--output PATH] [--command "
    "TEXT]\n"
    "                 [--directory PATH] [--terminal 1] [--delay SECONDS] [--batch MICROSECONDS]\n"
    "Started by qvmd: connects a serial device of a VM with a file, a pipe, a terminal or a program.\n";
constexpr int kExitHostGone = 1;
constexpr int kExitUsage = 2;

struct Arguments {
  std::string vdev;
  std::vector<std::uint32_t> identity;  // user, group, further groups; empty: as started
  qvm::relay::Options options;
};

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_identity(std::string_view text, std::vector<std::uint32_t>& identity) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto id = number(text.substr(0, comma));
    if (!id) return false;
    identity.push_back(*id);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return identity.size() >= 2;
}

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  qvm::relay::Options& options = arguments.options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const std::string_view value = argv[i + 1];
    const auto as_number = number(value);
    if (word == "--vdev") {
      arguments.vdev = value;
    } else if (word == "--input") {
      options.input = value;
    } else if (word == "--output") {
      options.output = value;
    } else if (word == "--command") {
      options.command = value;
    } else if (word == "--directory") {
      options.directory = value;
    } else if (word == "--terminal") {
      options.terminal = true;
    } else if (word == "--delay" && as_number) {
      options.delay = as_number;
    } else if (word == "--batch" && as_number) {
      options.batch_us = *as_number;
    } else if (word != "--identity" || !read_identity(value, arguments.identity)) {
      return std::nullopt;
    }
  }
  return argc % 2 == 1 && !arguments.vdev.empty() ? std::optional(arguments) : std::nullopt;
}

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
  const auto arguments = parse(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return kExitUsage;
  }
  try {
    return run(*arguments);
  } catch (const std::exception& error) {
    qvm::write_complaint("qvm-relay", error.what());
    return kExitHostGone;
  }
}
