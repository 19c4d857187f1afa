// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/relays.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "qvm/base/child_process.h"
#include "qvm/base/install_paths.h"
#include "qvm/base/pidfd.h"
#include "qvm/base/unix_socket.h"
#include "qvm/base/wait_for.h"
#include "qvm/base/whole_text.h"
#include "qvm/daemon/files/domain_files.h"

namespace qvm::daemon {
namespace {

using std::chrono::milliseconds;

// A file system may take its time to open a file; nothing else does.
constexpr milliseconds kOpening{10'000};
// More than a relay takes for the rest and the end of its command.
constexpr milliseconds kFinishing{7'000};

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

}  // namespace

Result<std::string> Relays::spawn(const plan::VmPlan& plan, const vdevs::Relay& relay) {
  auto guest = QVM_TRY(connect_unix(relay.socket));
  const std::string log_path = x_paths.vm_logs(plan.name) + "/hostdev.log";
  const UniqueFd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!log) return fail_errno(fmt::format("open '{}'", log_path));
  auto answer = QVM_TRY(make_pipe());
  // In a session of its own: whose child it becomes, and who collects it, does not depend on this process.
  // Its environment is not what qvmd inherited from whoever started it first.
  const Program program{.path = InstallPaths::of_this_program().programs + "/qvm-relay",
                        .words = words_for(plan, relay),
                        .descriptors = {{guest.get(), STDIN_FILENO},
                                        {answer.write.get(), STDOUT_FILENO},
                                        {log.get(), STDERR_FILENO}},
                        .environment = {{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                         "QVM_RUNTIME_DIR=" + x_paths.root()}},
                        .signals = Program::Signals::unblocked,
                        .group = Program::Group::own_session};
  {
    // Held over both: its end is told to ended() only when it is known there.
    const std::lock_guard lock(x_mutex);
    const pid_t pid = QVM_TRY(start_child(program));
    x_processes[pid] = {plan.name, relay.vdev, open_pidfd(pid)};
  }
  answer.write.reset();
  // "1" and the terminal's name; else why it gave up, or nothing.
  const auto text = read_to_end(answer.read.get(), {.deadline = std::chrono::steady_clock::now() + kOpening});
  if (!text) return fail("it could not be opened in time");
  if (text->starts_with('1')) return text->substr(1);
  return fail(text->empty() ? "qvm-relay ended before it was ready; '" + log_path + "' may say why" : *text);
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
    if (process) wait_for(process.get(), POLLIN, end);
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
