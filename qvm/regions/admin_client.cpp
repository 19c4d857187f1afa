// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "qvm/regions/admin.h"
#include "qvm/regions/admin_wire.h"
#include "qvm/regions/codec.h"
#include "qvm/regions/wire.h"

namespace qvm::regions {
namespace {

using admin_wire::Answer;
using admin_wire::Op;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{5};

int left_ms(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), ::geteuid() == 0 ? 0755 : 0700) != 0 && errno != EEXIST) {
    return fail_errno("make directory " + path);
  }
  return {};
}

// Where the daemon's messages go: RUN/log/regiond.log, else nowhere.
UniqueFd open_log(const std::string& runtime_directory) {
  const std::string directory = runtime_directory + "/log";
  if (make_directory(directory)) {
    UniqueFd file(::open((directory + "/regiond.log").c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (file) return file;
  }
  return UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
}

// From a child that was forked and runs nothing else: the reason why the daemon does not start, for the one
// who waits.
void tell(int ready, const char* what, int code) {
  for (const char* part : {what, ": ", ::strerrordesc_np(code)})
    [[maybe_unused]] const auto written = ::write(ready, part, std::strlen(part));
}

// Starts the daemon as nobody's child and returns when it serves, or has given up.
Result<void> start_daemon(const std::string& runtime_directory, const std::string& program) {
  constexpr int kReadyFd = 3;
  const UniqueFd log = open_log(runtime_directory);
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  const UniqueFd ready(ends[0]);
  UniqueFd ready_end(ends[1]);
  const std::string ready_text = std::to_string(kReadyFd);
  const char* argv[] = {program.c_str(), "--keeper",         "--runtime-dir", runtime_directory.c_str(),
                        "--ready-fd",    ready_text.c_str(), nullptr};
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) {
    // Twice, so that whoever started us does not have to bury it.
    const pid_t grandchild = ::fork();
    if (grandchild < 0) tell(ready_end.get(), "fork", errno);
    if (grandchild != 0) ::_exit(0);
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int ready_copy = ::fcntl(ready_end.get(), F_DUPFD, 10);
    if (ready_copy < 0 || ::dup2(null.get(), 0) < 0 || ::dup2(log.get(), 1) < 0 || ::dup2(log.get(), 2) < 0 ||
        ::dup2(ready_copy, kReadyFd) < 0) {
      ::_exit(126);
    }
    ::close_range(kReadyFd + 1, ~0U, 0);
    if (::chdir("/") != 0) ::_exit(126);
    ::execv(program.c_str(), const_cast<char**>(argv));
    tell(kReadyFd, program.c_str(), errno);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ready_end.reset();
  const auto deadline = Clock::now() + kDeadline;
  std::string why;
  for (;;) {
    pollfd waiting{ready.get(), POLLIN, 0};
    const int polled = ::poll(&waiting, 1, left_ms(deadline));
    if (polled < 0 && errno == EINTR) continue;
    if (polled == 0)
      return fail("qvm-regiond did not come up within 5 s; see " + runtime_directory + "/log/regiond.log");
    std::array<char, 512> piece{};
    const ssize_t got = ::read(ready.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    why.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (!why.empty()) return fail("qvm-regiond could not start: " + why);
  return {};
}

class SocketAdmin final : public Admin {
 public:
  SocketAdmin(std::string runtime_directory, std::string program, std::chrono::milliseconds patience)
      : x_runtime_directory(std::move(runtime_directory)),
        x_program(std::move(program)),
        x_patience(patience) {}

  Result<void> connect_or_start();
  Result<std::string> add_vm(const VmPolicy& policy) override { return call(Op::add_vm, encode(policy)); }
  Result<void> remove_vm(const std::string& vm) override { return without_text(call(Op::remove_vm, vm)); }
  Result<void> add_region(const RegionSpec& region) override {
    return without_text(call(Op::add_region, encode(region)));
  }
  Result<void> remove_region(const std::string& name) override {
    return without_text(call(Op::remove_region, name));
  }
  Result<std::string> describe_json() override { return call(Op::describe, {}); }
  Result<std::string> explain_json(const ExplainRequest& request) override {
    return call(Op::explain, encode(request));
  }
  Result<std::optional<unsigned>> clients(const std::string& region) override;

 private:
  struct Reply {
    Answer answer = Answer::failed;
    std::string text;
  };

  static Result<void> without_text(Result<std::string> result) {
    if (!result) return tl::unexpected(std::move(result.error()));
    return {};
  }
  std::string socket_path() const { return x_runtime_directory + "/regiond/admin.sock"; }
  Result<std::string> call(Op op, const std::string& argument);
  // Fails with ECONNRESET if the daemon has died.
  Result<Reply> exchange(const std::string& request);

  std::string x_runtime_directory;
  std::string x_program;
  std::chrono::milliseconds x_patience;
  UniqueFd x_socket;
};

Result<void> SocketAdmin::connect_or_start() {
  if (auto made = make_directory(x_runtime_directory); !made) return made;
  const UniqueFd directory(::open(x_runtime_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail_errno("open " + x_runtime_directory);
  // Whoever comes second waits until the first one's daemon serves.
  while (::flock(directory.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("lock " + x_runtime_directory);
  }
  auto socket = wire::connect_to(socket_path().c_str());
  if (!socket && (socket.error().code() == ENOENT || socket.error().code() == ECONNREFUSED)) {
    const std::string log = x_runtime_directory + "/log/regiond.log";
    if (auto started = start_daemon(x_runtime_directory, x_program); !started) return started;
    socket = wire::connect_to(socket_path().c_str());
    if (!socket) return fail("qvm-regiond could not start; see " + log);
  }
  if (!socket) return tl::unexpected(std::move(socket.error()));
  x_socket = std::move(*socket);
  return {};
}

Result<SocketAdmin::Reply> SocketAdmin::exchange(const std::string& request) {
  auto deadline = Clock::now() + x_patience;
  const auto wait = [&](short events) {
    pollfd waiting{x_socket.get(), events, 0};
    int ready = 0;
    while ((ready = ::poll(&waiting, 1, left_ms(deadline))) < 0 && errno == EINTR) {
    }
    return ready > 0;
  };
  const auto late = [] { return fail_errno("qvm-regiond does not answer", ETIMEDOUT); };
  while (::send(x_socket.get(), request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EMSGSIZE) return fail("the request to qvm-regiond is too long");
    if (errno != EAGAIN) return fail_errno("qvm-regiond has hung up", ECONNRESET);
    if (!wait(POLLOUT)) return late();
  }
  Reply reply;
  std::string part(1 + admin_wire::kMaxReplyPart, '\0');
  do {
    const ssize_t got = ::recv(x_socket.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      if (!wait(POLLIN)) return late();
      reply.answer = Answer::more;
      continue;
    }
    if (got <= 0) return fail_errno("qvm-regiond has hung up", ECONNRESET);
    deadline = Clock::now() + x_patience;
    reply.answer = static_cast<Answer>(part.front());
    reply.text.append(part, 1, static_cast<std::size_t>(got) - 1);
  } while (reply.answer == Answer::more);
  return reply;
}

Result<std::string> SocketAdmin::call(Op op, const std::string& argument) {
  if (argument.size() >= admin_wire::kMaxRequestBytes) return fail("the request to qvm-regiond is too long");
  const std::string request = std::string(1, static_cast<char>(op)) + argument;
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    if (!x_socket) {
      if (auto connected = connect_or_start(); !connected)
        return tl::unexpected(std::move(connected.error()));
    }
    auto reply = exchange(request);
    if (!reply) {
      x_socket.reset();
      // It died, or ended as idle in the very moment. It may have done the work before that.
      if (reply.error().code() == ECONNRESET && attempt < kAttempts) continue;
      return tl::unexpected(std::move(reply.error()));
    }
    if (reply->answer == Answer::done || (reply->answer == Answer::same && attempt > 1)) return reply->text;
    if (reply->answer == Answer::same)
      return fail(op == Op::add_vm ? "a VM of this name is registered already" : reply->text);
    if (attempt > 1 && (op == Op::remove_vm || op == Op::remove_region)) return std::string();
    return fail(reply->text);
  }
}

Result<std::optional<unsigned>> SocketAdmin::clients(const std::string& region) {
  auto answer = call(Op::clients, region);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  if (answer->empty()) return std::optional<unsigned>();
  unsigned count = 0;
  const auto [end, error] = std::from_chars(answer->data(), answer->data() + answer->size(), count);
  if (error != std::errc() || end != answer->data() + answer->size())
    return fail("qvm-regiond answers with something else than a number of clients");
  return std::optional(count);
}

}  // namespace

Result<std::unique_ptr<Admin>> Admin::open(const std::string& runtime_directory, const std::string& program,
                                           std::chrono::milliseconds patience) {
  auto admin = std::make_unique<SocketAdmin>(runtime_directory, program, patience);
  if (auto connected = admin->connect_or_start(); !connected)
    return tl::unexpected(std::move(connected.error()));
  return std::unique_ptr<Admin>(std::move(admin));
}

}  // namespace qvm::regions
