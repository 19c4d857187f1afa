// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-regiond without its main(): sockets around a Manager, on one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/regions/keeper/keeper.h"
#include "qvm/regions/model/manager.h"
#include "qvm/regions/server/reservations.h"

namespace qvm::regions {

// How many sockets may be connected at once; a VM's are bounded by what its vdevs need.
struct SocketLimits {
  std::size_t own = 1024;  // programs of the limits' owner
  std::size_t of_another_user = 64;
  std::size_t of_all_programs = 4096;
};

// Under which the keeper holds the socket that host programs connect to.
inline constexpr KeeperKey kKeptHostListener = 1;

struct ServerOptions {
  std::string runtime_directory;  // made if it does not exist
  UniqueFd keeper;                // this end of the link; empty: nothing survives
  // The keeper was given the host programs' socket by a service manager, whose it stays.
  bool host_socket_is_given = false;
  // Starts a keeper for a link whose keeper has died; may be empty.
  StartRegiond start_keeper;
  Limits limits;
  SocketLimits sockets;
  // Makes the memory of big regions, beside the loop.
  Reservations::Reserve reserve = reserve_memory;
  // How often whoever waits for memory is told that it is under way.
  std::chrono::milliseconds word{500};
};

class Server {
 public:
  enum class End { idle, stopped };

  // Takes over from a qvm-regiond that died, if the journal and the keeper say so, and listens. Fails with
  // code() EWOULDBLOCK if another one serves the directory.
  static Result<std::unique_ptr<Server>> create(ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Returns when nothing is registered and nobody is connected (everything is removed then), or after stop().
  Result<End> run();
  // From any thread or signal watcher.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> x_impl;
};

}  // namespace qvm::regions
