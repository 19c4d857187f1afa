// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "qvm/base/whole_text.h"

namespace qvm {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn() is told, which has to be given back.
class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&x_actions);
    ::posix_spawnattr_init(&x_attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&x_attributes);
    ::posix_spawn_file_actions_destroy(&x_actions);
  }

  Result<void> pass(const Program& program) {
    int highest = STDERR_FILENO;
    for (const auto& [ours, theirs] : program.descriptors) highest = std::max(highest, theirs);
    for (const auto& [ours, theirs] : program.descriptors) {
      // Out of the way of the others' numbers first.
      const UniqueFd& copy = x_copies.emplace_back(::fcntl(ours, F_DUPFD_CLOEXEC, highest + 1));
      if (!copy) return fail_errno("duplicate a descriptor");
      ::posix_spawn_file_actions_adddup2(&x_actions, copy.get(), theirs);
    }
    if (program.nothing_else) ::posix_spawn_file_actions_addclosefrom_np(&x_actions, highest + 1);
    return {};
  }

  void set_signals_and_group(const Program& program) {
    int flags = 0;
    if (program.signals != Program::Signals::ours) {
      sigset_t none;
      ::sigemptyset(&none);
      ::posix_spawnattr_setsigmask(&x_attributes, &none);
      flags |= POSIX_SPAWN_SETSIGMASK;
    }
    if (program.signals == Program::Signals::untouched) {
      sigset_t all;
      ::sigfillset(&all);
      ::posix_spawnattr_setsigdefault(&x_attributes, &all);
      flags |= POSIX_SPAWN_SETSIGDEF;
    }
    if (program.group == Program::Group::own_group) flags |= POSIX_SPAWN_SETPGROUP;
    if (program.group == Program::Group::own_session) flags |= POSIX_SPAWN_SETSID;
    ::posix_spawnattr_setpgroup(&x_attributes, 0);
    ::posix_spawnattr_setflags(&x_attributes, static_cast<short>(flags));
  }

  const posix_spawn_file_actions_t* actions() const { return &x_actions; }
  const posix_spawnattr_t* attributes() const { return &x_attributes; }

 private:
  posix_spawn_file_actions_t x_actions;
  posix_spawnattr_t x_attributes;
  std::vector<UniqueFd> x_copies;
};

// From a child that was forked and runs nothing else: why there is no program, for whoever waits.
void tell(int ready, const char* what, int code) {
  for (const char* part : {what, ": ", ::strerrordesc_np(code)})
    [[maybe_unused]] const auto written = ::write(ready, part, std::strlen(part));
}

// After fork(), maybe of a program with threads: system calls only.
[[noreturn]] void go_into_background(char* const* words, int log, int null, int ready) {
  // Twice: the second child is nobody's, and has no terminal to get.
  ::setsid();
  const pid_t grandchild = ::fork();
  if (grandchild < 0) tell(ready, "fork", errno);
  if (grandchild != 0) ::_exit(0);
  for (int signal = 1; signal < SIGRTMIN; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int ready_copy = ::fcntl(ready, F_DUPFD_CLOEXEC, 10);
  if (ready_copy < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(log, STDOUT_FILENO) < 0 ||
      ::dup2(log, STDERR_FILENO) < 0 || ::dup2(ready_copy, kReadyFd) < 0 || ::chdir("/") != 0) {
    tell(ready, "go into the background", errno);
    ::_exit(126);
  }
  ::close_range(kReadyFd + 1, ~0U, 0);
  ::execv(words[0], words);
  tell(kReadyFd, "execute", errno);
  ::_exit(127);
}

}  // namespace

Result<pid_t> start_child(const Program& program) {
  SpawnSettings settings;
  if (auto passed = settings.pass(program); !passed)
    return fail_from(std::move(passed), "start '" + program.path + "'");
  settings.set_signals_and_group(program);
  std::vector<std::string> words = program.words;
  std::vector<std::string> environment = program.environment.value_or(std::vector<std::string>());
  pid_t pid = -1;
  const int code = ::posix_spawn(&pid, program.path.c_str(), settings.actions(), settings.attributes(),
                                 pointers_to(words).data(),
                                 program.environment ? pointers_to(environment).data() : environ);
  if (code != 0) return fail_errno("start '" + program.path + "'", code);
  return pid;
}

int wait_for_child(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Result<UniqueFd> start_in_background(const std::vector<std::string>& words, int log) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return fail_errno("open '/dev/null'");
  auto pipe = QVM_TRY(make_pipe());
  std::vector<std::string> copies = words;
  const std::vector<char*> pointers = pointers_to(copies);
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("start '" + words.front() + "'");
  if (child == 0) go_into_background(pointers.data(), log, null.get(), pipe.write.get());
  wait_for_child(child);
  return std::move(pipe.read);
}

}  // namespace qvm
