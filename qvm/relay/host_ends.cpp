// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/relay/host_ends.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>

#include "qvm/base/child_process.h"
#include "qvm/base/whole_text.h"

namespace qvm::relay {
namespace {

constexpr int kCommon = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

mode_t kind_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & S_IFMT : 0;
}

// Whoever names a file of somebody else's has to know as whom it is opened.
std::string opener() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? fmt::format("uid {}", ::geteuid()) : fmt::format("user '{}'", entry->pw_name);
}

tl::unexpected<Error> cannot_open(const std::string& path) {
  const int code = errno;
  return fail_errno(fmt::format("open '{}' as {}", path, opener()), code);
}

// Terminals change nothing that passes through.
void make_raw(int fd) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return;
  ::cfmakeraw(&settings);
  ::tcsetattr(fd, TCSANOW, &settings);
}

// A pipe is held open at both ends: so nobody has to be there before the guest, and who leaves may come back.
Result<UniqueFd> open_path(const std::string& path, int flags) {
  if (kind_of(path) == S_IFIFO) flags = O_RDWR;
  UniqueFd file(::open(path.c_str(), flags | kCommon, 0666));
  if (!file) return cannot_open(path);
  struct stat facts {};
  if (::fstat(file.get(), &facts) == 0 && S_ISDIR(facts.st_mode))
    return fail("'" + path + "' is a directory");
  if (::isatty(file.get()) == 1) make_raw(file.get());
  return file;
}

Result<void> open_input(const std::string& path, HostEnds& ends) {
  auto file = QVM_TRY(open_path(path, O_RDONLY));
  struct stat facts {};
  if (::fstat(file.get(), &facts) == 0 && S_ISREG(facts.st_mode))
    ends.input_bytes = static_cast<std::uint64_t>(facts.st_size);
  ends.input = std::move(file);
  return {};
}

Result<void> open_output(const std::string& path, int how, HostEnds& ends) {
  // A device that is missing is not made up.
  const bool device = path.starts_with("/dev/") && !path.starts_with("/dev/shm/");
  ends.output = QVM_TRY(open_path(path, O_WRONLY | (device ? 0 : how)));
  return {};
}

Result<void> open_both(const std::string& path, HostEnds& ends) {
  const mode_t kind = kind_of(path);
  const std::string input = path + ".in";
  const std::string output = path + ".out";
  if ((kind == 0 || kind == S_IFIFO) && kind_of(input) == S_IFIFO && kind_of(output) == S_IFIFO) {
    QVM_TRY(open_input(input, ends));
    return open_output(output, 0, ends);
  }
  if (kind == S_IFIFO) {
    return fail(
        fmt::format("pipe '{}' would give back what the guest writes: make two, '{}' and '{}', or name "
                    "two with 'hostdev <INPUT hostdev >OUTPUT'",
                    path, input, output));
  }
  if (kind == S_IFREG) {
    QVM_TRY(open_input(path, ends));
    return open_output(path, O_APPEND, ends);
  }
  auto device = QVM_TRY(open_path(path, O_RDWR));
  ends.output.reset(::fcntl(device.get(), F_DUPFD_CLOEXEC, 0));
  if (!ends.output) return fail_errno("duplicate a descriptor");
  ends.input = std::move(device);
  return {};
}

Result<void> open_terminal(HostEnds& ends) {
  ends.input.reset(::posix_openpt(O_RDWR | kCommon));
  std::array<char, 64> name{};
  if (!ends.input || ::grantpt(ends.input.get()) != 0 || ::unlockpt(ends.input.get()) != 0 ||
      ::ptsname_r(ends.input.get(), name.data(), name.size()) != 0) {
    return fail_errno("make a pseudo terminal");
  }
  ends.terminal = name.data();
  // Opened and closed once: from then on the kernel tells whether somebody has it open.
  const UniqueFd other(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!other) return cannot_open(ends.terminal);
  make_raw(other.get());
  ends.output.reset(::fcntl(ends.input.get(), F_DUPFD_CLOEXEC, 0));
  return ends.output ? Result<void>() : fail_errno("duplicate a descriptor");
}

// Its own words go where ours go.
Result<void> start_command(const Options& options, HostEnds& ends) {
  if (::chdir(options.directory.c_str()) != 0) {
    return fail_errno(fmt::format("run '{}' in '{}' as {}", options.command, options.directory, opener()));
  }
  auto pipe = QVM_TRY(make_pipe());
  ::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK);
  ends.output = std::move(pipe.write);
  ends.command =
      QVM_TRY(start_child({.path = "/bin/sh",
                           .words = {"sh", "-c", options.command},
                           .descriptors = {{pipe.read.get(), STDIN_FILENO}, {STDERR_FILENO, STDOUT_FILENO}},
                           .signals = Program::Signals::untouched,
                           .group = Program::Group::own_group}));
  return {};
}

}  // namespace

Result<HostEnds> open_host_ends(const Options& options) {
  HostEnds ends;
  Result<void> opened;
  if (options.terminal) {
    opened = open_terminal(ends);
  } else if (!options.input.empty() && options.input == options.output) {
    opened = open_both(options.input, ends);
  } else {
    if (!options.input.empty()) opened = open_input(options.input, ends);
    if (opened && !options.output.empty()) opened = open_output(options.output, O_CREAT | O_TRUNC, ends);
    if (opened && !options.command.empty()) opened = start_command(options, ends);
  }
  QVM_TRY(opened);
  return ends;
}

}  // namespace qvm::relay
