// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/outbox.h"

#include <fcntl.h>

#include <utility>

#include "qvm/regions/wire.h"

namespace qvm::regions {
namespace {

wire::Outcome send_now(int socket, const std::string& bytes, const std::vector<int>& fds) {
  return wire::send(socket, std::as_bytes(std::span(bytes)), fds);
}

}  // namespace

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

bool Outbox::send(int socket, Parcel parcel) {
  if (x_queue.empty()) {
    const auto outcome = send_now(socket, parcel.x_bytes, parcel.x_fds);
    if (outcome == wire::Outcome::done) return true;
    if (outcome != wire::Outcome::would_block) return false;
  }
  if (x_queue.size() >= kMaxWaiting || !parcel.own_all()) return false;
  x_queue.push_back(std::move(parcel));
  return true;
}

bool Outbox::flush(int socket) {
  while (!x_queue.empty()) {
    const auto outcome = send_now(socket, x_queue.front().x_bytes, x_queue.front().x_fds);
    if (outcome == wire::Outcome::would_block) return true;
    if (outcome != wire::Outcome::done) return false;
    x_queue.pop_front();
  }
  return true;
}

}  // namespace qvm::regions
