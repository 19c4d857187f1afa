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
  bool own_all();

  std::string x_bytes;
  std::vector<int> x_fds;
  std::vector<UniqueFd> x_owned;
};

// What the socket does not take at once waits here, up to a bound. The socket stays the caller's.
class Outbox {
 public:
  static constexpr std::size_t kMaxWaiting = 256;

  // False: the client has gone or does not read; cut it off.
  [[nodiscard]] bool send(int socket, Parcel parcel);
  // When the socket can take more. False as above.
  [[nodiscard]] bool flush(int socket);
  bool waiting() const { return !x_queue.empty(); }

 private:
  std::deque<Parcel> x_queue;
};

}  // namespace qvm::regions
