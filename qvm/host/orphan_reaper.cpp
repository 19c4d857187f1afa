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
#include <fstream>
#include <sstream>
#include <string_view>

namespace qvm::host {
namespace {

struct ProcessFacts {
  std::string command;
  char state = '?';
  pid_t parent = 0;
  pid_t session = 0;
};

bool read_facts(pid_t pid, ProcessFacts& facts) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  // The command may contain anything, parentheses too: it ends at the last one.
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close <= open) return false;
  facts.command = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 1));
  pid_t group = 0;
  return static_cast<bool>(rest >> facts.state >> facts.parent >> group >> facts.session);
}

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

// libvirt waits for its direct children itself. Those share our session; what it puts into the background
// does not. The one exception, a half-way process that libvirt waits for, still has the name of one of our
// threads.
bool OrphanReaper::is_ours(pid_t pid, Life life) const {
  ProcessFacts facts;
  return read_facts(pid, facts) && (life == Life::any || facts.state == 'Z') && facts.parent == ::getpid() &&
         facts.session != ::getsid(0) &&
         std::any_of(x_commands.begin(), x_commands.end(),
                     [&](const std::string& prefix) { return facts.command.starts_with(prefix); });
}

std::vector<OrphanReaper::Exit> OrphanReaper::reap() {
  signalfd_siginfo info{};
  while (::read(x_signals.get(), &info, sizeof info) == sizeof info) {
  }
  std::vector<Exit> exits;
  for (const pid_t pid : processes()) {
    if (!is_ours(pid, Life::dead)) continue;
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
    if (std::none_of(all.begin(), all.end(), [this](pid_t pid) { return is_ours(pid, Life::any); })) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd waiting{x_signals.get(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left.count()));
  }
}

}  // namespace qvm::host
