// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/keeper/keeper.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "qvm/base/child_process.h"
#include "qvm/base/passed_descriptors.h"
#include "qvm/base/pidfd.h"
#include "qvm/base/retry_pause.h"
#include "qvm/base/unix_socket.h"
#include "qvm/base/wait_for.h"
#include "qvm/regions/keeper/log.h"

namespace qvm::regions {
namespace {

constexpr std::size_t kBatch = 64;  // descriptors per message

enum class KeeperOp : std::uint32_t { keep = 1, drop = 2, bye = 3, complete = 4 };

}  // namespace

struct KeeperMessage {
  KeeperOp op = KeeperOp::keep;
  std::uint32_t count = 0;
  std::array<KeeperKey, kBatch> keys{};
};

namespace {

using Clock = std::chrono::steady_clock;

// Without waiting.
Result<void> send_message(int socket, const KeeperMessage& message, std::span<const int> fds) {
  const int code = send_passing(socket, std::as_bytes(std::span(&message, 1)), fds);
  if (code != 0) return fail_errno("send to the other side of the keeper's socket", code);
  return {};
}

constexpr std::chrono::milliseconds kCrowdPatience{1000};

// Waits until the other side, which is trusted and does nothing but read, has made room; prod() wakes it.
template <class Prod>
Result<void> send_patiently(int socket, const KeeperMessage& message, std::span<const int> fds,
                            std::chrono::milliseconds patience, const Prod& prod) {
  const auto start = Clock::now();
  for (;;) {
    auto sent = send_message(socket, message, fds);
    const int code = sent ? 0 : sent.error().code();
    // As many descriptors are under way as this user's processes may have there. Nothing tells when some have
    // arrived, and they may be anybody's.
    const bool too_many = code == ETOOMANYREFS;
    if (code != EAGAIN && !too_many) return sent;
    const int left = left_ms(start + (too_many ? std::min(patience, kCrowdPatience) : patience));
    if (left == 0) return sent;
    prod();
    pollfd room{socket, static_cast<short>(too_many ? 0 : POLLOUT), 0};
    if (::poll(&room, 1, too_many ? 1 : left) > 0 && too_many)
      return fail_errno("use the keeper's socket", EPIPE);
  }
}

struct Received {
  KeeperMessage message;
  std::vector<UniqueFd> fds;
  bool none = false;  // there is no message now
  bool end = false;
};

// flags: MSG_DONTWAIT, or 0 to wait for one.
Received receive_message(int socket, int flags = 0) {
  Received received;
  Passed passed;
  do {
    passed = receive_passed(socket, std::as_writable_bytes(std::span(&received.message, 1)), kBatch, flags);
  } while (passed.bytes < 0 && passed.code == EINTR);
  received.none = passed.bytes < 0 && passed.code == EAGAIN;
  received.fds = std::move(passed.descriptors);
  received.end = passed.bytes != sizeof received.message || received.message.count > kBatch ||
                 (received.message.op == KeeperOp::keep && received.fds.size() != received.message.count);
  return received;
}

// send(message, fds) sends one message.
template <class Send>
Result<void> send_descriptors(const Send& send, std::span<const KeptRef> descriptors) {
  while (!descriptors.empty()) {
    const auto batch = descriptors.first(std::min(descriptors.size(), kBatch));
    KeeperMessage message;
    std::array<int, kBatch> fds{};
    for (const KeptRef& one : batch) {
      message.keys[message.count] = one.key;
      fds[message.count++] = one.fd;
    }
    QVM_TRY(send(message, std::span<const int>(fds).first(message.count)));
    descriptors = descriptors.subspan(batch.size());
  }
  return {};
}

enum class LinkEnd { bye, broken };

// Returns when the bell has rung or the other side is gone. Messages alone wake nobody.
void await_bell(int socket, int bell) {
  std::array<pollfd, 2> waiting{{{socket, 0, 0}, {bell, POLLIN, 0}}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) {
  }
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(bell, &count, sizeof count);
}

// Serves one qvm-regiond. starts is set to 0 once it has come up.
LinkEnd serve(int socket, KeptDescriptors& kept, int& starts) {
  UniqueFd bell;
  for (;;) {
    Received received = receive_message(socket, bell ? MSG_DONTWAIT : 0);
    if (received.none) {
      await_bell(socket, bell.get());
      continue;
    }
    if (received.end) return LinkEnd::broken;
    const KeeperMessage& message = received.message;
    switch (message.op) {
      case KeeperOp::keep:
        for (std::uint32_t i = 0; i < message.count; ++i) kept[message.keys[i]] = std::move(received.fds[i]);
        break;
      case KeeperOp::drop:
        for (std::uint32_t i = 0; i < message.count; ++i) kept.erase(message.keys[i]);
        break;
      case KeeperOp::bye:
        return LinkEnd::bye;
      case KeeperOp::complete:
        starts = 0;
        if (received.fds.size() == 1) bell = std::move(received.fds.front());
        break;
    }
  }
}

void bury(pid_t child) {
  ::kill(child, SIGKILL);
  wait_for_child(child);
}

// How long a qvm-regiond that starts may take to read what there is: longer than any machine is busy.
constexpr std::chrono::seconds kStartPatience{60};

Result<UniqueFd> start_one(const StartRegiond& start, const KeptDescriptors& kept, int& pid) {
  auto ends = QVM_TRY(make_socket_pair(SOCK_SEQPACKET));
  UniqueFd mine = std::move(ends.one);
  pid = QVM_TRY(start(std::move(ends.other)));
  std::vector<KeptRef> all;
  for (const auto& [key, fd] : kept) all.push_back({key, fd.get()});
  const auto send = [&mine](const KeeperMessage& message, std::span<const int> fds) {
    return send_patiently(mine.get(), message, fds, kStartPatience, [] {});
  };
  auto sent = send_descriptors(send, all);
  if (sent) sent = send({.op = KeeperOp::complete, .count = 0, .keys = {}}, {});
  // One that died meanwhile shows in serve(). But one that does not get everything would wait for the rest,
  // and we for it.
  if (!sent && sent.error().code() != EPIPE && sent.error().code() != ECONNRESET) {
    bury(pid);
    return tl::unexpected(std::move(sent.error()));
  }
  return mine;
}

enum class Death { none, in_vain, killed, other };

// How the process ended that had the other end of the link. None: it lives, and so has another keeper by now.
Death death_of(int pid, const UniqueFd& process, bool our_child) {
  // The link breaks before the process is quite dead.
  if (process && !wait_for(process.get(), POLLIN, std::chrono::seconds(1))) return Death::none;
  int status = 0;
  if (!our_child || ::waitpid(pid, &status, 0) != pid) return Death::other;
  const bool pointless =
      WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kExitAlreadyRunning);
  if (pointless) return Death::in_vain;
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? Death::killed : Death::other;
}

// Who made the socket pair that this is one end of.
pid_t maker_of(int socket) {
  const auto maker = peer_credentials(socket);
  return maker ? maker->pid : 0;
}

// A descriptor of the process with the other end of the socket. Looked at after it was opened: if the socket
// is still whole, the process was alive, and the number not yet another's.
UniqueFd open_at(int socket, int pid) {
  UniqueFd process = open_pidfd(pid);
  pollfd link{socket, 0, 0};
  if (::poll(&link, 1, 0) != 0) process.reset();
  return process;
}

}  // namespace

void pause_for(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

KeeperLink::KeeperLink(UniqueFd socket, int keeper)
    : x_socket(std::move(socket)),
      x_process(open_at(x_socket.get(), keeper != 0 ? keeper : maker_of(x_socket.get()))) {}

Result<KeptDescriptors> KeeperLink::take_back() {
  KeptDescriptors kept;
  for (;;) {
    Received received = receive_message(x_socket.get());
    if (received.end) return fail("the keeper's descriptors did not come");
    if (received.message.op == KeeperOp::complete) return kept;
    for (std::uint32_t i = 0; i < received.message.count && i < received.fds.size(); ++i) {
      kept[received.message.keys[i]] = std::move(received.fds[i]);
    }
  }
}

// The keeper is woken when its socket is full, or by ring(): not for each message.
Result<void> KeeperLink::send(const KeeperMessage& message, std::span<const int> fds) {
  constexpr std::chrono::seconds kPatience{1};
  return send_patiently(x_socket.get(), message, fds, kPatience, [this] { ring(); });
}

void KeeperLink::ring() {
  const std::uint64_t one = 1;
  if (x_bell) [[maybe_unused]]
    const auto written = ::write(x_bell.get(), &one, sizeof one);
}

Result<void> KeeperLink::keep(std::span<const KeptRef> descriptors) {
  if (!x_socket) return {};
  return send_descriptors(
      [this](const KeeperMessage& message, std::span<const int> fds) { return send(message, fds); },
      descriptors);
}

Result<void> KeeperLink::drop(std::span<const KeeperKey> keys) {
  while (x_socket && !keys.empty()) {
    KeeperMessage message{.op = KeeperOp::drop, .count = 0, .keys = {}};
    for (; message.count < kBatch && message.count < keys.size(); ++message.count) {
      message.keys[message.count] = keys[message.count];
    }
    QVM_TRY(send(message, {}));
    keys = keys.subspan(message.count);
  }
  return {};
}

void KeeperLink::give_up() {
  if (x_process) ::syscall(SYS_pidfd_send_signal, x_process.get(), SIGKILL, nullptr, 0);
  *this = KeeperLink();
}

Result<void> KeeperLink::serving() {
  if (!x_socket) return {};
  UniqueFd bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const int fd = bell.get();
  auto sent = send({.op = KeeperOp::complete, .count = 0, .keys = {}}, std::span(&fd, bell ? 1U : 0U));
  if (sent) x_bell = std::move(bell);
  return sent;
}

void KeeperLink::bye() {
  if (!x_socket) return;
  [[maybe_unused]] const auto sent = send({.op = KeeperOp::bye, .count = 0, .keys = {}}, {});
  ring();
}

int run_keeper(const StartRegiond& start, UniqueFd first, KeptDescriptors kept, const Pause& pause) {
  constexpr int kMaxStarts = 3;  // in a row that never came up, by their own fault
  constexpr std::chrono::milliseconds kPause{50};
  RetryPause retry({.at_once = 0, .first = kPause, .most = std::chrono::seconds(10)});
  UniqueFd link = std::move(first);
  bool our_child = !link;
  int pid = link ? maker_of(link.get()) : 0;
  UniqueFd process = link ? open_at(link.get(), pid) : UniqueFd();
  int starts = 0;
  for (;;) {
    if (!link) {
      if (++starts > kMaxStarts) {
        log_line("keeper: qvm-regiond dies before it is up, again and again; giving up");
        return 1;
      }
      auto started = start_one(start, kept, pid);
      if (!started) {
        log_line("keeper: start qvm-regiond: " + started.error().message());
        // Whoever asked for the first one is told. Later, giving up would lose everything.
        if (kept.empty()) return 1;
        --starts;
        pause(retry.failed(Clock::now()));
        continue;
      }
      link = std::move(*started);
      our_child = true;
      process = open_pidfd(pid);
    }
    const LinkEnd end = serve(link.get(), kept, starts);
    link.reset();
    if (end == LinkEnd::bye) return 0;
    switch (death_of(pid, process, our_child)) {
      case Death::none:
        log_line("keeper: qvm-regiond has given this keeper up");
        return 0;
      case Death::in_vain:
        return 0;
      case Death::killed:
        // Giving up would lose everything. But whoever kills it (the kernel, for want of memory) may go on
        // so.
        if (starts != 0) pause(kPause);
        starts = 0;
        break;
      case Death::other:
        break;
    }
    log_line("keeper: qvm-regiond has died; starting another");
  }
}

}  // namespace qvm::regions
