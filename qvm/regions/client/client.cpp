// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/client/client.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "qvm/base/wait_for.h"
#include "qvm/regions/client/client_connection.h"
#include "qvm/regions/wire/wire.h"

namespace qvm::regions {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSocketTag = 0;
constexpr std::chrono::milliseconds kDefaultDeadline{2000};
// Somewhat less, so that by then no deadline is over.
constexpr std::chrono::milliseconds kSocketPatience{1900};
// A qvm-regiond that hangs up again and again does not want us.
constexpr int kMaxReconnects = 8;

// Pages of a qvm-regiond of another version would be misunderstood in silence.
bool laid_out_as_here(const Mapping& mapping, std::uint32_t magic, std::size_t size) {
  struct Head {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t size;
  };
  const auto& head = *static_cast<const Head*>(mapping.data());
  return head.magic == magic && head.version == kPageVersion && head.size == size;
}

class SocketClient final : public Client {
 public:
  SocketClient(std::string path, std::string_view who) : x_path(std::move(path)), x_who(who) {}
  ~SocketClient() override;
  Result<void> start();

  int event_fd() const override { return x_epoll.get(); }
  void process() override;
  AttachResult attach(const AttachRequest& request, std::chrono::milliseconds deadline) override;
  void detach(Connection* connection) override;
  const std::vector<Connection*>& connections() const override { return x_view; }

 private:
  enum class Awaited { reply, lost, timeout };

  Result<void> open_session();
  Result<void> try_session();
  void lose_socket();
  Awaited send(std::span<const std::byte> message, Clock::time_point deadline);
  // Leaves the reply in x_message.
  // patience: the deadline is so much later after each word that the request is under way.
  Awaited await(wire::Type type, std::uint32_t serial, Clock::time_point deadline,
                std::chrono::milliseconds patience = {});
  void drain_socket();
  void dispatch();
  AttachResult take_attached(const wire::AttachReply& reply, const AttachRequest& request);
  void abandon(std::uint64_t connection);
  void release(std::uint64_t connection);
  ClientConnection* find(std::uint64_t id) const;
  static bool map_page(NumberedPage& page, std::uint64_t number, const UniqueFd& file,
                       Mapping::Access access);

  std::string x_path;
  std::string x_who;
  UniqueFd x_epoll;
  UniqueFd x_self;
  UniqueFd x_socket;
  std::uint64_t x_session = 0;
  bool x_welcomed = false;  // since the socket was connected
  bool x_hangs = false;     // did not answer in time and has said nothing since
  std::uint32_t x_serial = 0;
  Ringer x_ringer;
  std::vector<std::unique_ptr<ClientConnection>> x_connections;
  std::vector<Connection*> x_view;
  // Of the connection that was detached last, if the other end of the socket is still the same: it may have
  // them used again.
  NumberedPage x_spare_region_page;
  NumberedPage x_spare_own_page;
  wire::Message x_message;
};

SocketClient::~SocketClient() {
  const bool attached = !x_connections.empty();
  x_view.clear();
  x_connections.clear();
  // Closing the socket would do, if qvm-regiond could not die before it sees that; its successor would then
  // take us for attached as long as this process lives.
  if (attached) release(0);
}

// Tells qvm-regiond that the connection (0: every one) is gone, and returns when it knows or cannot be told.
// One that hangs is waited for once: a guest's reset, with QEMU's lock held, may have 64 connections to end.
void SocketClient::release(std::uint64_t connection) {
  if (x_socket) {
    wire::Detach request;
    request.connection = connection;
    const std::uint32_t serial = ++x_serial;
    const auto deadline = Clock::now() + (x_hangs ? std::chrono::milliseconds(0) : kDefaultDeadline);
    bool told = send(wire::prepare(request, serial), deadline) == Awaited::reply;
    // A qvm-regiond that is only just coming up reads it in its time.
    if (told && x_welcomed) {
      const Awaited outcome = await(wire::Type::detached, serial, deadline);
      told = outcome != Awaited::lost;
      if (outcome == Awaited::timeout) x_hangs = true;
    }
    if (told) return;
    lose_socket();
  }
  // The hello of the next session names what is left, which says the same.
  [[maybe_unused]] const auto opened = open_session();
}

Result<void> SocketClient::start() {
  x_epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!x_epoll) return fail_errno("create an epoll instance");
  x_self.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!x_self) return fail_errno("create an eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kDoorbellTag;
  if (::epoll_ctl(x_epoll.get(), EPOLL_CTL_ADD, x_self.get(), &event) != 0)
    return fail_errno("watch an eventfd");
  QVM_TRY(open_session());
  const auto deadline = Clock::now() + kDefaultDeadline;
  while (!x_welcomed) {
    switch (await(wire::Type::welcome, 0, deadline)) {
      case Awaited::reply:
        dispatch();
        break;
      case Awaited::lost:
        return fail(x_path + ": qvm-regiond refused the connection (its log says why)");
      case Awaited::timeout:
        return fail_errno(x_path + ": qvm-regiond does not answer", ETIMEDOUT);
    }
  }
  return {};
}

Result<void> SocketClient::open_session() {
  // It may die between the connect and the hello; its successor has the same listening socket.
  for (int attempt = 0;; ++attempt) {
    auto opened = try_session();
    if (opened || opened.error().code() != ECONNRESET || attempt == kMaxReconnects) return opened;
  }
}

Result<void> SocketClient::try_session() {
  auto socket = QVM_TRY(wire::connect_to(x_path));
  wire::Hello hello;
  hello.resume = x_session;
  std::memcpy(hello.who.data(), x_who.data(), std::min(x_who.size(), hello.who.size() - 1));
  for (const auto& connection : x_connections) {
    if (!connection->orphaned() && hello.count < wire::kMaxResumed)
      hello.connections[hello.count++] = connection->id();
  }
  if (wire::send(socket.get(), wire::prepare(hello, 0, wire::sent_size(hello))) != wire::Outcome::done) {
    return fail_errno(x_path + ": qvm-regiond hung up", ECONNRESET);
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kSocketTag;
  if (::epoll_ctl(x_epoll.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0)
    return fail_errno("watch a socket");
  QVM_TRY(wire::set_patience(socket.get(), kSocketPatience));
  x_socket = std::move(socket);
  x_welcomed = false;
  return {};
}

void SocketClient::lose_socket() {
  ::epoll_ctl(x_epoll.get(), EPOLL_CTL_DEL, x_socket.get(), nullptr);
  x_socket.reset();
  x_spare_region_page = {};
  x_spare_own_page = {};
}

SocketClient::Awaited SocketClient::send(std::span<const std::byte> message, Clock::time_point deadline) {
  for (;;) {
    const wire::Outcome outcome = wire::send(x_socket.get(), message);
    if (outcome == wire::Outcome::done) return Awaited::reply;
    if (outcome != wire::Outcome::would_block) return Awaited::lost;
    if (!wait_for(x_socket.get(), POLLOUT, deadline)) return Awaited::timeout;
  }
}

SocketClient::Awaited SocketClient::await(wire::Type type, std::uint32_t serial, Clock::time_point deadline,
                                          std::chrono::milliseconds patience) {
  // The reply is mostly the next to come, and no poll() is needed for it. But the patience of the socket is
  // counted anew with each message.
  auto wait = Clock::now() + kSocketPatience <= deadline ? wire::Wait::patiently : wire::Wait::no;
  for (;;) {
    switch (wire::receive(x_socket.get(), x_message, wire::kMaxDescriptors,
                          std::exchange(wait, wire::Wait::no))) {
      case wire::Outcome::done:
        x_hangs = false;
        if (x_message.type() == type && x_message.header().serial == serial) return Awaited::reply;
        if (x_message.as<wire::Working>() != nullptr && x_message.header().serial == serial)
          deadline = std::max(deadline, Clock::now() + patience);
        dispatch();
        break;
      case wire::Outcome::would_block:
        if (!wait_for(x_socket.get(), POLLIN, deadline)) return Awaited::timeout;
        break;
      case wire::Outcome::closed:
      case wire::Outcome::malformed:
      case wire::Outcome::descriptors:
      case wire::Outcome::no_room:
        return Awaited::lost;
    }
  }
}

ClientConnection* SocketClient::find(std::uint64_t id) const {
  for (const auto& connection : x_connections) {
    if (connection->id() == id && !connection->orphaned()) return connection.get();
  }
  return nullptr;
}

void SocketClient::dispatch() {
  auto& fds = x_message.descriptors;
  if (const auto* welcome = x_message.as<wire::Welcome>()) {
    x_welcomed = true;
    if (welcome->resumed == 0) {
      for (const auto& connection : x_connections) connection->orphan();
    }
    x_session = welcome->session;
  } else if (const auto* came = x_message.as<wire::Came>()) {
    ClientConnection* connection = find(came->connection);
    if (connection == nullptr || x_message.descriptor_count != 3) return;
    connection->add_peer(came->peer.index, came->peer.generation, std::move(fds[0]), std::move(fds[1]),
                         std::move(fds[2]));
  } else if (const auto* went = x_message.as<wire::Went>()) {
    if (ClientConnection* connection = find(went->connection)) {
      connection->remove_peer(went->peer.index, went->peer.generation);
    }
  } else if (const auto* roster = x_message.as<wire::Roster>()) {
    ClientConnection* connection = find(roster->connection);
    if (connection == nullptr || roster->peer_count > kMaxClients) return;
    std::array<ClientConnection::PeerName, kMaxClients> peers{};
    for (std::uint32_t i = 0; i < roster->peer_count; ++i) {
      peers[i] = {roster->peers[i].index, roster->peers[i].generation};
    }
    connection->keep_only(peers.data(), roster->peer_count);
  } else if (const auto* late = x_message.as<wire::AttachReply>()) {
    // Its deadline was over.
    if (late->status == 0) abandon(late->connection);
  }
}

void SocketClient::abandon(std::uint64_t connection) {
  wire::Detach request;
  request.connection = connection;
  // If it cannot be sent, the socket is as good as lost, and the next hello will not name the connection.
  if (wire::send(x_socket.get(), wire::prepare(request, ++x_serial)) != wire::Outcome::done) lose_socket();
}

void SocketClient::drain_socket() {
  while (x_socket) {
    switch (wire::receive(x_socket.get(), x_message, wire::kMaxDescriptors)) {
      case wire::Outcome::done:
        x_hangs = false;
        dispatch();
        break;
      case wire::Outcome::would_block:
        return;
      case wire::Outcome::closed:
      case wire::Outcome::malformed:
      case wire::Outcome::descriptors:
      case wire::Outcome::no_room:
        lose_socket();
        // Its successor has the same listening socket. Whoever never welcomed us would not do so now.
        if (x_welcomed) [[maybe_unused]]
          const auto opened = open_session();
        return;
    }
  }
}

void SocketClient::process() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(x_epoll.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    if (events[static_cast<std::size_t>(i)].data.u64 == kSocketTag) drain_socket();
  }
}

AttachResult SocketClient::attach(const AttachRequest& request, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  wire::Attach message;
  message.pages = request.pages;
  message.mode = request.mode;
  message.name_size = static_cast<std::uint32_t>(std::min<std::size_t>(request.name.size(), UINT32_MAX));
  std::memcpy(message.name.data(), request.name.data(), std::min(request.name.size(), message.name.size()));
  for (int attempt = 0; attempt <= kMaxReconnects; ++attempt) {
    if (!x_socket && !open_session()) return {};
    const std::uint32_t serial = ++x_serial;
    message.spare_region_page = x_spare_region_page.number;
    message.spare_own_page = x_spare_own_page.number;
    Awaited outcome = send(wire::prepare(message, serial), deadline);
    if (outcome == Awaited::reply) outcome = await(wire::Type::attached, serial, deadline, patience);
    if (outcome == Awaited::timeout) return {};
    if (outcome == Awaited::reply) {
      const auto* reply = x_message.as<wire::AttachReply>();
      return reply != nullptr ? take_attached(*reply, request) : AttachResult{};
    }
    lose_socket();
  }
  return {};
}

// False if it cannot; page is then as before.
bool SocketClient::map_page(NumberedPage& page, std::uint64_t number, const UniqueFd& file,
                            Mapping::Access access) {
  auto mapping = Mapping::map(file.get(), kPageBytes, access);
  if (!mapping) return false;
  page = {number, std::move(*mapping)};
  return true;
}

AttachResult SocketClient::take_attached(const wire::AttachReply& reply, const AttachRequest& request) {
  if (reply.status != 0) return {static_cast<Status>(reply.status), nullptr};
  const auto refuse = [&](Status status) -> AttachResult {
    abandon(reply.connection);
    return {status, nullptr};
  };
  auto& fds = x_message.descriptors;
  ClientConnection::Parts parts;
  parts.region_page = std::exchange(x_spare_region_page, {});
  parts.own_page = std::exchange(x_spare_own_page, {});
  const bool new_region_page = parts.region_page.number != reply.region_page;
  const bool new_own_page = parts.own_page.number != reply.own_page;
  const std::size_t first_peer = 1 + (new_region_page ? 1U : 0U) + (new_own_page ? 1U : 0U);
  if (reply.index >= kMaxClients || reply.peer_count >= kMaxClients ||
      x_message.descriptor_count != first_peer + 3 * std::size_t{reply.peer_count}) {
    return refuse(Status::no_memory);
  }
  if (new_region_page &&
      !map_page(parts.region_page, reply.region_page, fds[1], Mapping::Access::read_only)) {
    return refuse(Status::no_memory);
  }
  if (new_own_page &&
      !map_page(parts.own_page, reply.own_page, fds[first_peer - 1], Mapping::Access::read_write)) {
    return refuse(Status::no_memory);
  }
  if (!laid_out_as_here(parts.region_page.mapping, kRegionPageMagic, sizeof(RegionPage)) ||
      !laid_out_as_here(parts.own_page.mapping, kClientPageMagic, sizeof(ClientPage))) {
    return refuse(Status::unknown_failure);
  }
  parts.id = reply.connection;
  parts.name = request.name;
  parts.index = reply.index;
  parts.pages = reply.pages;
  parts.writable = reply.writable != 0;
  parts.changes = reply.changes;
  parts.data = std::move(fds[0]);
  parts.epoll = x_epoll.get();
  parts.self_event = x_self.get();
  parts.ringer = &x_ringer;
  auto connection = std::make_unique<ClientConnection>(std::move(parts));
  for (std::uint32_t i = 0; i < reply.peer_count; ++i) {
    UniqueFd* const ends = &fds[first_peer + std::size_t{3} * i];
    connection->meet_peer(reply.peers[i].index, reply.peers[i].generation, std::move(ends[0]),
                          std::move(ends[1]), std::move(ends[2]));
  }
  x_view.push_back(connection.get());
  x_connections.push_back(std::move(connection));
  return {Status::ok, x_view.back()};
}

void SocketClient::detach(Connection* connection) {
  const auto found = std::find_if(x_connections.begin(), x_connections.end(),
                                  [connection](const auto& one) { return one.get() == connection; });
  if (found == x_connections.end()) return;
  const std::uint64_t id = (*found)->id();
  const bool orphaned = (*found)->orphaned();
  if (!orphaned && x_socket) {
    x_spare_region_page = (*found)->take_region_page();
    x_spare_own_page = (*found)->take_own_page();
  }
  std::erase(x_view, connection);
  x_connections.erase(found);
  if (!orphaned) release(id);
}

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(const std::string& socket_path, std::string_view who) {
  auto client = std::make_unique<SocketClient>(socket_path, who);
  QVM_TRY(client->start());
  return std::unique_ptr<Client>(std::move(client));
}

}  // namespace qvm::regions
