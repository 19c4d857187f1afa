// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/vm_watch.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace qvm::cli {

using daemon::Reply;
using daemon::Request;

VmWatch::VmWatch(EventLoop& loop, daemon::RuntimePaths paths, DaemonConnection connection,
                 Ownership ownership, Hooks hooks)
    : x_loop(loop),
      x_paths(std::move(paths)),
      x_connection(std::move(connection)),
      x_ownership(ownership),
      x_hooks(std::move(hooks)) {}

VmWatch::~VmWatch() {
  if (x_connection) x_loop.unwatch(x_connection->fd());
}

bool VmWatch::watch_socket() {
  return x_loop.watch(x_connection->fd(), EPOLLIN, [this](std::uint32_t) { receive(); }).has_value();
}

Result<void> VmWatch::start(const Launch& launch) {
  Request request;
  request.operation = Request::Operation::start;
  for (const auto& plan : launch.plans) {
    x_names.push_back(plan.name);
    request.plans.push_back(plan::to_json(plan));
  }
  request.regions = launch.regions;
  request.libvirt_uri = launch.libvirt_uri;
  request.owned = x_ownership == Ownership::ours;
  QVM_TRY(x_connection->send(request));
  if (!watch_socket()) return fail("watch the connection to qvmd");
  return {};
}

void VmWatch::stop(std::uint32_t timeout_ms) {
  if (x_stopping || x_over || !x_connection) return;
  x_stopping = true;
  x_stop_timeout_ms = timeout_ms;
  if (auto sent = ask_to_stop(); !sent) reconnect(sent.error().message());
}

Result<void> VmWatch::ask_to_stop() {
  Request request;
  if (x_started) {
    request.operation = Request::Operation::stop;
    request.names = names_left();
    request.timeout_ms = x_stop_timeout_ms;
  } else {
    request.operation = Request::Operation::cancel;
  }
  return x_connection->send(request);
}

// A new qvmd does not know those that had ended when it came.
std::vector<std::string> VmWatch::names_left() const {
  std::vector<std::string> left;
  for (const std::string& name : x_names) {
    const auto known = x_vms.find(name);
    if (known == x_vms.end() || !known->second.over()) left.push_back(name);
  }
  return left;
}

void VmWatch::receive() {
  while (x_connection && !x_over) {
    auto reply = x_connection->next();
    if (!reply) return reconnect(reply.error().message());
    if (!reply->has_value()) return;
    handle(**reply);
  }
}

void VmWatch::handle(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::welcome:
      return;
    case Reply::Kind::progress:
      x_hooks.progress(reply.text);
      return;
    case Reply::Kind::vm:
    case Reply::Kind::done:
      for (const auto& vm : reply.vms) take(vm);
      if (reply.kind == Reply::Kind::done && !std::exchange(x_started, true)) {
        // To be cancelled when it had just succeeded: then there is something to stop.
        if (x_stopping) {
          if (auto sent = ask_to_stop(); !sent) return reconnect(sent.error().message());
        } else {
          x_hooks.started();
        }
      }
      return check_end();
    case Reply::Kind::failed:
      // A stop that failed leaves VMs behind: that is not the end, but nothing more can be done from here.
      return fail_with(x_started || x_start_lost.empty() ? reply.text : x_start_lost);
  }
}

void VmWatch::take(const daemon::VmStatus& vm) {
  if (std::find(x_names.begin(), x_names.end(), vm.name) == x_names.end()) return;
  daemon::VmStatus& known = x_vms[vm.name];
  const bool same = known.name == vm.name && known.state == vm.state && known.resets == vm.resets &&
                    known.reason == vm.reason;
  known = vm;
  if (!same) x_hooks.news(vm);
}

void VmWatch::check_end() {
  if (!x_started || x_over || x_vms.size() != x_names.size()) return;
  const bool all = std::all_of(x_vms.begin(), x_vms.end(), [](const auto& vm) { return vm.second.over(); });
  if (!all) return;
  x_over = true;
  x_hooks.ended();
}

void VmWatch::reconnect(const std::string& why) {
  x_loop.unwatch(x_connection->fd());
  const int interrupt = x_connection->interrupt();
  x_connection.reset();
  // The VMs go on without qvmd; a new one finds them. A start that was not complete it takes away.
  if (!x_started) x_start_lost = "qvmd ended while it was starting the VMs (" + why + ")";
  auto connection = DaemonConnection::open(x_paths, interrupt);
  if (!connection) return fail_with(connection.error().message());
  x_connection = std::move(*connection);
  Request request;
  request.operation = x_stopping && x_started ? Request::Operation::stop : Request::Operation::watch;
  request.names = names_left();
  request.owned = x_ownership == Ownership::ours;
  request.timeout_ms = x_stop_timeout_ms;
  auto sent = x_connection->send(request);
  if (!sent || !watch_socket()) return fail_with("qvmd cannot be reached again");
}

void VmWatch::fail_with(const std::string& why) {
  if (std::exchange(x_over, true)) return;
  x_hooks.failed(why);
}

void VmWatch::leave() {
  if (!x_connection) return;
  x_loop.unwatch(x_connection->fd());
  x_connection->leave();
  x_connection.reset();
}

}  // namespace qvm::cli
