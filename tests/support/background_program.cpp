// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/background_program.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "tests/support/this_host.h"

extern char** environ;

namespace qvm::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNotExecuted = 127;

std::pair<UniqueFd, UniqueFd> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::vector<std::string> environment_of(const ProgramStart& start) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!start.environment.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : start.environment) {
    if (value) all.push_back(name + "=" + *value);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// After fork(): system calls only.
bool become(uid_t uid) {
  return ::setgroups(0, nullptr) == 0 && ::setgid(uid) == 0 && ::setuid(uid) == 0;
}

// Tests that nohup or a script's background job runs inherit ignored signals; what they start must not, from
// its first moment on: a signal that comes before the child is done with this waits, because it is blocked.
class UsualSignals {
 public:
  UsualSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : kNumbers) sigaddset(&set, number);
    ::pthread_sigmask(SIG_BLOCK, &set, &x_before);
  }
  ~UsualSignals() { ::pthread_sigmask(SIG_SETMASK, &x_before, nullptr); }
  UsualSignals(const UsualSignals&) = delete;
  UsualSignals& operator=(const UsualSignals&) = delete;

  // After fork(): system calls only.
  void begin_in_child() const {
    for (const int number : kNumbers) ::signal(number, SIG_DFL);
    ::pthread_sigmask(SIG_SETMASK, &x_before, nullptr);
  }

 private:
  static constexpr std::array kNumbers = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
  sigset_t x_before{};
};

}  // namespace

BackgroundProgram::BackgroundProgram(const ProgramStart& start) {
  auto [in_read, in_write] = make_pipe();
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  std::vector<std::string> words = start.words;
  std::vector<std::string> environment = environment_of(start);
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> envp = pointers_to(environment);

  std::optional<UsualSignals> signals(std::in_place);
  x_pid = ::fork();
  if (x_pid == 0) {
    signals->begin_in_child();
    ::dup2(in_read.get(), STDIN_FILENO);
    ::dup2(out_write.get(), STDOUT_FILENO);
    ::dup2(err_write.get(), STDERR_FILENO);
    if (start.uid && !become(*start.uid)) ::_exit(kNotExecuted);
    if (!start.directory.empty() && ::chdir(start.directory.c_str()) != 0) ::_exit(kNotExecuted);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(kNotExecuted);
  }
  signals.reset();
  x_process.reset(static_cast<int>(::syscall(SYS_pidfd_open, x_pid, 0)));
  x_in = std::move(in_write);
  x_out.fd = std::move(out_read);
  x_err.fd = std::move(err_read);
  ::fcntl(x_out.fd.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(x_err.fd.get(), F_SETFL, O_NONBLOCK);
}

BackgroundProgram::~BackgroundProgram() {
  if (x_status || x_pid <= 0) return;
  ::kill(x_pid, SIGKILL);
  ::waitpid(x_pid, nullptr, 0);
}

void BackgroundProgram::signal(int number) const {
  if (!x_status && x_pid > 0) ::kill(x_pid, number);
}

void BackgroundProgram::type(std::string_view text) const {
  [[maybe_unused]] const auto written = ::write(x_in.get(), text.data(), text.size());
}

void BackgroundProgram::Stream::take() {
  std::array<char, 4096> buffer;
  while (fd) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0) return;
    if (count == 0) return fd.reset();
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

bool BackgroundProgram::watch(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  // A closed stream is an invalid descriptor here, which poll() passes over.
  std::array<pollfd, 3> sources{pollfd{x_process.get(), POLLIN, 0}, pollfd{x_out.fd.get(), POLLIN, 0},
                                pollfd{x_err.fd.get(), POLLIN, 0}};
  ::poll(sources.data(), sources.size(), static_cast<int>(std::max<long>(0, left)));
  x_out.take();
  x_err.take();
  return (sources[0].revents & POLLIN) != 0;
}

bool BackgroundProgram::wait_for(std::string_view text, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + on_this_host(patience);
  for (;;) {
    if (x_out.text.find(text) != std::string::npos) return true;
    if (x_status || Clock::now() > deadline) return false;
    if (watch(deadline)) return x_out.text.find(text) != std::string::npos;
  }
}

int BackgroundProgram::wait(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + on_this_host(patience);
  while (!x_status) {
    if (watch(deadline)) {
      int status = 0;
      if (::waitpid(x_pid, &status, 0) != x_pid) return kStillRunning;
      x_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    } else if (Clock::now() > deadline) {
      return kStillRunning;
    }
  }
  return *x_status;
}

}  // namespace qvm::test
