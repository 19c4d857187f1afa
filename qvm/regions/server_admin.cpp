// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Talking to qvmd.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "qvm/regions/admin_wire.h"
#include "qvm/regions/codec.h"
#include "qvm/regions/log.h"
#include "qvm/regions/server_impl.h"

namespace qvm::regions {
namespace {

using admin_wire::Answer;
using admin_wire::Op;

constexpr std::size_t kMaxPartsWaiting = 4096;

}  // namespace

void Server::Impl::accept_admin(UniqueFd socket, Id) {
  const auto peer = peer_of(socket.get());
  if (!peer || (peer->identity.uid != ::geteuid() && peer->identity.uid != 0)) {
    return log_line("an admin connection was refused: only this daemon's user and root may command it");
  }
  const int fd = socket.get();
  if (!x_loop->watch(fd, EPOLLIN, [this, fd](std::uint32_t events) { admin_ready(fd, events); })) return;
  x_admins.emplace(fd, AdminClient{std::move(socket), {}});
}

void Server::Impl::admin_ready(int fd, std::uint32_t events) {
  const auto found = x_admins.find(fd);
  if (found == x_admins.end()) return;
  AdminClient& admin = found->second;
  bool good = true;
  if ((events & EPOLLOUT) != 0) good = flush_admin(fd, admin);
  // One request at a time: the next is read when the answer to this one is out.
  if (good && admin.waiting.empty()) {
    std::string request(admin_wire::kMaxRequestBytes, '\0');
    const ssize_t got = ::recv(fd, request.data(), request.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got <= 0) {
      good = got < 0 && (errno == EAGAIN || errno == EINTR);
    } else if (static_cast<std::size_t>(got) > request.size()) {
      good = false;
    } else {
      request.resize(static_cast<std::size_t>(got));
      answer_admin(admin, request);
      good = flush_admin(fd, admin);
    }
  }
  if (!good) {
    x_loop->unwatch(fd);
    x_admins.erase(fd);
  }
  sweep();
}

bool Server::Impl::flush_admin(int fd, AdminClient& admin) {
  while (!admin.waiting.empty()) {
    const std::string& part = admin.waiting.back();
    if (::send(fd, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN && x_loop->modify(fd, EPOLLOUT).has_value();
    }
    admin.waiting.pop_back();
  }
  return x_loop->modify(fd, EPOLLIN).has_value();
}

void Server::Impl::answer_admin(AdminClient& admin, std::string_view request) {
  const auto op = static_cast<Op>(request.front());
  const std::string_view argument = request.substr(1);
  bool same = false;
  const auto carry_out_request = [&]() -> Result<std::string> {
    switch (op) {
      case Op::add_vm:
        return add_vm(argument, same);
      case Op::remove_vm:
        return remove_vm(argument);
      case Op::add_region:
        return add_region(argument);
      case Op::remove_region:
        return remove_region(argument);
      case Op::describe:
        return describe_as_json(x_manager, x_store);
      case Op::explain: {
        const auto question = decode_explain_request(argument);
        if (!question) return fail("the question is not one");
        return explain_as_json(x_manager, *question);
      }
      case Op::clients:
        return count_clients(argument);
    }
    return fail("qvm-regiond does not know this request");
  };
  const Result<std::string> result = carry_out_request();
  if (!result && op != Op::describe && op != Op::explain)
    process_log().write("admin", "refused: " + result.error().message(), {{"verdict", "refused"}});
  const Answer last = !result ? Answer::failed : same ? Answer::same : Answer::done;
  std::string_view text = result ? *result : result.error().message();
  std::vector<std::string> parts;
  do {
    const std::string_view piece = text.substr(0, admin_wire::kMaxReplyPart);
    text.remove_prefix(piece.size());
    const Answer answer = text.empty() ? last : Answer::more;
    parts.emplace_back(1, static_cast<char>(answer)).append(piece);
  } while (!text.empty() && parts.size() < kMaxPartsWaiting);
  admin.waiting.assign(std::make_move_iterator(parts.rbegin()), std::make_move_iterator(parts.rend()));
}

Result<std::string> Server::Impl::add_vm(std::string_view bytes, bool& same) {
  const auto policy = decode_policy(bytes);
  if (!policy) return fail("the policy is not one");
  auto path = vm_socket_path(policy->vm);
  if (!path) return path;
  if (const VmState* existing = x_manager.find_vm(policy->vm)) {
    same = encode(existing->added.policy) == bytes;
    if (same) return path;
  }
  if (auto mended = mend_journal(); !mended)
    return fail_from(std::move(mended), "register VM '" + policy->vm + "'");
  auto events = x_manager.add_vm(*policy, unix_time());
  if (!events) return tl::unexpected(std::move(events.error()));
  const auto undo = [this, &policy] {
    const auto undone = x_manager.remove_vm(policy->vm);
    for (const Event& event : undone.value_or(Events{})) {
      if (const auto* region = std::get_if<RegionDestroyed>(&event)) discard_region(region->id);
    }
  };
  if (auto made = make_memory(*events); !made) {
    undo();
    return fail_from(std::move(made), "make the regions of VM '" + policy->vm + "'");
  }
  const Id vm = x_manager.find_vm(policy->vm)->added.id;
  if (auto listening = listen_for_vm(vm, {}); !listening) {
    undo();
    return fail_from(std::move(listening), "make the socket of VM '" + policy->vm + "'");
  }
  if (auto granted = grant(*events); !granted) {
    undo();
    stop_listening_for_vm(vm, policy->vm);
    return fail_from(std::move(granted), "register VM '" + policy->vm + "'");
  }
  process_log().write("vm-added",
                      "VM '" + policy->vm + "' is registered, uid " + std::to_string(policy->uid) + ", gid " +
                          std::to_string(policy->gid),
                      {{"verdict", "granted"},
                       {"vm", policy->vm},
                       {"uid", std::int64_t{policy->uid}},
                       {"gid", std::int64_t{policy->gid}}});
  return path;
}

Result<std::string> Server::Impl::remove_vm(std::string_view name) {
  const VmState* vm = x_manager.find_vm(name);
  if (vm == nullptr) return fail("no VM named '" + std::string(name) + "' is registered");
  const Id id = vm->added.id;
  for (auto& [fd, client] : x_clients) {
    if (client->vm != id) continue;
    x_by_session.erase(client->session);
    client->session = 0;
    x_doomed.insert(fd);
  }
  for (auto orphan = x_orphans.begin(); orphan != x_orphans.end();) {
    if (x_manager.sessions().at(orphan->first).opened.principal.vm == id) {
      x_loop->unwatch(orphan->second.get());
      orphan = x_orphans.erase(orphan);
    } else {
      ++orphan;
    }
  }
  const auto events = x_manager.remove_vm(name);
  if (!events) return fail(events.error().message());
  carry_out(*events);
  stop_listening_for_vm(id, std::string(name));
  if (!x_journal->whole()) settle_with_keeper();
  process_log().write("vm-removed", "VM '" + std::string(name) + "' is no longer registered",
                      {{"verdict", "granted"}, {"vm", name}});
  return std::string();
}

Result<std::string> Server::Impl::add_region(std::string_view bytes) {
  const auto region = decode_region(bytes);
  if (!region) return fail("the region's description is not one");
  if (auto mended = mend_journal(); !mended)
    return fail_from(std::move(mended), "make region '" + region->name + "'");
  auto events = x_manager.add_region(*region, unix_time());
  if (!events) return tl::unexpected(std::move(events.error()));
  if (auto made = make_memory(*events); !made) {
    [[maybe_unused]] const auto undone = x_manager.remove_region(region->name);
    return fail_from(std::move(made), "make region '" + region->name + "'");
  }
  if (auto granted = grant(*events); !granted) {
    for (const Event& undone : x_manager.remove_region(region->name).value_or(Events{})) {
      if (const auto* destroyed = std::get_if<RegionDestroyed>(&undone)) discard_region(destroyed->id);
    }
    return fail_from(std::move(granted), "make region '" + region->name + "'");
  }
  process_log().write(
      "region-added",
      "region '" + region->name + "' of the manifest is made, " + std::to_string(region->bytes) + " bytes",
      {{"verdict", "granted"},
       {"region", region->name},
       {"uid", std::int64_t{region->owner}},
       {"gid", std::int64_t{region->group}},
       {"place", region->place}});
  return std::string();
}

std::string Server::Impl::count_clients(std::string_view region) const {
  const RegionState* found = x_manager.find_region(region);
  if (found == nullptr) return {};
  return std::to_string(std::popcount(found->attached_mask()));
}

Result<std::string> Server::Impl::remove_region(std::string_view name) {
  auto events = x_manager.remove_region(name);
  if (!events) return tl::unexpected(std::move(events.error()));
  carry_out(*events);
  process_log().write("region-removed",
                      "region '" + std::string(name) + "' is not held by a manifest any more",
                      {{"verdict", "granted"}, {"region", name}});
  return std::string();
}

}  // namespace qvm::regions
