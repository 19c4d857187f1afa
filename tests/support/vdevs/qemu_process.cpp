// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/vdevs/qemu_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/support/this_host.h"

extern char** environ;

namespace qvm::testing {

using Clock = std::chrono::steady_clock;

std::string plugin_path(const std::string& file) {
  return QVM_PLUGIN_DIR "/" + file;
}
std::string guest_path(const std::string& name) {
  return QVM_GUEST_DIR "/" + name + ".elf";
}

std::string no_kvm() {
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  return kvm ? "" : "this machine has no usable /dev/kvm";
}

namespace {

std::vector<std::string> command_line(const QemuOptions& options) {
  const bool qtest = options.accelerator == "qtest";
  // Stopped vCPUs of TCG: QEMU's accelerator of that name is a module that not everybody installs.
  const std::string accelerator = qtest ? "tcg" : options.accelerator;
  std::vector<std::string> line = {"qemu-system-x86_64", "-accel", accelerator, "-smp", "1,maxcpus=2",
                                   "-machine",           "pc",     "-m",        "64",   "-nodefaults",
                                   "-display",           "none",   "-nic",      "none"};
  const auto add = [&line](std::initializer_list<std::string> words) { line.insert(line.end(), words); };
  if (qtest) {
    add({"-S", "-qtest", "stdio", "-qtest-log", "none"});
  } else {
    add({options.monitor ? "-monitor" : "-serial", "stdio", "-bios", "qboot.rom"});
  }
  if (!options.kernel.empty()) add({"-kernel", options.kernel, "-append", options.append});
  if (!options.reboots) add({"-no-reboot"});
  if (!options.vmhost_config.empty()) {
    add({"-plugin", "file=" + plugin_path("libqvm-vmhost.so") + ",config=" + options.vmhost_config});
  }
  line.insert(line.end(), options.more.begin(), options.more.end());
  return line;
}

}  // namespace

QemuProcess::QemuProcess(const QemuOptions& options) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe2");
  x_in.reset(in[1]);
  x_out.reset(out[0]);
  const UniqueFd child_in(in[0]);
  const UniqueFd child_out(out[1]);

  const std::vector<std::string> words = command_line(options);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDERR_FILENO);
  const int error = ::posix_spawnp(&x_pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("qemu-system-x86_64 cannot be started");
}

QemuProcess::~QemuProcess() {
  if (x_pid <= 0) return;
  ::kill(x_pid, SIGKILL);
  ::waitpid(x_pid, nullptr, 0);
}

bool QemuProcess::read_more(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) return false;
  pollfd poll{x_out.get(), POLLIN, 0};
  if (::poll(&poll, 1, static_cast<int>(left)) <= 0) return false;
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(x_out.get(), buffer.data(), buffer.size());
  if (got <= 0) return false;
  for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(got))) {
    if (c != '\r') x_output += c;
  }
  return true;
}

QemuProcess::End QemuProcess::wait(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + test::on_this_host(patience);
  while (read_more(deadline)) {
  }
  int status = 0;
  // Its output has ended, so its end is near; or the deadline is over.
  const pid_t ended = ::waitpid(x_pid, &status, Clock::now() < deadline ? 0 : WNOHANG);
  if (ended != x_pid) return {-1, x_output};
  x_pid = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), x_output};
}

bool QemuProcess::wait_for(const std::string& text, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + test::on_this_host(patience);
  for (;;) {
    const std::size_t found = x_output.find(text, x_matched);
    if (found != std::string::npos) {
      x_matched = found + text.size();
      return true;
    }
    if (!read_more(deadline)) return false;
  }
}

void QemuProcess::send(const std::string& text) {
  if (::write(x_in.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("QEMU does not read: " + x_output);
  }
}

std::string QemuProcess::qtest(const std::string& command) {
  send(command + "\n");
  const auto deadline = Clock::now() + test::on_this_host(std::chrono::seconds(20));
  for (;;) {
    const std::size_t end = x_output.find('\n', x_matched);
    if (end == std::string::npos) {
      if (!read_more(deadline)) throw std::runtime_error("no answer to '" + command + "': " + x_output);
      continue;
    }
    const std::string line = x_output.substr(x_matched, end - x_matched);
    x_matched = end + 1;
    if (line.starts_with("IRQ ")) {
      x_irqs.push_back(line.substr(4));
    } else if (line.starts_with("OK")) {
      return line.size() > 3 ? line.substr(3) : "";
    } else {
      throw std::runtime_error("'" + command + "' was answered with: " + line);
    }
  }
}

std::uint64_t QemuProcess::qtest_read(char width, std::uint64_t address) {
  std::array<char, 64> command{};
  std::snprintf(command.data(), command.size(), "read%c 0x%" PRIx64, width, address);
  return std::stoull(qtest(command.data()), nullptr, 0);
}

void QemuProcess::qtest_write(char width, std::uint64_t address, std::uint64_t value) {
  std::array<char, 80> command{};
  std::snprintf(command.data(), command.size(), "write%c 0x%" PRIx64 " 0x%" PRIx64, width, address, value);
  qtest(command.data());
}

ScratchDirectory::ScratchDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "qvm-vdevs.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  x_path = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(x_path, ignored);
}

std::string ScratchDirectory::write(const std::string& name, const std::string& text) const {
  const std::string path = x_path + "/" + name;
  std::ofstream(path) << text;
  return path;
}

QemuProcess::End run_to_the_end(const std::string& config, std::vector<std::string> more) {
  const ScratchDirectory directory;
  QemuProcess qemu({.vmhost_config = directory.write("vmhost.json", config), .more = std::move(more)});
  return qemu.wait(std::chrono::seconds(20));
}

}  // namespace qvm::testing
