// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Attaching and detaching at the request of a client.
#include <algorithm>
#include <utility>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {
namespace {

std::string_view name_in(const wire::Attach& request) {
  return {request.name.data(), std::min<std::size_t>(request.name_size, request.name.size())};
}

}  // namespace

bool Server::Impl::attach(Client& client, const wire::Attach& request) {
  const Judgement judgement = x_manager.judge(client.session, name_in(request), request.pages);
  const std::uint64_t bytes = std::uint64_t{request.pages} * kPageBytes;
  const bool slow = judgement.refusal == Refusal::none && judgement.region == 0 && bytes > kQuickBytes &&
                    mend_journal().has_value();
  if (!slow) return attach_now(client, request, ReservedMemory());

  const int fd = client.socket.get();
  const Id session = client.session;
  client.reservation = x_reservations->start(
      client.key, {{label_of(judgement.host_name), bytes}},
      [this, fd, session, request, bytes](Result<Reservations::Memories> memories) {
        Client* waiting = client_of(session);
        if (waiting == nullptr || waiting->socket.get() != fd || waiting->reservation == 0) {
          if (memories) x_chores.free_memory(std::move(memories->front().file), bytes);
          return;
        }
        waiting->reservation = 0;
        Result<ReservedMemory> memory;
        if (memories) {
          memory = std::move(memories->front());
        } else {
          memory = tl::unexpected(std::move(memories.error()));
        }
        if (!attach_now(*waiting, request, std::move(memory))) x_doomed.insert(fd);
        update_interest(*waiting);
        sweep();
      });
  update_interest(client);
  tell_working(fd, session, client.reservation, request.header.serial);
  return true;
}

// A client has patience as long as it hears something: no size within its bounds takes too long.
void Server::Impl::tell_working(int fd, Id session, Reservations::Number reservation, std::uint32_t serial) {
  x_loop->after(x_options.word, [this, fd, session, reservation, serial] {
    Client* waiting = client_of(session);
    if (waiting == nullptr || waiting->socket.get() != fd || waiting->reservation != reservation) return;
    wire::Working message;
    const Parcel word(wire::prepare(message, serial));
    // One that does not read it does not wait for it.
    if (send_word(*waiting, word) == wire::Outcome::closed) x_doomed.insert(fd);
    tell_working(fd, session, reservation, serial);
    sweep();
  });
}

// memory: for the region, if one must be made; empty: make it here.
bool Server::Impl::attach_now(Client& client, const wire::Attach& request, Result<ReservedMemory> memory) {
  const std::string name(name_in(request));
  const auto refuse = [&](Status status, const std::string& why, const Judgement& judgement = {}) {
    log_for(client,
            {.event = "attach",
             .verdict = "refused",
             .name = name,
             .host_name = judgement.host_name,
             .place = judgement.place,
             .status = static_cast<std::uint32_t>(status)},
            "attach to '" + name + "' refused: " + why);
    wire::AttachReply message;
    message.status = static_cast<std::uint32_t>(status);
    return reply(client, Parcel(wire::prepare(message, request.header.serial))) == wire::Outcome::done;
  };
  if (!memory) return refuse(Status::no_memory, memory.error().message());
  if (auto mended = mend_journal(); !mended) {
    const Judgement judgement = x_manager.judge(client.session, name, request.pages);
    if (judgement.refusal == Refusal::none) return refuse(Status::no_memory, mended.error().message());
  }
  AttachOutcome outcome = x_manager.attach(client.session, name, request.pages, request.mode, unix_time());
  if (!outcome.created)
    x_chores.free_memory(std::move(memory->file), std::uint64_t{request.pages} * kPageBytes);
  if (outcome.status != Status::ok) return refuse(outcome.status, explain(outcome), outcome);

  const Attached mine = x_manager.connections().at(outcome.connection);
  auto links = prepare(client, request, outcome, std::move(*memory));
  if (links) {
    if (auto granted = grant(outcome.events); !granted) links = tl::unexpected(std::move(granted.error()));
  }
  if (!links) {
    x_store.take_client(mine.id);
    // Not in the journal, never seen by anybody.
    if (outcome.created) discard_region(mine.region);
    [[maybe_unused]] const Events undone = x_manager.detach(client.session, mine.id);
    return refuse(Status::no_memory, links.error().message());
  }
  if (auto answered = answer_attach(client, request, mine, std::move(*links)); !answered) {
    carry_out(x_manager.detach(client.session, mine.id));
    return refuse(Status::no_memory, answered.error().message());
  }
  log_for(client,
          {.event = "attach",
           .verdict = "granted",
           .name = name,
           .host_name = outcome.host_name,
           .status = 0,
           .index = mine.index,
           .writable = mine.writable},
          "attached to '" + name + "', index " + std::to_string(mine.index) +
              (mine.writable ? "" : ", read-only") + (outcome.created ? ", which it made" : ""));
  return true;
}

// Everything that may fail for want of something, before anybody sees anything.
Result<std::vector<Server::Impl::PeerLink>> Server::Impl::prepare(Client& client, const wire::Attach& request,
                                                                  const AttachOutcome& outcome,
                                                                  ReservedMemory memory) {
  const Attached& mine = x_manager.connections().at(outcome.connection);
  const RegionState& region = x_manager.regions().at(mine.region);
  if (outcome.created) {
    SharedRegionPage page;
    if (client.spare_region_page.number == request.spare_region_page) {
      page = std::exchange(client.spare_region_page, {});
    }
    QVM_TRY(x_store.create_region(region.created, region.attached_mask(), client.session, std::move(memory),
                                  std::move(page)));
  }
  SharedClient page;
  if (client.spare_own_page.number == request.spare_own_page) page = std::exchange(client.spare_own_page, {});
  QVM_TRY(x_store.create_client(mine, region.slots, std::move(page)));
  std::vector<PeerLink> links;
  for (const Id slot : region.slots) {
    if (slot == 0 || slot == mine.id) continue;
    auto there = QVM_TRY(make_doorbell());
    auto back = QVM_TRY(make_doorbell());
    links.push_back({&x_manager.connections().at(slot), std::move(there), std::move(back)});
  }
  return links;
}

// Fails if the reply cannot be sent for want of something; the connection is then of no use.
Result<void> Server::Impl::answer_attach(Client& client, const wire::Attach& request, const Attached& mine,
                                         std::vector<PeerLink> links) {
  const SharedRegion& shared = *x_store.region(mine.region);
  const SharedClient& own = *x_store.client(mine.id);
  UniqueFd read_only;
  if (!mine.writable) {
    read_only = QVM_TRY(reopen_read_only(shared.data.get()));
  }
  wire::AttachReply message;
  message.index = mine.index;
  message.connection = mine.id;
  message.pages = x_manager.regions().at(mine.region).created.pages;
  message.writable = mine.writable ? 1 : 0;
  message.changes = shared.published.changes;
  message.generation = mine.generation;
  for (const PeerLink& link : links)
    message.peers[message.peer_count++] = {link.peer->index, link.peer->generation};
  message.region_page = shared.page.number;
  message.own_page = own.number;
  Parcel parcel(wire::prepare(message, request.header.serial));
  parcel.lend(mine.writable ? shared.data.get() : read_only.get());
  if (message.region_page != request.spare_region_page) parcel.lend(shared.page.read_only.get());
  if (message.own_page != request.spare_own_page) parcel.lend(own.page.get());
  for (PeerLink& link : links) {
    parcel.lend(x_store.client(link.peer->id)->page_read_only.get());
    parcel.give(std::move(link.from_peer.listen));
    parcel.give(std::move(link.to_peer.ring));
  }
  // Peers first: once the newcomer knows that it is attached, everybody it may signal has, or will find in
  // its socket, what it takes to notice, even if this process dies now.
  for (PeerLink& link : links) {
    // One that is away renews its links when it comes back.
    if (Client* peer = client_of(link.peer->session)) {
      push_came(*peer, link.peer->id, mine, std::move(link.to_peer.listen), std::move(link.from_peer.ring));
    }
  }
  switch (reply(client, std::move(parcel))) {
    case wire::Outcome::done:
      return {};
    case wire::Outcome::no_room:
      return fail("too many descriptors are under way");
    case wire::Outcome::would_block:
    case wire::Outcome::closed:
    case wire::Outcome::malformed:
    case wire::Outcome::descriptors:
      break;
  }
  return fail("it has hung up");
}

bool Server::Impl::detach(Client& client, const wire::Detach& request) {
  if (request.connection != 0) {
    carry_out(x_manager.detach(client.session, request.connection), &client);
  } else {
    const std::set<Id> all = x_manager.sessions().at(client.session).connections;
    for (const Id connection : all) carry_out(x_manager.detach(client.session, connection));
  }
  log_for(client, {.event = "detach", .verdict = "granted"},
          request.connection != 0 ? "detached from a region" : "detached from everything");
  wire::DetachReply message;
  message.connection = request.connection;
  return reply(client, Parcel(wire::prepare(message, request.header.serial))) == wire::Outcome::done;
}

}  // namespace qvm::regions
