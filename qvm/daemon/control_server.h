// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The control socket: clients come, are checked, ask and are told.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "qvm/base/event_loop.h"
#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/daemon/control/protocol.h"

namespace qvm::daemon {

// On the event loop's thread. Clients that there is no descriptor for are told so and hung up on.
class ControlServer {
 public:
  using ClientId = std::uint64_t;  // from 1, never used twice
  // The process at the other end, as the kernel tells it.
  using Peer = ucred;
  struct Hooks {
    std::function<void(ClientId, Request)> request;
    std::function<void(ClientId)> gone;
    std::function<void(const Peer&)> refused;  // somebody of another uid
  };

  // Listens at path, which is made anew; only processes of our own uid are served.
  static Result<std::unique_ptr<ControlServer>> create(EventLoop& loop, std::string path,
                                                       std::string greeting, Hooks hooks);
  // Whether somebody listens at path.
  static bool answers(const std::string& path);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // To a client that is gone: no effect.
  void send(ClientId client, const Reply& reply);
  std::size_t clients() const { return x_clients.size(); }
  // Of a client that is there.
  Peer peer(ClientId client) const { return x_clients.at(client).peer; }
  // No new clients; the path is gone. Those who connected but were not greeted see the connection close and
  // know that they have to try again.
  void stop_listening();

 private:
  struct Client {
    UniqueFd socket;
    Peer peer{};
    FrameReader reader;
    std::string outgoing;  // bytes the socket has not taken yet
  };

  ControlServer(EventLoop& loop, std::string path, std::string greeting, Hooks hooks)
      : x_loop(loop), x_path(std::move(path)), x_greeting(std::move(greeting)), x_hooks(std::move(hooks)) {}
  void accept_client();
  // For a client that there is no descriptor for.
  void refuse_client();
  // False if there is no descriptor to be had.
  bool keep_spare();
  // Leaves the listener alone for a moment.
  void rest();
  void on_ready(ClientId id, std::uint32_t events);
  // False if the connection is over.
  bool receive(ClientId id);
  bool flush(Client& client);
  void drop(ClientId id);

  EventLoop& x_loop;
  std::string x_path;
  std::string x_greeting;
  Hooks x_hooks;
  UniqueFd x_listener;
  UniqueFd x_spare;  // a descriptor in reserve, of no other use
  std::optional<EventLoop::TimerId> x_resting;
  ClientId x_next = 1;
  std::map<ClientId, Client> x_clients;
};

}  // namespace qvm::daemon
