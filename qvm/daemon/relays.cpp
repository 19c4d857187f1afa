// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/relays.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <vector>

#include "qvm/base/install_paths.h"
#include "qvm/base/pidfd.h"
#include "qvm/base/unix_address.h"
#include "qvm/daemon/domain_files.h"

namespace qvm::daemon {
namespace {

using std::chrono::milliseconds;

// A file system may take its time to open a file; nothing else does.
constexpr milliseconds kOpening{10'000};
// More than a relay takes for the rest and the end of its command.
constexpr milliseconds kFinishing{7'000};

Result<UniqueFd> connect_to(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return fail(fmt::format("the path '{}' is too long", path));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("make a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return fail_errno(fmt::format("connect to '{}'", path));
  return socket;
}

std::vector<std::string> words_for(const plan::VmPlan& plan, const vdevs::Relay& relay) {
  std::vector<std::string> words = {"qvm-relay", "--vdev", relay.vdev};
  const auto add = [&](const char* option, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(option);
    words.push_back(value);
  };
  if (const auto who = identity_of(plan)) {
    std::string identity = fmt::format("{},{}", who->uid, who->gid);
    for (const gid_t group : plan.host.groups) identity += fmt::format(",{}", group);
    add("--identity", identity);
  }
  add("--input", relay.input);
  add("--output", relay.output);
  add("--command", relay.command);
  add("--directory", relay.directory);
  if (!relay.terminal.empty()) add("--terminal", "1");
  if (relay.delay) add("--delay", std::to_string(*relay.delay));
  if (relay.batch_us != 0) add("--batch", std::to_string(relay.batch_us));
  return words;
}

// In a session of its own: whose child it becomes, and who collects it, does not depend on this process.
int spawn_relay(std::vector<std::string> words, const RuntimePaths& paths, const std::array<int, 3>& streams,
                pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  int number = 0;
  for (const int stream : streams) ::posix_spawn_file_actions_adddup2(&actions, stream, number++);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // Not what qvmd inherited from whoever started it first.
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string runtime = "QVM_RUNTIME_DIR=" + paths.root();
  std::vector<char*> environment = {path.data(), runtime.data(), nullptr};
  const std::string program = InstallPaths::of_this_program().programs + "/qvm-relay";
  const int code =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return code;
}

// "1" and the terminal's name; else why it gave up, or "".
std::string read_answer(int fd) {
  std::string text;
  std::array<char, 1024> piece;
  const auto end = std::chrono::steady_clock::now() + kOpening;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    pollfd answer{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&answer, 1, static_cast<int>(left.count())) == 0)
      return "it could not be opened in time";
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::string> Relays::spawn(const plan::VmPlan& plan, const vdevs::Relay& relay) {
  auto guest = QVM_TRY(connect_to(relay.socket));
  const std::string log_path = x_paths.vm_logs(plan.name) + "/hostdev.log";
  const UniqueFd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!log) return fail_errno(fmt::format("open '{}'", log_path));
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail_errno("make a pipe");
  const UniqueFd answer(pipe[0]);
  UniqueFd theirs(pipe[1]);
  {
    // Held over both: its end is told to ended() only when it is known there.
    const std::lock_guard lock(x_mutex);
    pid_t pid = 0;
    const int code =
        spawn_relay(words_for(plan, relay), x_paths, {guest.get(), theirs.get(), log.get()}, pid);
    if (code != 0) return fail_errno("start qvm-relay", code);
    x_processes[pid] = {plan.name, relay.vdev, open_pidfd(pid)};
  }
  theirs.reset();
  std::string text = read_answer(answer.get());
  if (text.starts_with('1')) return text.substr(1);
  return fail(text.empty() ? "qvm-relay ended before it was ready; '" + log_path + "' may say why" : text);
}

Result<void> Relays::start(const plan::VmPlan& plan) {
  for (const vdevs::Relay& relay : plan.relays) {
    auto terminal = spawn(plan, relay);
    if (!terminal) return fail_from(std::move(terminal), "host side of vdev " + relay.vdev);
    if (relay.terminal.empty()) continue;
    ::unlink(relay.terminal.c_str());
    if (::symlink(terminal->c_str(), relay.terminal.c_str()) != 0)
      return fail_errno(fmt::format("make the link '{}'", relay.terminal));
  }
  return {};
}

void Relays::finish(const std::string& vm) {
  const auto end = std::chrono::steady_clock::now() + kFinishing;
  std::vector<UniqueFd> left;
  {
    const std::lock_guard lock(x_mutex);
    for (const auto& [pid, process] : x_processes) {
      if (process.vm != vm) continue;
      left.emplace_back(::fcntl(process.pidfd.get(), F_DUPFD_CLOEXEC, 0));
    }
  }
  for (const UniqueFd& process : left) {
    const auto time = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    pollfd gone{process.get(), POLLIN, 0};
    if (process && time.count() > 0) ::poll(&gone, 1, static_cast<int>(time.count()));
  }
}

std::optional<Relays::End> Relays::ended(pid_t pid, int wait_status) {
  const std::lock_guard lock(x_mutex);
  const auto found = x_processes.find(pid);
  if (found == x_processes.end()) return std::nullopt;
  End end{.vm = found->second.vm};
  if (WIFSIGNALED(wait_status)) {
    end.text =
        fmt::format("the relay of vdev {} was ended by signal {}", found->second.vdev, WTERMSIG(wait_status));
  } else if (WEXITSTATUS(wait_status) != 0) {
    end.text = fmt::format("the host side of vdev {} has ended; '{}/hostdev.log' says why",
                           found->second.vdev, x_paths.vm_logs(end.vm));
  }
  x_processes.erase(found);
  return end;
}

}  // namespace qvm::daemon
