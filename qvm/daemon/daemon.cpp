// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "qvm/base/event_loop.h"
#include "qvm/base/log.h"
#include "qvm/base/log_budget.h"
#include "qvm/base/log_limit.h"
#include "qvm/daemon/control/cache_place.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/daemon/control_server.h"
#include "qvm/daemon/directory_watch.h"
#include "qvm/daemon/host/hypervisor_pool.h"
#include "qvm/daemon/host/kvm_access.h"
#include "qvm/daemon/host/region_manager.h"
#include "qvm/daemon/launcher.h"
#include "qvm/daemon/supervisor.h"
#include "qvm/host/embed_root.h"
#include "qvm/host/orphan_reaper.h"
#include "qvm/host/stray_domains.h"
#include "qvm/regions/client/admin.h"

namespace qvm::daemon {
namespace {

constexpr const char* kKvmDevice = "/dev/kvm";
// How long the end of qvm-regiond, which has nothing left to do, is waited for.
constexpr std::chrono::seconds kRegiondEnd{2};
// How long a qvmd that is about to end may keep its successor waiting.
constexpr std::chrono::milliseconds kOrphansEnd{500};
// How long calls to libvirt and VMs' processes may keep a qvmd that is to end.
constexpr std::chrono::seconds kCallsEnd{1};
// How often the runtime directory and the lengths of the VMs' logs are looked at.
constexpr std::chrono::seconds kFilesPeriod{2};

// Standard error is qvmd's log.
Log& process_log() {
  static Log log("qvmd");
  return log;
}

void log_line(const std::string& text) {
  process_log().write("message", text);
}

// "VMs 'left', 'right'", or nothing.
std::string named(const Request& request) {
  std::string text;
  for (const std::string& name : request.names) text += (text.empty() ? " '" : ", '") + name + "'";
  return text;
}

LogBudget& refusals() {
  static LogBudget budget;
  return budget;
}

void log_refused(const ControlServer::Peer& peer) {
  process_log().write(
      "connection",
      fmt::format("refused pid {}, uid {}: only uid {} is served", peer.pid, peer.uid, ::geteuid()),
      {{"verdict", "refused"},
       {"pid", std::int64_t{peer.pid}},
       {"uid", std::int64_t{peer.uid}},
       {"gid", std::int64_t{peer.gid}}});
}

void log_state(const VmStatus& vm) {
  const std::string_view state = to_string(vm.state);
  process_log().write(
      "vm-state", fmt::format("VM '{}' is {}{}{}", vm.name, state, vm.reason.empty() ? "" : ": ", vm.reason),
      {{"vm", vm.name}, {"state", state}, {"pid", std::int64_t{vm.pid}}});
}

void log_decision(const std::string& vm, const std::string& text) {
  process_log().write("decision", text, {{"vm", vm}});
}

Result<UniqueFd> termination_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block signals");
  UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("make a signal descriptor");
  return signals;
}

// Whoever happens to start qvmd must not decide for all who use it later. What stays theirs is told in
// docs/operating.md.
void leave_the_starters_ways() {
  ::umask(022);
  ::signal(SIGPIPE, SIG_IGN);
  // Without it, ends of children that the starter did not want to hear of were nobody's: libvirt's calls
  // fail.
  ::signal(SIGCHLD, SIG_DFL);
  // Only with the right to be faster; without it qvmd stays as slow as it is.
  if (::getpriority(PRIO_PROCESS, 0) > 0) ::setpriority(PRIO_PROCESS, 0, 0);
}

// The lock of the one qvmd of a runtime directory. Waits for a predecessor that is about to end and for one
// that has yet to serve; fails with EWOULDBLOCK as soon as another one serves.
Result<UniqueFd> become_the_one(const RuntimePaths& paths) {
  // A killed predecessor's lock goes away without a change in the directory.
  constexpr std::chrono::milliseconds kPeriod{50};
  constexpr std::chrono::seconds kPatience{10};
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const DirectoryWatch watch(paths.root());
  for (;;) {
    auto lock = lock_file(paths.lock(), LockWait::no);
    if (lock || lock.error().code() != EWOULDBLOCK) return lock;
    if (ControlServer::answers(paths.socket()) || std::chrono::steady_clock::now() > end) return lock;
    watch.wait_for_change(kPeriod);
  }
}

class Daemon {
 public:
  // lock: of the file that makes it the one qvmd of its runtime directory.
  Daemon(const DaemonOptions& options, int lock, EventLoop& loop, host::OrphanReaper& reaper)
      : x_options(options),
        x_lock(lock),
        x_paths(options.runtime_directory),
        x_loop(loop),
        x_reaper(reaper),
        x_hypervisors(
            [this](const std::string& uri) { return open_hypervisor(uri); },
            [this](const std::string& domain) { host::abandon_domain(x_paths.libvirt_root(), domain); }),
        x_regions([this] { return regions::Admin::open(x_paths.root(), x_options.regiond_program); }),
        x_kvm(kKvmDevice, kKvmLedger),
        x_launcher(x_paths, x_hypervisors, x_regions, x_kvm, log_line),
        x_supervisor(std::make_unique<Supervisor>(
            loop, x_paths, x_launcher, x_regions,
            Supervisor::Hooks{
                .send = [this](Supervisor::ClientId client, const Reply& reply) { answer(client, reply); },
                .settled = [this] { end_if_idle(); },
                .note_before_start = [this] { return probe_note(); },
                .changed = log_state,
                .decided = log_decision})) {}

  Result<void> serve();
  // After the loop: takes away what only a running qvmd needs.
  void leave();
  bool calls_end_within(std::chrono::milliseconds patience) {
    return x_supervisor->calls_end_within(patience);
  }
  // The last thing to destroy, and after everything else.
  std::unique_ptr<ControlServer> take_server() { return std::move(x_server); }
  void reap() {
    for (const auto& exit : x_reaper.reap()) {
      if (const auto relay = x_launcher.relay_ended(exit.pid, exit.status); !relay) {
        x_supervisor->note_exit(exit.pid, exit.status);
      } else if (!relay->text.empty()) {
        log_decision(relay->vm, fmt::format("VM '{}': {}", relay->vm, relay->text));
      }
    }
  }

 private:
  Result<std::unique_ptr<host::Hypervisor>> open_hypervisor(const std::string& uri);
  std::string probe_note() const;
  void handle(ControlServer::ClientId client, Request request);
  void answer(ControlServer::ClientId client, const Reply& reply);
  void answer_leaving();
  void end_if_idle();
  void end();
  void look_after_files();
  bool is_reachable() const;

  const DaemonOptions& x_options;
  const int x_lock;
  RuntimePaths x_paths;
  EventLoop& x_loop;
  host::OrphanReaper& x_reaper;
  HypervisorPool x_hypervisors;
  RegionManager x_regions;
  KvmAccess x_kvm;
  Launcher x_launcher;
  std::unique_ptr<ControlServer> x_server;
  std::unique_ptr<Supervisor> x_supervisor;  // last: its workers use the rest
  bool x_unreachable = false;
  bool x_had_client = false;
  std::set<ControlServer::ClientId> x_leaving;  // want to know whether this process ends
  std::set<ControlServer::ClientId> x_left;     // were told that it does not, and are on their way out
};

std::string Daemon::probe_note() const {
  const auto cache = open_cache(x_paths);
  if (!cache || !host::must_probe_qemu(cache->libvirt())) return {};
  const std::string what = "asking QEMU what it can do: takes some seconds";
  if (cache->why_not_kept.empty()) return what + ", once per version of QEMU";
  return fmt::format(
      "{}; the answer is kept in '{}' only, because {}: QVM_CACHE_DIR names a place that lasts", what,
      cache->directory, cache->why_not_kept);
}

Result<std::unique_ptr<host::Hypervisor>> Daemon::open_hypervisor(const std::string& uri) {
  // Nothing is wrong with a libvirt that asks QEMU once more.
  const auto cache = open_cache(x_paths);
  const host::HypervisorOptions options{.uri = uri,
                                        .embed_root = x_paths.libvirt_root(),
                                        .cache_directory = cache ? cache->libvirt() : std::string(),
                                        .log_directory = x_paths.logs() + "/libvirt"};
  return host::open_libvirt(options, [this](const host::DomainEvent& event) {
    x_loop.post([this, event] { x_supervisor->on_domain_event(event); });
  });
}

Result<void> Daemon::serve() {
  x_server = QVM_TRY(ControlServer::create(
      x_loop, x_paths.socket(), x_options.version,
      {.request = [this](ControlServer::ClientId client,
                         Request request) { handle(client, std::move(request)); },
       .gone =
           [this](ControlServer::ClientId client) {
             x_leaving.erase(client);
             x_left.erase(client);
             x_supervisor->client_gone(client);
             end_if_idle();
           },
       .refused =
           [](const ControlServer::Peer& peer) {
             const auto spent = refusals().spend(std::to_string(peer.uid), std::chrono::steady_clock::now());
             if (spent != LogBudget::Verdict::drop) log_refused(peer);
           }}));
  QVM_TRY(x_supervisor->adopt([this] { look_after_files(); }));
  x_options.ready();
  // Whoever started us may have died before it could connect.
  constexpr std::chrono::seconds kFirstClient{10};
  x_loop.after(kFirstClient, [this] {
    x_had_client = true;
    end_if_idle();
  });
  return x_loop.run();
}

// What changes something; questions are not logged.
void Daemon::handle(ControlServer::ClientId client, Request request) {
  x_had_client = true;
  using Operation = Request::Operation;
  if (request.operation == Operation::start || request.operation == Operation::stop) {
    const ControlServer::Peer peer = x_server->peer(client);
    const std::string_view operation = to_string(request.operation);
    process_log().write("request",
                        fmt::format("pid {}, uid {}: {}{}", peer.pid, peer.uid, operation,
                                    request.operation == Operation::start
                                        ? fmt::format(" of {} VMs and {} regions", request.plans.size(),
                                                      request.regions.size())
                                        : named(request)),
                        {{"verdict", "granted"},
                         {"operation", operation},
                         {"pid", std::int64_t{peer.pid}},
                         {"uid", std::int64_t{peer.uid}},
                         {"gid", std::int64_t{peer.gid}}});
  }
  if (request.operation != Request::Operation::leave) return x_supervisor->handle(client, std::move(request));
  x_leaving.insert(client);
  answer_leaving();
}

void Daemon::answer(ControlServer::ClientId client, const Reply& reply) {
  if (reply.kind == Reply::Kind::failed)
    process_log().write("request", "failed: " + reply.text, {{"verdict", "refused"}});
  x_server->send(client, reply);
}

// Who says good-bye is told whether this process ends. If it does, the connection stays open until it has:
// that is how the client can wait for it.
void Daemon::answer_leaving() {
  if (x_leaving.empty()) return;
  const bool needed = x_supervisor->has_vms() || x_supervisor->adoption_is_late() ||
                      x_server->clients() > x_leaving.size() + x_left.size();
  // Only calls that are about to come back: they will have us called again.
  if (!needed && !x_supervisor->idle()) return;
  for (const ControlServer::ClientId client : std::exchange(x_leaving, {})) {
    x_server->send(client, {.kind = Reply::Kind::done, .text = needed ? "stays" : "ends", .vms = {}});
    if (needed) x_left.insert(client);
  }
  if (!needed) end();
}

// A runtime directory goes with its user's session. Without it nobody can reach the VMs any more, and a qvmd
// of a new one would start others with the same names and users.
void Daemon::look_after_files() {
  if (is_reachable()) {
    x_supervisor->shorten_logs();
    // qvm-regiond does so as well, but not one of an earlier release.
    for (const std::string& log : {x_paths.daemon_log(), x_paths.region_log()}) shorten_log(log);
  } else if (!std::exchange(x_unreachable, true)) {
    log_line(
        fmt::format("the runtime directory '{}' was removed or emptied; all VMs are ended", x_paths.root()));
    x_supervisor->end_all();
    end_if_idle();
  }
  x_loop.after(kFilesPeriod, [this] { look_after_files(); });
}

// The next qvmd would not notice this one without its lock, whether that is gone alone or with the directory.
bool Daemon::is_reachable() const {
  struct stat ours {};
  struct stat there {};
  if (::fstat(x_lock, &ours) != 0) return true;  // it cannot be told
  if (::stat(x_paths.lock().c_str(), &there) != 0) return errno != ENOENT;
  return there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

void Daemon::end() {
  x_server->stop_listening();
  x_loop.stop();
}

void Daemon::end_if_idle() {
  // Not at once: the request that ends a VM may be followed by another of the same round.
  x_loop.post([this] {
    answer_leaving();
    if (x_had_client && x_supervisor->idle() && x_server->clients() == 0) end();
  });
}

void Daemon::leave() {
  const bool idle = x_supervisor->idle();
  x_server->stop_listening();
  if (!idle) return log_line("ends while VMs run; the next qvm command finds them");
  if (x_regions.opened()) {
    const DirectoryWatch watch(x_paths.root());
    // It stays if host programs use regions.
    if (x_regions.leave()) {
      watch.wait_until_gone("regiond", kRegiondEnd);
      x_reaper.wait_for_orphans(kOrphansEnd);
    }
  }
  x_launcher.remove_staged_files();
  std::error_code ignored;
  std::filesystem::remove_all(x_paths.libvirt_root(), ignored);
  ::rmdir(x_paths.vms().c_str());
}

}  // namespace

Result<void> run_daemon(const DaemonOptions& options) {
  leave_the_starters_ways();
  auto signals = QVM_TRY(termination_signals());
  // "qemu-" as libvirt starts it; the keeper of qvm-regiond has that one's name.
  auto reaper = QVM_TRY(host::OrphanReaper::create({"qemu-", "qvm-regiond", "qvm-relay", "virtiofsd"}));
  const RuntimePaths paths(options.runtime_directory);
  QVM_TRY(prepare_runtime_directory(paths));
  auto lock = QVM_TRY(become_the_one(paths));
  host::provide_user_directory(paths.libvirt_root() + "/user");
  auto loop = QVM_TRY(EventLoop::create());

  auto daemon = std::make_unique<Daemon>(options, lock.get(), *loop, *reaper);
  const auto on_child = [&](std::uint32_t) { daemon->reap(); };
  QVM_TRY(loop->watch(reaper->fd(), EPOLLIN, on_child));
  const auto on_signal = [&](std::uint32_t) { loop->stop(); };
  QVM_TRY(loop->watch(signals.get(), EPOLLIN, on_signal));
  QVM_TRY(daemon->serve());
  daemon->leave();
  if (!daemon->calls_end_within(kCallsEnd)) {
    log_line("ends while a VM's process or libvirt does not answer");
    ::unlink(paths.lock().c_str());
    std::_Exit(EXIT_SUCCESS);
  }
  // Clients wait for the end of their connections: it comes when nothing else is left to do.
  const std::unique_ptr<ControlServer> server = daemon->take_server();
  daemon.reset();
  ::unlink(paths.lock().c_str());
  return {};
}

}  // namespace qvm::daemon
