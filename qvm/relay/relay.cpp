// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/relay/relay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "qvm/base/wait_for.h"

namespace qvm::relay {
namespace {

using std::chrono::milliseconds;

// How often a missing file, and whether somebody has come to a terminal, is looked at.
constexpr milliseconds kPeriod{100};
// How long whoever has a terminal open may take to read the last of it.
constexpr milliseconds kReading{1000};
constexpr milliseconds kReadingPeriod{20};
constexpr std::size_t kPiece = 4096;

UniqueFd child_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool is_transient(int code) {
  return code == EINTR || code == EAGAIN;
}

std::string how_it_ended(int status) {
  return WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                             : fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

Relay::Relay(UniqueFd guest, Options options, std::function<void(const std::string&)> say)
    : x_guest(std::move(guest)),
      x_options(std::move(options)),
      x_say(std::move(say)),
      x_children(child_signals()) {
  ::signal(SIGPIPE, SIG_IGN);
}

Relay::~Relay() {
  end_command();
}

Result<void> Relay::open() {
  if (x_options.delay && !x_options.terminal) return {};  // a pseudo terminal is never missing
  x_ends = QVM_TRY(open_host_ends(x_options));
  x_open = true;
  return {};
}

// Only what a guest writes shows that it uses the device: a host's side without output is opened at once.
bool Relay::wants_open() const {
  const bool has_output = x_options.terminal || !x_options.output.empty() || !x_options.command.empty();
  return !x_open && (!has_output || !x_to_host.empty());
}

Relay::Step Relay::try_to_open() {
  if (!x_first_use) x_first_use = Clock::now();
  auto ends = open_host_ends(x_options);
  if (ends) {
    x_ends = std::move(*ends);
    x_open = true;
    if (!x_ends.output) x_to_host.clear();
    return Step::go_on;
  }
  const std::chrono::seconds patience(*x_options.delay);
  if (*x_options.delay == UINT32_MAX || Clock::now() - *x_first_use < patience) return Step::go_on;
  x_say(fmt::format("after {} s: {}", patience.count(), ends.error().message()));
  return Step::host_gone;
}

bool Relay::terminal_is_open() const {
  pollfd master{x_ends.input.get(), 0, 0};
  return ::poll(&master, 1, 0) == 0 || (master.revents & POLLHUP) == 0;
}

bool Relay::is_due() const {
  return Clock::now() >= x_due || x_to_host.size() > kBuffer / 2;
}

int Relay::timeout() const {
  if (wants_open()) return static_cast<int>(kPeriod.count());
  auto wait = milliseconds(-1);
  if (x_open && x_options.terminal && !terminal_is_open()) wait = kPeriod;
  if (x_open && !x_to_host.empty() && !is_due()) {
    const auto left = std::chrono::ceil<milliseconds>(x_due - Clock::now());
    wait = wait.count() < 0 ? left : std::min(wait, left);
  }
  return static_cast<int>(wait.count());
}

Relay::Step Relay::take_from_guest() {
  std::array<char, kPiece> piece;
  const ssize_t count = ::recv(x_guest.get(), piece.data(), piece.size(), MSG_DONTWAIT);
  if (count == 0 || (count < 0 && !is_transient(errno))) return Step::guest_gone;
  if (count < 0 || (x_open && !x_ends.output)) return Step::go_on;
  // Nobody hears it, also if somebody comes in a moment.
  if (x_open && x_options.terminal && !terminal_is_open()) return Step::go_on;
  if (x_to_host.empty()) x_due = Clock::now() + std::chrono::microseconds(x_options.batch_us);
  x_to_host.append(piece.data(), static_cast<std::size_t>(count));
  return Step::go_on;
}

void Relay::give_to_guest() {
  const ssize_t count =
      ::send(x_guest.get(), x_to_guest.data(), x_to_guest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count > 0) x_to_guest.erase(0, static_cast<std::size_t>(count));
}

void Relay::take_from_host() {
  std::array<char, kPiece> piece;
  const std::size_t wanted = std::min<std::uint64_t>(piece.size(), x_ends.input_bytes);
  const ssize_t count = wanted == 0 ? 0 : ::read(x_ends.input.get(), piece.data(), wanted);
  if (count > 0) {
    x_to_guest.assign(piece.data(), static_cast<std::size_t>(count));
    if (x_ends.input_bytes != UINT64_MAX) x_ends.input_bytes -= static_cast<std::uint64_t>(count);
    return;
  }
  // The last program has let go of a terminal: another may come.
  if (x_options.terminal || (count < 0 && is_transient(errno))) return;
  x_ends.input.reset();
}

Relay::Step Relay::give_to_host() {
  if (x_options.terminal && !terminal_is_open()) {
    x_to_host.clear();
    return Step::go_on;
  }
  const ssize_t count = ::write(x_ends.output.get(), x_to_host.data(), x_to_host.size());
  if (count > 0) x_to_host.erase(0, static_cast<std::size_t>(count));
  if (count >= 0 || is_transient(errno)) return Step::go_on;
  const int code = errno;
  x_to_host.clear();
  if (code == EPIPE && x_ends.command != 0) return Step::go_on;  // its end is told by itself
  if (!std::exchange(x_told_loss, true))
    x_say(Error::from_errno("what the guest writes is lost: write to its host side", code).message());
  return Step::go_on;
}

Relay::Step Relay::look_after_command() {
  signalfd_siginfo info{};
  while (::read(x_children.get(), &info, sizeof info) == sizeof info) {
  }
  int status = 0;
  if (x_ends.command == 0 || ::waitpid(x_ends.command, &status, WNOHANG) != x_ends.command)
    return Step::go_on;
  x_ends.command = 0;
  x_ends.output.reset();
  x_to_host.clear();
  x_say(fmt::format("the command '{}' {}: what the guest writes from now on is lost", x_options.command,
                    how_it_ended(status)));
  return x_options.input.empty() ? Step::host_gone : Step::go_on;
}

Relay::Step Relay::step() {
  const bool hung_up = x_open && x_options.terminal && !terminal_is_open();
  enum Place { guest, children, input, output, places };
  std::array<pollfd, places> all{};
  all[guest] = {x_guest.get(), POLLRDHUP, 0};
  if (x_to_host.size() + kPiece <= kBuffer) all[guest].events |= POLLIN;
  if (!x_to_guest.empty()) all[guest].events |= POLLOUT;
  all[children] = {x_children.get(), POLLIN, 0};
  all[input] = {x_open && x_ends.input && !hung_up && x_to_guest.empty() ? x_ends.input.get() : -1, POLLIN,
                0};
  const bool due = x_open && x_ends.output && !x_to_host.empty() && is_due();
  all[output] = {due && !hung_up ? x_ends.output.get() : -1, POLLOUT, 0};
  if (::poll(all.data(), all.size(), timeout()) < 0) return errno == EINTR ? Step::go_on : Step::host_gone;

  if ((all[children].revents & POLLIN) != 0) {
    if (const Step next = look_after_command(); next != Step::go_on) return next;
  }
  if ((all[guest].revents & POLLIN) != 0) {
    if (const Step next = take_from_guest(); next != Step::go_on) return next;
  } else if ((all[guest].revents & (POLLHUP | POLLERR | POLLRDHUP)) != 0) {
    return Step::guest_gone;
  }
  if ((all[guest].revents & POLLOUT) != 0) give_to_guest();
  if (all[input].revents != 0) take_from_host();
  if (all[output].revents != 0 || (due && hung_up)) return give_to_host();
  return wants_open() ? try_to_open() : Step::go_on;
}

bool Relay::run() {
  for (;;) {
    switch (step()) {
      case Step::go_on:
        break;
      case Step::guest_gone:
        finish();
        return true;
      case Step::host_gone:
        return false;
    }
  }
}

// What is left for the host's side, then its end.
void Relay::finish() {
  const auto end = Clock::now() + kPatience;
  for (bool more = true;;) {
    while (more && x_to_host.size() + kPiece <= kBuffer) {
      const std::size_t before = x_to_host.size();
      more = take_from_guest() == Step::go_on && x_to_host.size() != before;
    }
    if (!x_ends.output || x_to_host.empty()) break;
    if (Clock::now() >= end || !wait_for(x_ends.output.get(), POLLOUT, end)) break;
    give_to_host();
  }
  if (x_options.terminal && terminal_is_open()) wait_for_reader();
  if (!x_to_host.empty()) x_say(fmt::format("{} bytes at the guest's end are lost", x_to_host.size()));
  end_command();
}

// With our end of a terminal what was not read yet would go.
void Relay::wait_for_reader() const {
  const UniqueFd programs_end(::open(x_ends.terminal.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  const auto end = Clock::now() + kReading;
  for (int unread = 1; programs_end && unread > 0 && Clock::now() < end;) {
    ::poll(nullptr, 0, static_cast<int>(kReadingPeriod.count()));
    if (::ioctl(programs_end.get(), FIONREAD, &unread) != 0) return;
  }
}

// Its input ends; one that does not end by itself is ended.
void Relay::end_command() {
  x_ends.output.reset();
  for (const int signal : {0, SIGTERM, SIGKILL}) {
    if (x_ends.command == 0) return;
    if (signal != 0) ::kill(-x_ends.command, signal);
    const auto end = Clock::now() + kPatience;
    while (x_ends.command != 0 && Clock::now() < end) {
      int status = 0;
      if (::waitpid(x_ends.command, &status, WNOHANG) == x_ends.command) {
        x_ends.command = 0;
        if (status != 0) x_say(fmt::format("the command '{}' {}", x_options.command, how_it_ended(status)));
        break;
      }
      wait_for(x_children.get(), POLLIN, kPeriod);
      signalfd_siginfo info{};
      (void)!::read(x_children.get(), &info, sizeof info);
    }
  }
}

}  // namespace qvm::relay
