// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-regiond: the region manager's daemon, and with --keeper the process that holds its descriptors.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "qvm/base/child_process.h"
#include "qvm/base/command_line.h"
#include "qvm/base/standard_streams.h"
#include "qvm/regions/keeper/log.h"
#include "qvm/regions/server/server.h"

namespace {

using qvm::Result;
using qvm::UniqueFd;

struct Arguments {
  bool keeper = false;
  std::string runtime_directory;
  bool host_socket_is_given = false;
  int link = -1;   // the other side of the keeper's socket; how the two start each other
  int ready = -1;  // closed once connections are accepted; before that gets the reason why they never are
};

// Runs this program again, as keeper or daemon, with one end of the link between the two.
Result<int> start_other(bool keeper, const Arguments& own, UniqueFd link, int ready) {
  constexpr int kLinkFd = 3;
  constexpr int kOtherReadyFd = 4;
  std::vector<std::string> words = {"qvm-regiond", "--runtime-dir", own.runtime_directory, "--link-fd",
                                    std::to_string(kLinkFd)};
  if (keeper) words.emplace_back("--keeper");
  if (own.host_socket_is_given) words.emplace_back("--host-socket-is-given");
  std::vector<std::pair<int, int>> descriptors = {{link.get(), kLinkFd}};
  if (ready >= 0) {
    words.insert(words.end(), {"--ready-fd", std::to_string(kOtherReadyFd)});
    descriptors.emplace_back(ready, kOtherReadyFd);
  }
  auto started = qvm::start_child({.path = "/proc/self/exe",
                                   .words = std::move(words),
                                   .descriptors = std::move(descriptors),
                                   .nothing_else = true});
  if (!started) return qvm::fail_errno("start qvm-regiond", started.error().code());
  return started;
}

// How many descriptors this process may have from here on.
std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// A region takes three descriptors, a connection two, a client two and what waits for it to be read: shares
// that cannot run out together.
void share_descriptors(std::uint64_t all, qvm::regions::ServerOptions& options) {
  const auto at_most = [all](auto& bound, std::uint64_t part) {
    bound = static_cast<std::remove_reference_t<decltype(bound)>>(std::min<std::uint64_t>(bound, all / part));
  };
  qvm::regions::Limits& limits = options.limits;
  at_most(limits.regions, 16);
  at_most(limits.connections, 8);
  at_most(limits.host_connections, 16);
  at_most(limits.own_programs.connections, 16);
  at_most(limits.other_programs.connections, 64);
  at_most(options.sockets.of_all_programs, 16);
  at_most(options.sockets.own, 32);
  at_most(options.sockets.of_another_user, 64);
  if (const qvm::regions::Limits usual; limits.regions < usual.regions) {
    qvm::regions::log_line("at most " + std::to_string(limits.regions) + " regions and " +
                           std::to_string(limits.connections) + " attachments, as RLIMIT_NOFILE is " +
                           std::to_string(all));
  }
}

void raise_lock_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_MEMLOCK, &limit);
}

std::uint64_t physical_memory() {
  struct sysinfo info {};
  return ::sysinfo(&info) == 0 ? std::uint64_t{info.totalram} * info.mem_unit : 0;
}

// Whoever started us, if it still waits.
void tell(const UniqueFd& ready, std::string_view why) {
  if (ready) [[maybe_unused]]
    const auto written = ::write(ready.get(), why.data(), why.size());
}

// The socket for host programs, if a service manager listens on it and has started us because somebody came:
// sd_listen_fds(3). Empty if none does.
Result<UniqueFd> given_socket(const std::string& runtime_directory) {
  constexpr int kFirstGivenFd = 3;
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || pid != std::to_string(::getpid())) return UniqueFd();
  const std::string wanted = runtime_directory + "/host.sock";
  if (std::strcmp(count, "1") != 0)
    return qvm::fail("LISTEN_FDS is " + std::string(count) + ", not 1: " + wanted);
  UniqueFd socket(kFirstGivenFd);
  sockaddr_un address{};
  socklen_t length = sizeof address;
  int type = 0;
  int listens = 0;
  socklen_t size = sizeof type;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
    return qvm::fail_errno("look at the socket of LISTEN_FDS");
  }
  if (address.sun_family != AF_UNIX || type != SOCK_SEQPACKET || listens == 0 || wanted != address.sun_path)
    return qvm::fail("the socket of LISTEN_FDS does not listen for sequential packets on " + wanted);
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  return socket;
}

int keep(Arguments& arguments, UniqueFd& ready) {
  // Whoever started us may have ignored it; we want to know how our child ended.
  ::signal(SIGCHLD, SIG_DFL);
  const auto start = [&](UniqueFd link) {
    auto started = start_other(false, arguments, std::move(link), ready.get());
    if (!started) tell(ready, started.error().message());
    ready.reset();
    return started;
  };
  UniqueFd link(arguments.link);
  if (link) ::fcntl(link.get(), F_SETFD, FD_CLOEXEC);
  qvm::regions::KeptDescriptors kept;
  auto socket = link ? Result<UniqueFd>(UniqueFd()) : given_socket(arguments.runtime_directory);
  if (!socket) {
    qvm::regions::log_line(socket.error().message());
    return 1;
  }
  if (*socket) {
    arguments.host_socket_is_given = true;
    kept[qvm::regions::kKeptHostListener] = std::move(*socket);
  }
  return qvm::regions::run_keeper(start, std::move(link), std::move(kept));
}

int serve(const Arguments& arguments, UniqueFd& ready, std::uint64_t descriptors) {
  // A keeper that we started and that dies needs no burial.
  ::signal(SIGCHLD, SIG_IGN);
  qvm::regions::ServerOptions options;
  options.runtime_directory = arguments.runtime_directory;
  options.host_socket_is_given = arguments.host_socket_is_given;
  options.keeper.reset(arguments.link);
  if (options.keeper) {
    ::fcntl(arguments.link, F_SETFD, FD_CLOEXEC);
    options.start_keeper = [&](UniqueFd link) { return start_other(true, arguments, std::move(link), -1); };
  }
  options.limits.owner = ::geteuid();
  share_descriptors(descriptors, options);
  // The rest is for the VMs themselves and the host.
  if (const std::uint64_t memory = physical_memory(); memory != 0)
    options.limits.total_bytes = memory / 4 * 3;
  auto server = qvm::regions::Server::create(std::move(options));
  if (!server) {
    qvm::regions::log_line(server.error().message());
    if (server.error().code() == EWOULDBLOCK) return qvm::regions::kExitAlreadyRunning;
    tell(ready, server.error().message());
    return 1;
  }
  ready.reset();
  const auto end = (*server)->run();
  if (!end) {
    qvm::regions::log_line(end.error().message());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  qvm::begin_output();
  Arguments arguments;
  CLI::App app("Manages shared memory regions; started on demand by qvm, ends when nobody needs it.",
               "qvm-regiond");
  app.set_version_flag("--version", "qvm-regiond " QVM_VERSION);
  app.footer(
      "With --keeper it takes the socket DIR/host.sock from a service manager that listens for it "
      "(LISTEN_FDS).");
  app.add_flag("--keeper", arguments.keeper,
               "hold the descriptors, start qvm-regiond and start it again if it dies");
  app.add_option("--runtime-dir", arguments.runtime_directory, "where its sockets are")
      ->required()
      ->check([](const std::string& value) { return value.empty() ? "it is empty" : std::string(); })
      ->type_name("DIR");
  // How the two start each other.
  const CLI::Range descriptor(3, INT_MAX);
  app.add_option("--link-fd", arguments.link)->check(descriptor)->group("");
  app.add_option("--ready-fd", arguments.ready)->check(descriptor)->group("");
  app.add_flag("--host-socket-is-given", arguments.host_socket_is_given)->group("");
  if (const auto status = qvm::read_command_line(app, argc, argv)) return *status;
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);
  raise_lock_limit();
  const std::uint64_t descriptors = raise_descriptor_limit();
  UniqueFd ready(arguments.ready);
  if (ready) ::fcntl(ready.get(), F_SETFD, FD_CLOEXEC);
  try {
    return arguments.keeper ? keep(arguments, ready) : serve(arguments, ready, descriptors);
  } catch (const std::exception& error) {
    qvm::regions::log_line(error.what());
    tell(ready, error.what());
    return 1;
  }
}
