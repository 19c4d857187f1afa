// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sending to one client without ever waiting for it.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "qvm/base/unique_fd.h"
#include "qvm/regions/wire/wire.h"

namespace qvm::regions {

// A message and the descriptors that go with it; some are lent by the caller until send() returns, some are
// its own.
class Parcel {
 public:
  explicit Parcel(std::span<const std::byte> message)
      : x_bytes(reinterpret_cast<const char*>(message.data()), message.size()) {}

  void lend(int fd) { x_fds.push_back(fd); }
  void give(UniqueFd fd) {
    x_fds.push_back(fd.get());
    x_owned.push_back(std::move(fd));
  }

 private:
  friend class Outbox;
  friend wire::Outcome send(int socket, const Parcel& parcel);
  bool own_all();

  std::string x_bytes;
  std::vector<int> x_fds;
  std::vector<UniqueFd> x_owned;
};

// Sends without waiting and without keeping anything.
wire::Outcome send(int socket, const Parcel& parcel);

// What the socket does not take at once waits here. The socket stays the caller's.
class Outbox {
 public:
  // done: sent, or waiting. Otherwise the parcel is gone.
  [[nodiscard]] wire::Outcome send(int socket, Parcel parcel);
  // When the socket can take more. done: nothing waits any more.
  [[nodiscard]] wire::Outcome flush(int socket);
  bool waiting() const { return !x_queue.empty(); }

 private:
  std::deque<Parcel> x_queue;
};

}  // namespace qvm::regions
