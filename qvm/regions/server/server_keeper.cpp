// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What is given to the keeper, and another keeper if there is none.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "qvm/base/unix_socket.h"
#include "qvm/regions/keeper/log.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {
namespace {

// The keeper's work is put off so that it has more of it at once.
constexpr std::chrono::milliseconds kKeeperPause{20};
constexpr std::size_t kMaxDropped = 64;

}  // namespace

void Server::Impl::keep(std::vector<KeptRef> descriptors) {
  if (!x_keeper.keep(descriptors)) return replace_keeper();
  settle_with_keeper_soon();
}

// There is no hurry: memory that matters was freed, and what the journal says is gone is gone.
void Server::Impl::drop_kept(std::vector<KeeperKey> keys) {
  if (x_keeper.fd() < 0) return;
  x_dropped.insert(x_dropped.end(), keys.begin(), keys.end());
  if (x_dropped.size() >= kMaxDropped) return settle_with_keeper();
  settle_with_keeper_soon();
}

void Server::Impl::settle_with_keeper_soon() {
  if (std::exchange(x_settling, true)) return;
  x_loop->after(kKeeperPause, [this] {
    x_settling = false;
    settle_with_keeper();
  });
}

void Server::Impl::settle_with_keeper() {
  const std::vector<KeeperKey> dropped = std::exchange(x_dropped, {});
  if (!x_keeper.drop(dropped)) return replace_keeper();
  x_keeper.ring();
}

std::vector<KeptRef> Server::Impl::everything_kept() const {
  std::vector<KeptRef> all;
  if (x_admin_listener) all.push_back({kKeptAdminListener, x_admin_listener.get()});
  if (x_host_listener) all.push_back({kKeptHostListener, x_host_listener.get()});
  for (const auto& [vm, listener] : x_vm_listeners)
    all.push_back({kept_key(vm, KeptKind::listener), listener.get()});
  for (const auto& [id, state] : x_manager.regions()) {
    const SharedRegion* region = x_store.region(id);
    if (region == nullptr) continue;
    all.push_back({kept_key(id, KeptKind::data), region->data.get()});
    all.push_back({kept_key(id, KeptKind::page), region->page.file.get()});
  }
  for (const auto& [id, state] : x_manager.connections()) {
    if (const SharedClient* client = x_store.client(id)) {
      all.push_back({kept_key(id, KeptKind::page), client->page.get()});
    }
  }
  return all;
}

Result<void> Server::Impl::watch_keeper() {
  // It never speaks after the start: readable means dead.
  return x_loop->watch(x_keeper.fd(), EPOLLIN, [this](std::uint32_t) { replace_keeper(); });
}

void Server::Impl::replace_keeper() {
  if (x_keeper.fd() < 0) return;
  x_loop->unwatch(x_keeper.fd());
  x_keeper.give_up();
  x_dropped.clear();
  if (!x_options.start_keeper) {
    log_line("the keeper has died; from here on nothing survives this process");
    return;
  }
  await_keeper("the keeper has died");
}

// Tries until there is one: what is to survive this process must not depend on how things are in a bad
// moment.
void Server::Impl::await_keeper(std::string why) {
  for (;;) {
    const auto pause = x_keeper_retry.failed(std::chrono::steady_clock::now());
    if (pause.count() != 0) {
      log_line(why + "; until there is another, nothing survives this process; the next try is in " +
               std::to_string(pause.count()) + " ms");
      x_loop->after(pause, [this] { try_keeper(); });
      return;
    }
    const auto started = start_keeper();
    if (started) return log_line(why + "; another one holds everything now");
    why = "a keeper cannot be had: " + started.error().message();
  }
}

void Server::Impl::try_keeper() {
  const auto started = start_keeper();
  if (started) return log_line("another keeper holds everything now");
  await_keeper("a keeper cannot be had: " + started.error().message());
}

Result<void> Server::Impl::start_keeper() {
  auto ends = QVM_TRY(make_socket_pair(SOCK_SEQPACKET));
  const auto started = x_options.start_keeper(std::move(ends.other));
  if (!started) return fail(started.error().message());
  KeeperLink link(std::move(ends.one), *started);
  auto filled = link.keep(everything_kept());
  if (filled) filled = link.serving();
  if (!filled) {
    link.give_up();
    return filled;
  }
  x_keeper = std::move(link);
  if (auto watched = watch_keeper(); !watched) {
    x_keeper.give_up();
    return watched;
  }
  return {};
}

}  // namespace qvm::regions
