// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Inside of Server; its functions are spread over server*.cpp by what they are about.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/regions/journal.h"
#include "qvm/regions/manager.h"
#include "qvm/regions/outbox.h"
#include "qvm/regions/process.h"
#include "qvm/regions/region_store.h"
#include "qvm/regions/server.h"
#include "qvm/regions/wire.h"

namespace qvm::regions {

class Server::Impl {
 public:
  explicit Impl(ServerOptions options) : x_options(std::move(options)), x_manager(x_options.limits) {}
  Result<void> start();
  Result<End> run();
  EventLoop& loop() { return *x_loop; }

 private:
  // One connected socket of a VM or a host program.
  struct Client {
    UniqueFd socket;
    Id vm = 0;  // whose socket it came through; 0: the host programs'
    PeerProcess process;
    Id session = 0;  // 0 before its hello
    Outbox outbox;
    unsigned lines_left = 0;  // of log; a hostile client must not fill the disk
  };
  struct AdminClient {
    UniqueFd socket;
    std::vector<std::string> waiting;  // reply parts, last first
  };
  // A session without a client: its process lived when the last qvm-regiond died and has not come back yet.
  using Orphans = std::map<Id, UniqueFd>;  // pidfd by session
  // The two doorbells between a connection and one peer.
  struct PeerLink;

  // server.cpp: life, listeners
  Result<void> open_directories();
  Result<void> listen_for_vm(Id vm, UniqueFd kept);
  Result<std::string> vm_socket_path(const std::string& vm) const;
  void stop_listening_for_vm(Id vm, const std::string& name);
  Result<void> watch_listener(int listener, void (Impl::*on_connection)(UniqueFd, Id), Id vm);
  void keep(std::vector<KeptRef> descriptors);
  void drop_kept(std::vector<KeeperKey> keys);
  void replace_keeper();
  std::vector<KeptRef> everything_kept() const;
  void end_if_idle();
  void remove_files();

  // server_restore.cpp
  Result<void> restore(const std::vector<std::string>& records, KeptDescriptors kept);
  void adopt_memory(KeptDescriptors& kept);
  void adopt_sessions();

  // server_state.cpp: acting on what the manager decided
  Result<void> make_memory(const Events& events);
  void carry_out(const Events& events);
  void publish(Id region);
  void tell_went(const Detached& detached);
  void write_journal(const Events& events);

  // server_clients.cpp
  void accept_client(UniqueFd socket, Id vm);
  void client_ready(int fd, std::uint32_t events);
  bool handle(Client& client, const wire::Message& message);
  bool hello(Client& client, const wire::Hello& message);
  bool resume(Client& client, const wire::Hello& message);
  std::optional<Principal> principal_of(Client& client, std::string who);
  void renew_links(Client& client);
  bool attach(Client& client, const wire::Attach& request);
  bool detach(Client& client, const wire::Detach& request);
  bool send(Client& client, Parcel parcel);
  void cut_off(int fd);
  void sweep();
  void log_for(Client& client, const std::string& text);
  Client* client_of(Id session);
  std::string name_of(const Client& client) const;

  // server_admin.cpp
  void accept_admin(UniqueFd socket, Id);
  void admin_ready(int fd, std::uint32_t events);
  void answer_admin(AdminClient& admin, std::string_view request);
  Result<std::string> add_vm(std::string_view policy, bool& same);
  Result<std::string> remove_vm(std::string_view name);
  Result<std::string> add_region(std::string_view region);
  Result<std::string> remove_region(std::string_view name);
  bool flush_admin(int fd, AdminClient& admin);

  ServerOptions x_options;
  std::unique_ptr<EventLoop> x_loop;
  UniqueFd x_runtime_directory;
  UniqueFd x_directory;      // RUN/regiond; locked as long as we run
  UniqueFd x_vms_directory;  // RUN/vm
  UniqueFd x_admin_listener;
  UniqueFd x_host_listener;
  std::map<Id, UniqueFd> x_vm_listeners;
  KeeperLink x_keeper;
  std::optional<Journal> x_journal;
  Manager x_manager;
  RegionStore x_store;
  std::map<int, std::unique_ptr<Client>> x_clients;
  std::map<Id, Client*> x_by_session;
  std::set<int> x_doomed;  // clients to cut off once the present message is done with
  std::map<int, AdminClient> x_admins;
  Orphans x_orphans;
  bool x_had_visitors = false;  // before the first, being idle is no reason to end
  bool x_idle_end = false;
};

// Keys under which the keeper holds things: by the number of what they belong to.
enum class KeptKind : KeeperKey { data = 0, page = 1, listener = 2 };
inline KeeperKey kept_key(Id id, KeptKind kind) {
  return id * 4 + static_cast<KeeperKey>(kind);
}
// Numbers start at 1, so these two are free.
inline constexpr KeeperKey kKeptAdminListener = 0;
inline constexpr KeeperKey kKeptHostListener = 1;

// For `qvm regions --json`; schemas/regions.schema.json.
std::string describe_as_json(const Manager& manager, const RegionStore& store);

std::int64_t unix_time();

}  // namespace qvm::regions
