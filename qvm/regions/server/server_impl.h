// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Inside of Server; its functions are spread over server*.cpp by what they are about.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/base/log_budget.h"
#include "qvm/base/retry_pause.h"
#include "qvm/regions/model/manager.h"
#include "qvm/regions/server/chores.h"
#include "qvm/regions/server/journal.h"
#include "qvm/regions/server/memory.h"
#include "qvm/regions/server/outbox.h"
#include "qvm/regions/server/process.h"
#include "qvm/regions/server/region_store.h"
#include "qvm/regions/server/reservations.h"
#include "qvm/regions/server/server.h"
#include "qvm/regions/wire/admin_wire.h"
#include "qvm/regions/wire/ringer.h"
#include "qvm/regions/wire/wire.h"

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
    Id session = 0;   // 0 before its hello
    std::string key;  // whose share of sockets and of the log it uses: as Principal::key()
    Outbox outbox;    // replies only, and no request is read while one waits: at most one
    Strain strain;    // at index 0: of sending to it
    std::uint32_t interest = 0;
    Reservations::Number reservation = 0;  // of the memory that its attach waits for; 0: none
    bool resting = false;                  // no use in sending before a while has passed
    bool paused = false;  // sending was slow: neither read nor sent news before a while has passed
    // Pages of what it had attached last that nobody else has ever had: for its next attach.
    SharedRegionPage spare_region_page;
    SharedClient spare_own_page;
    // News that the socket had no room for, by connection: the indices at which something changed. It is told
    // the present state instead once it reads again.
    std::map<Id, std::uint32_t> missed;
  };
  struct AdminClient {
    UniqueFd socket;
    Id number = 0;                         // never used again, unlike the descriptor's
    std::vector<std::string> waiting{};    // reply parts, last first
    Reservations::Number reservation = 0;  // of the memory that its request waits for; 0: none
    std::function<void()> undo{};          // of what it may not have heard of; may be empty
  };
  // Memory that was made for regions that do not exist yet, by label.
  using MemoryInHand = std::map<std::string, ReservedMemory>;
  // A session without a client: its process lived when the last qvm-regiond died and has not come back yet.
  using Orphans = std::map<Id, UniqueFd>;  // pidfd by session
  // The two doorbells between a connection and one peer.
  struct PeerLink {
    const Attached* peer = nullptr;
    Doorbell to_peer;
    Doorbell from_peer;
  };

  // server.cpp: life, listeners
  Result<void> open_directories();
  Result<UniqueFd> vms_directory() const;
  Result<void> listen_for_vm(Id vm, UniqueFd kept);
  Result<std::string> vm_socket_path(const std::string& vm) const;
  void stop_listening_for_vm(Id vm, const std::string& name);
  using OnConnection = void (Impl::*)(UniqueFd, Id);
  Result<void> watch_listener(int listener, OnConnection on_connection, Id vm);
  bool refuse_one(int listener);
  void rest_listener(int listener, OnConnection on_connection, Id vm);
  void retire_listener(UniqueFd listener);
  Result<void> watch_for_removal();
  void look_after_log();
  // Commanding us is no need for us.
  bool is_needed() const;
  void end_if_idle();
  void remove_files();

  // server_keeper.cpp
  void keep(std::vector<KeptRef> descriptors);
  void drop_kept(std::vector<KeeperKey> keys);
  void settle_with_keeper_soon();
  void settle_with_keeper();
  Result<void> watch_keeper();
  void replace_keeper();
  void await_keeper(std::string why);
  void try_keeper();
  Result<void> start_keeper();
  std::vector<KeptRef> everything_kept() const;

  // server_restore.cpp
  Result<void> restore(const std::vector<std::string>& records, KeptDescriptors kept);
  void adopt_memory(KeptDescriptors& kept);
  Result<void> adopt_listeners(KeptDescriptors& kept);
  void adopt_sessions();
  void forget(const Events& events);

  // server_state.cpp: acting on what the manager decided
  // in_hand: what is there already; what is used is taken out.
  Result<void> make_memory(const Events& events, MemoryInHand& in_hand);
  void give_back(MemoryInHand in_hand);
  // For what somebody may have only if it survives this process. After a failure nobody has seen anything,
  // and the caller undoes it.
  Result<void> grant(const Events& events);
  // For what happens whether or not it can be written down.
  // leaver: who asked for it, if it may have its pages again.
  void carry_out(const Events& events, Client* leaver = nullptr);
  void keep_new(const Events& events);
  void show(const Events& events, Client* leaver);
  void publish(Id region);
  void discard_region(Id region, Client* leaver = nullptr);
  Result<void> write_journal(const Events& events);
  Result<void> rewrite_journal();
  // Succeeds if the journal is whole, or could be made so. Nothing is granted otherwise.
  Result<void> mend_journal();
  void mend_journal_later(const Error& error);

  // server_news.cpp: what clients are told; never waits for any
  template <class Send>
  wire::Outcome send_to(Client& client, const Send& send);
  wire::Outcome flush(Client& client);
  [[nodiscard]] wire::Outcome reply(Client& client, Parcel parcel);
  wire::Outcome send_word(Client& client, const Parcel& word);
  void push(Client& client, Id connection, std::uint32_t index, const Parcel& news);
  void push_came(Client& client, Id connection, const Attached& newcomer, UniqueFd listen, UniqueFd ring);
  void tell_went(const Detached& detached);
  Parcel came(Id connection, const Attached& newcomer, UniqueFd listen, UniqueFd ring) const;
  // flag: resting or paused. It is cleared after that time if the client is still there.
  void set_for(Client& client, bool Client::*flag, std::chrono::milliseconds time);
  void miss(Client& client, Id connection, std::uint32_t indices, wire::Outcome why);
  bool catch_up(Client& client);
  wire::Outcome catch_up(Client& client, Id connection, std::uint32_t& indices);
  void update_interest(Client& client);

  // server_clients.cpp
  void accept_client(UniqueFd socket, Id vm);
  void client_ready(int fd, std::uint32_t events);
  bool receive_one(Client& client);
  bool handle(Client& client, const wire::Message& message);
  bool hello(Client& client, const wire::Hello& message);
  bool resume(Client& client, const wire::Hello& message);
  std::optional<Principal> principal_of(Client& client, std::string who);
  void cut_off(int fd);
  void sweep();
  // What was decided about a client's wish. Views live for the call.
  struct Decision {
    std::string_view event;                 // as in schemas/log.schema.json
    std::string_view verdict;               // "granted", "refused"
    std::string_view name{};                // of the region, as asked for
    std::string_view host_name{};           // and after substitution
    std::string_view place{};               // of the rule or limit that refused
    std::optional<std::uint32_t> status{};  // as the client is told
    std::optional<std::uint32_t> index{};
    std::optional<bool> writable{};
  };
  // "granted" has a budget of its own, so that a busy client does not hide what is refused to it.
  bool may_log(const Client& client, std::string_view verdict, bool& last);
  void log_for(const Client& client, const Decision& decision, const std::string& text);
  void log_refusal(const Client& client, std::string_view event, const std::string& text);
  Client* client_of(Id session);
  std::string name_of(const Client& client) const;

  // server_attach.cpp
  bool attach(Client& client, const wire::Attach& request);
  bool attach_now(Client& client, const wire::Attach& request, Result<ReservedMemory> memory);
  void tell_working(int fd, Id session, Reservations::Number reservation, std::uint32_t serial);
  Result<std::vector<PeerLink>> prepare(Client& client, const wire::Attach& request,
                                        const AttachOutcome& outcome, ReservedMemory memory);
  Result<void> answer_attach(Client& client, const wire::Attach& request, const Attached& mine,
                             std::vector<PeerLink> links);
  bool detach(Client& client, const wire::Detach& request);

  // server_admin.cpp
  void accept_admin(UniqueFd socket, Id);
  void admin_ready(int fd, std::uint32_t events);
  struct AdminAnswer {
    Result<std::string> text;
    bool same = false;
    std::function<void()> undo{};
  };
  bool receive_admin(int fd, AdminClient& admin);
  void drop_admin(int fd);
  AdminAnswer carry_out_admin(admin_wire::Op op, std::string_view argument, MemoryInHand& in_hand);
  bool answer_admin(int fd, AdminClient& admin, admin_wire::Op op, AdminAnswer answer);
  bool flush_admin(int fd, AdminClient& admin);
  void tell_admin_working(int fd, Id number, Reservations::Number reservation);
  Result<std::string> remove_vm(std::string_view name);
  Result<std::string> remove_region(std::string_view name);
  std::string count_clients(std::string_view region) const;

  // server_admin_add.cpp
  struct MemoryNeeds {
    std::string what;  // for messages
    std::vector<MemorySpec> memory{};
  };
  MemoryNeeds needs_of(admin_wire::Op op, std::string_view argument);
  void reserve_for_admin(int fd, AdminClient& admin, std::string request, MemoryNeeds needs);
  AdminAnswer add_vm(std::string_view policy, MemoryInHand& in_hand);
  AdminAnswer add_region(std::string_view region, MemoryInHand& in_hand);

  ServerOptions x_options;
  std::unique_ptr<EventLoop> x_loop;
  UniqueFd x_runtime_directory;
  UniqueFd x_directory;  // RUN/regiond; locked as long as we run
  UniqueFd x_admin_listener;
  UniqueFd x_host_listener;
  std::map<Id, UniqueFd> x_vm_listeners;
  KeeperLink x_keeper;
  std::vector<KeeperKey> x_dropped;  // what the keeper has not been told to drop yet
  bool x_settling = false;           // settle_with_keeper() is due
  std::optional<Journal> x_journal;
  std::string x_journal_trouble;                         // why it could not be written last
  std::chrono::steady_clock::time_point x_journal_rest;  // before that, trying again is not worth it
  RetryPause x_journal_retry{{.first = std::chrono::milliseconds(100), .most = std::chrono::seconds(10)}};
  bool x_mending = false;  // mend_journal() is due
  Manager x_manager;
  RegionStore x_store;
  std::map<int, std::unique_ptr<Client>> x_clients;
  wire::Message x_message;  // of the client whose turn it is
  std::map<Id, Client*> x_by_session;
  std::set<int> x_doomed;  // clients to cut off once the present message is done with
  std::map<int, AdminClient> x_admins;
  Id x_last_admin = 0;
  Orphans x_orphans;
  LogBudget x_log_budget;
  UniqueFd x_spare;            // given up to refuse a connection when there are no descriptors left
  UniqueFd x_removal;          // inotify of the runtime directory
  bool x_unreachable = false;  // our directory was removed: nobody will find us any more
  // Five deaths in a row cost nothing; somebody who kills keepers on purpose has to wait.
  RetryPause x_keeper_retry{{.at_once = 5}};
  bool x_had_visitors = false;  // before the first, being idle is no reason to end
  bool x_idle_end = false;
  Chores x_chores;
  std::optional<Reservations> x_reservations;  // last: its threads use the loop
};

// Keys under which the keeper holds things: by the number of what they belong to.
enum class KeptKind : KeeperKey { data = 0, page = 1, listener = 2 };
inline KeeperKey kept_key(Id id, KeptKind kind) {
  return id * 4 + static_cast<KeeperKey>(kind);
}
// Numbers start at 1, so this one and kKeptHostListener are free.
inline constexpr KeeperKey kKeptAdminListener = 0;

// For `qvm regions --json`; schemas/regions.schema.json.
std::string describe_as_json(const Manager& manager, const RegionStore& store);

std::int64_t unix_time();

}  // namespace qvm::regions
