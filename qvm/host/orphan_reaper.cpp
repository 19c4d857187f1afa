// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/orphan_reaper.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "qvm/base/wait_for.h"
#include "qvm/host/process_facts.h"

namespace qvm::host {
namespace {

std::vector<pid_t> processes() {
  std::vector<pid_t> found;
  DIR* directory = ::opendir("/proc");
  if (directory == nullptr) return found;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) found.push_back(pid);
  }
  ::closedir(directory);
  return found;
}

}  // namespace

Result<std::unique_ptr<OrphanReaper>> OrphanReaper::create(std::vector<std::string> commands) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block SIGCHLD");
  UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("make a signal descriptor");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail_errno("become the parent of orphans");
  return std::unique_ptr<OrphanReaper>(new OrphanReaper(std::move(signals), std::move(commands)));
}

bool OrphanReaper::is_named(const ProcessFacts& facts) const {
  return facts.parent == ::getpid() && facts.session != ::getsid(0) &&
         std::any_of(x_commands.begin(), x_commands.end(),
                     [&](const std::string& prefix) { return facts.command.starts_with(prefix); });
}

std::vector<OrphanReaper::Exit> OrphanReaper::reap() {
  signalfd_siginfo info{};
  while (::read(x_signals.get(), &info, sizeof info) == sizeof info) {
  }
  std::vector<Exit> exits;
  for (const pid_t pid : processes()) {
    const auto facts = facts_of(pid);
    if (!facts || facts->state != 'Z' || !(is_named(*facts) || is_background_child(pid, *facts))) continue;
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) exits.push_back({pid, status});
  }
  return exits;
}

void OrphanReaper::wait_for_orphans(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  for (;;) {
    reap();
    const std::vector<pid_t> all = processes();
    if (std::none_of(all.begin(), all.end(), [this](pid_t pid) {
          const auto facts = facts_of(pid);
          return facts && is_named(*facts);
        })) {
      return;
    }
    if (!wait_for(x_signals.get(), POLLIN, end)) return;
  }
}

}  // namespace qvm::host
