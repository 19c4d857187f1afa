// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/passed_descriptors.h"

#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace qvm {
namespace {

constexpr std::size_t room_for(std::size_t descriptors) {
  return CMSG_SPACE(sizeof(int) * descriptors);
}

}  // namespace

int send_passing(int socket, std::span<const std::byte> data, std::span<const int> descriptors) {
  assert(descriptors.size() <= kMaxPassed);
  iovec whole{const_cast<std::byte*>(data.data()), data.size()};
  alignas(cmsghdr) std::array<char, room_for(kMaxPassed)> control{};
  msghdr header{};
  header.msg_iov = &whole;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = room_for(descriptors.size());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

Passed receive_passed(int socket, std::span<std::byte> data, std::size_t most, int flags) {
  assert(most <= kMaxPassed);
  iovec whole{data.data(), data.size()};
  alignas(cmsghdr) std::array<char, room_for(kMaxPassed)> control;
  msghdr header{};
  header.msg_iov = &whole;
  header.msg_iovlen = 1;
  if (most > 0) {
    header.msg_control = control.data();
    header.msg_controllen = room_for(most);
  }
  Passed passed;
  passed.bytes = ::recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
  if (passed.bytes < 0) {
    passed.code = errno;
    return passed;
  }
  passed.cut = (header.msg_flags & MSG_TRUNC) != 0;
  passed.lost = (header.msg_flags & MSG_CTRUNC) != 0;
  // All that came are owned, so that none leaks if the message is refused.
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      passed.descriptors.emplace_back(fd);
    }
  }
  return passed;
}

}  // namespace qvm
