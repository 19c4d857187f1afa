// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include "qvm/base/log_limit.h"
#include "qvm/base/vm_name.h"
#include "qvm/regions/keeper/log.h"
#include "qvm/regions/server/server_impl.h"
#include "qvm/regions/server/sockets.h"

namespace qvm::regions {
namespace {

constexpr char kVmSocket[] = "regions.sock";
constexpr char kHostSocket[] = "host.sock";
constexpr char kAdminSocket[] = "admin.sock";
// Somebody started us for a reason; if nobody ever comes, it has died.
constexpr std::chrono::seconds kFirstVisitorDeadline{10};
// Sockets still to be closed before no more are accepted for the time being.
constexpr std::size_t kMaxChores = 64;
constexpr std::chrono::milliseconds kBreather{20};

bool is_root() {
  return ::geteuid() == 0;
}

}  // namespace

std::int64_t unix_time() {
  return static_cast<std::int64_t>(::time(nullptr));
}

Server::Server(std::unique_ptr<Impl> impl) : x_impl(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(ServerOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  QVM_TRY(impl->start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Result<Server::End> Server::run() {
  return x_impl->run();
}
void Server::stop() {
  x_impl->loop().stop();
}

Result<void> Server::Impl::open_directories() {
  x_runtime_directory =
      QVM_TRY(private_directory(AT_FDCWD, x_options.runtime_directory, is_root() ? 0755 : 0700));
  // The directory itself is the lock. One that is being removed by a qvm-regiond about to end is not the
  // right one.
  struct stat info {};
  while (info.st_nlink == 0) {
    auto directory = QVM_TRY(private_directory(x_runtime_directory.get(), "regiond", 0700));
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno("lock directory regiond");
    if (::fstat(directory.get(), &info) != 0) return fail_errno("look at directory regiond");
    x_directory = std::move(directory);
  }
  return {};
}

// RUN/vm, made if need be: a qvmd takes it away with its last VM, and host programs that stay attached keep
// us here.
Result<UniqueFd> Server::Impl::vms_directory() const {
  return private_directory(x_runtime_directory.get(), "vm", is_root() ? 0755 : 0700);
}

Result<void> Server::Impl::start() {
  x_loop = QVM_TRY(EventLoop::create());
  x_reservations.emplace(*x_loop, x_options.reserve);
  process_log().buffer();
  x_loop->before_waiting([] { process_log().flush(); });
  QVM_TRY(open_directories());

  KeptDescriptors kept;
  if (x_options.keeper) {
    x_keeper = KeeperLink(std::move(x_options.keeper));
    kept = QVM_TRY(x_keeper.take_back());
  }
  auto journal = QVM_TRY(Journal::open(x_directory.get()));
  if (journal.damaged) log_line("the journal is damaged; what it told after the damage is lost");
  x_journal = std::move(journal.journal);

  x_admin_listener = std::move(kept[kKeptAdminListener]);
  x_host_listener = std::move(kept[kKeptHostListener]);
  kept.erase(kKeptAdminListener);
  kept.erase(kKeptHostListener);
  QVM_TRY(restore(journal.records, std::move(kept)));

  if (!x_host_listener) {
    x_host_listener =
        QVM_TRY(listen_in(x_runtime_directory.get(), kHostSocket, is_root() ? 0666 : 0600, own_group()));
  }
  if (!x_admin_listener) {
    x_admin_listener = QVM_TRY(listen_in(x_directory.get(), kAdminSocket, 0600, own_group()));
  }
  keep({{kKeptHostListener, x_host_listener.get()}, {kKeptAdminListener, x_admin_listener.get()}});
  QVM_TRY(watch_listener(x_host_listener.get(), &Impl::accept_client, 0));
  QVM_TRY(watch_listener(x_admin_listener.get(), &Impl::accept_admin, 0));
  if (x_keeper.fd() >= 0) {
    QVM_TRY(watch_keeper());
  }
  QVM_TRY(watch_for_removal());
  x_spare.reset(::fcntl(x_directory.get(), F_DUPFD_CLOEXEC, 0));
  x_loop->after(kFirstVisitorDeadline, [this] {
    x_had_visitors = true;
    end_if_idle();
  });
  if (!x_keeper.serving()) replace_keeper();
  look_after_log();
  return {};
}

// Nobody else does while host programs are alone with us.
void Server::Impl::look_after_log() {
  constexpr std::chrono::seconds kPeriod{2};
  shorten_log(x_options.runtime_directory + "/log/regiond.log");
  x_loop->after(kPeriod, [this] { look_after_log(); });
}

Result<Server::End> Server::Impl::run() {
  QVM_TRY(x_loop->run());
  if (!x_idle_end) return End::stopped;
  x_keeper.bye();
  return End::idle;
}

Result<void> Server::Impl::watch_listener(int listener, OnConnection on_connection, Id vm) {
  return x_loop->watch(listener, EPOLLIN, [this, listener, on_connection, vm](std::uint32_t) {
    // Somebody connects faster than we can hang up, or the descriptor for hanging up is still being closed; a
    // connection must not take its place. Whoever comes through this listener waits.
    if (!x_spare) x_spare.reset(::fcntl(x_directory.get(), F_DUPFD_CLOEXEC, 0));
    if (!x_spare || x_chores.waiting() > kMaxChores) return rest_listener(listener, on_connection, vm);
    if (UniqueFd socket = accept_from(listener)) {
      x_had_visitors = true;
      return (this->*on_connection)(std::move(socket), vm);
    }
    const int code = errno;
    if (code == EAGAIN || code == EINTR || code == ECONNABORTED) return;
    // Left alone it would wake us again and again.
    const bool no_descriptors = code == EMFILE || code == ENFILE;
    if (!no_descriptors || !refuse_one(listener)) rest_listener(listener, on_connection, vm);
  });
}

void Server::Impl::rest_listener(int listener, OnConnection on_connection, Id vm) {
  x_loop->unwatch(listener);
  x_loop->after(kBreather, [this, listener, on_connection, vm] {
    const auto own = x_vm_listeners.find(vm);
    const bool still_there = vm == 0 || (own != x_vm_listeners.end() && own->second.get() == listener);
    if (still_there && !watch_listener(listener, on_connection, vm))
      rest_listener(listener, on_connection, vm);
  });
}

// Hanging up at least tells the other side. False if it could not be done.
bool Server::Impl::refuse_one(int listener) {
  x_spare.reset();
  UniqueFd socket = accept_from(listener);
  if (!socket) return false;
  x_chores.close(std::move(socket));
  if (x_log_budget.spend("descriptors", std::chrono::steady_clock::now()) != LogBudget::Verdict::drop) {
    log_line("a connection was refused: there are no descriptors left");
  }
  return true;
}

// Closing it would close what nobody has accepted yet.
void Server::Impl::retire_listener(UniqueFd listener) {
  ::shutdown(listener.get(), SHUT_RDWR);
  while (UniqueFd socket = accept_from(listener.get())) x_chores.close(std::move(socket));
}

Result<std::string> Server::Impl::vm_socket_path(const std::string& vm) const {
  if (!is_vm_name(vm)) return fail(not_a_vm_name(vm));
  return x_options.runtime_directory + "/vm/" + vm + "/" + kVmSocket;
}

Result<void> Server::Impl::listen_for_vm(Id vm, UniqueFd kept) {
  const VmPolicy& policy = x_manager.vms().at(vm).added.policy;
  UniqueFd listener = std::move(kept);
  if (!listener) {
    auto vms = QVM_TRY(vms_directory());
    auto directory = QVM_TRY(private_directory(vms.get(), policy.vm, 0700));
    QVM_TRY(open_to_group(directory.get(), 0750, policy.gid));
    listener = QVM_TRY(listen_in(directory.get(), kVmSocket, is_root() ? 0660 : 0600, policy.gid));
  }
  QVM_TRY(watch_listener(listener.get(), &Impl::accept_client, vm));
  const int fd = listener.get();
  // Ours first: a keeper that takes the place of one that has just died gets what is ours.
  x_vm_listeners[vm] = std::move(listener);
  keep({{kept_key(vm, KeptKind::listener), fd}});
  return {};
}

void Server::Impl::stop_listening_for_vm(Id vm, const std::string& name) {
  const UniqueFd vms(
      ::openat(x_runtime_directory.get(), "vm", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (vms) ::unlinkat(vms.get(), (name + "/" + kVmSocket).c_str(), 0);
  if (const auto found = x_vm_listeners.find(vm); found != x_vm_listeners.end()) {
    x_loop->unwatch(found->second.get());
    retire_listener(std::move(found->second));
    x_vm_listeners.erase(found);
    drop_kept({kept_key(vm, KeptKind::listener)});
  }
  // Stays if somebody keeps other files there.
  if (vms) ::unlinkat(vms.get(), name.c_str(), AT_REMOVEDIR);
}

// A directory that somebody removed under us would keep us here for ever, waiting for a VM that is to be
// unregistered over a socket that nobody can find.
Result<void> Server::Impl::watch_for_removal() {
  x_removal.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  std::array<char, 40> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", x_runtime_directory.get());
  if (!x_removal ||
      ::inotify_add_watch(x_removal.get(), path.data(), IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR) < 0) {
    return fail_errno("watch the runtime directory");
  }
  return x_loop->watch(x_removal.get(), EPOLLIN, [this](std::uint32_t) {
    alignas(inotify_event) std::array<char, 4096> events;
    while (::read(x_removal.get(), events.data(), events.size()) > 0) {
    }
    struct stat info {};
    if (::fstat(x_directory.get(), &info) != 0 || info.st_nlink != 0 || x_unreachable) return;
    log_line("the runtime directory was removed; ending as soon as nobody is connected");
    x_unreachable = true;
    end_if_idle();
  });
}

bool Server::Impl::is_needed() const {
  return !x_clients.empty() || (x_unreachable ? !x_orphans.empty() : !x_manager.empty());
}

void Server::Impl::end_if_idle() {
  const auto idle = [this] { return x_had_visitors && !is_needed() && x_admins.empty() && !x_idle_end; };
  if (!idle()) return;
  // Later, when the present handler is done with whatever it holds.
  x_loop->post([this, idle] {
    if (!idle()) return;
    // Whoever has connected meanwhile is welcome; whoever comes after this finds no socket and starts
    // another.
    if (UniqueFd socket = accept_from(x_admin_listener.get())) return accept_admin(std::move(socket), 0);
    if (UniqueFd socket = accept_from(x_host_listener.get())) return accept_client(std::move(socket), 0);
    remove_files();
    x_idle_end = true;
    x_loop->stop();
  });
}

void Server::Impl::remove_files() {
  x_loop->unwatch(x_removal.get());
  if (!x_options.host_socket_is_given) ::unlinkat(x_runtime_directory.get(), kHostSocket, 0);
  ::unlinkat(x_directory.get(), kAdminSocket, 0);
  x_journal->remove();
  ::unlinkat(x_runtime_directory.get(), "regiond", AT_REMOVEDIR);
  ::unlinkat(x_runtime_directory.get(), "vm", AT_REMOVEDIR);
}

}  // namespace qvm::regions
