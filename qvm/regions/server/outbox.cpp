// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/outbox.h"

#include <fcntl.h>

#include <utility>

namespace qvm::regions {
wire::Outcome send(int socket, const Parcel& parcel) {
  return wire::send(socket, std::as_bytes(std::span(parcel.x_bytes)), parcel.x_fds);
}

bool Parcel::own_all() {
  std::vector<UniqueFd> owned;
  for (int& fd : x_fds) {
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) return false;
    fd = copy.get();
    owned.push_back(std::move(copy));
  }
  x_owned = std::move(owned);
  return true;
}

wire::Outcome Outbox::send(int socket, Parcel parcel) {
  if (x_queue.empty()) {
    const auto outcome = regions::send(socket, parcel);
    if (outcome != wire::Outcome::would_block) return outcome;
  }
  if (!parcel.own_all()) return wire::Outcome::no_room;
  x_queue.push_back(std::move(parcel));
  return wire::Outcome::done;
}

wire::Outcome Outbox::flush(int socket) {
  while (!x_queue.empty()) {
    const auto outcome = regions::send(socket, x_queue.front());
    if (outcome != wire::Outcome::done) return outcome;
    x_queue.pop_front();
  }
  return wire::Outcome::done;
}

}  // namespace qvm::regions
