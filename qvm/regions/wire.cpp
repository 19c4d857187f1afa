// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/wire.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace qvm::regions::wire {

std::size_t sent_size(const Hello& hello) {
  return offsetof(Hello, connections) + std::size_t{hello.count} * sizeof(std::uint64_t);
}

template <>
const Hello* Message::as<Hello>() const {
  if (type() != Type::hello || size < offsetof(Hello, connections)) return nullptr;
  const auto* hello = reinterpret_cast<const Hello*>(bytes.data());
  return hello->count <= kMaxResumed && size == sent_size(*hello) ? hello : nullptr;
}

Outcome send(int socket, std::span<const std::byte> message, std::span<const int> descriptors) {
  iovec data{const_cast<std::byte*>(message.data()), message.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control{};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    if (descriptors.size() > kMaxDescriptors) return Outcome::malformed;
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Outcome::would_block;
    const bool no_room = errno == ETOOMANYREFS || errno == ENOBUFS || errno == ENOMEM;
    return no_room ? Outcome::no_room : Outcome::closed;
  }
  return Outcome::done;
}

namespace {

bool is_whole(const Message& message) {
  return message.size >= sizeof(Header) && message.header().magic == kMagic &&
         message.header().version == kVersion && message.header().size == message.size;
}

// Takes ownership of whatever came, so that nothing leaks if the message is refused.
bool take_descriptors(msghdr& header, Message& message, std::size_t max_descriptors) {
  bool fits = true;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      UniqueFd owned(fd);
      if (message.descriptor_count >= max_descriptors) {
        fits = false;
      } else {
        message.descriptors[message.descriptor_count++] = std::move(owned);
      }
    }
  }
  return fits;
}

void clear_descriptors(Message& message) {
  for (std::size_t i = 0; i < message.descriptor_count; ++i) message.descriptors[i].reset();
  message.descriptor_count = 0;
}

}  // namespace

Result<void> set_patience(int socket, std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const std::chrono::microseconds rest = patience - seconds;
  const timeval time{seconds.count(), rest.count()};
  if (::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0 ||
      ::fcntl(socket, F_SETFL, 0) != 0) {
    return fail_errno("set how long to wait for a socket");
  }
  return {};
}

Outcome receive(int socket, Message& message, std::size_t max_descriptors, Wait wait) {
  clear_descriptors(message);
  message.size = 0;
  iovec data{message.bytes.data(), message.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control;
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (max_descriptors > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * max_descriptors);
  }
  ssize_t got = 0;
  const int flags = MSG_CMSG_CLOEXEC | (wait == Wait::no ? MSG_DONTWAIT : 0);
  while ((got = ::recvmsg(socket, &header, flags)) < 0) {
    if (errno == EINTR && wait == Wait::patiently) return Outcome::would_block;
    if (errno == EINTR) continue;
    return errno == EAGAIN ? Outcome::would_block : Outcome::closed;
  }
  bool fits = take_descriptors(header, message, max_descriptors);
  if (got == 0) return Outcome::closed;
  message.size = static_cast<std::size_t>(got);
  const bool lost_some = (header.msg_flags & MSG_CTRUNC) != 0;
  if (lost_some) {
    clear_descriptors(message);
    fits = max_descriptors > 0;
  }
  if (!fits || (header.msg_flags & MSG_TRUNC) != 0 || !is_whole(message)) {
    clear_descriptors(message);
    return Outcome::malformed;
  }
  return Outcome::done;
}

Outcome receive_bytes(int socket, Message& message) {
  clear_descriptors(message);
  message.size = 0;
  iovec data{message.bytes.data(), message.bytes.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  ssize_t got = 0;
  while ((got = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_PEEK)) < 0) {
    if (errno == EINTR) continue;
    return errno == EAGAIN ? Outcome::would_block : Outcome::closed;
  }
  if ((header.msg_flags & MSG_CTRUNC) != 0) return Outcome::descriptors;
  if (got == 0) return Outcome::closed;
  message.size = static_cast<std::size_t>(got);
  if ((header.msg_flags & MSG_TRUNC) != 0 || !is_whole(message)) return Outcome::malformed;
  return ::recv(socket, nullptr, 0, MSG_DONTWAIT) < 0 ? Outcome::closed : Outcome::done;
}

Result<UniqueFd> connect_to(const char* path) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("create a socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  UniqueFd directory;
  if (std::strlen(path) < sizeof address.sun_path) {
    std::strcpy(address.sun_path, path);
  } else {
    const char* slash = std::strrchr(path, '/');
    if (slash == nullptr) return fail_errno("connect to a socket", ENAMETOOLONG);
    directory.reset(::open(std::string(path, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail_errno("open the directory of a socket");
    const int size = std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s",
                                   directory.get(), slash + 1);
    if (static_cast<std::size_t>(size) >= sizeof address.sun_path)
      return fail_errno("connect to a socket", ENAMETOOLONG);
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno(std::string("connect to ") + path);
  }
  return socket;
}

}  // namespace qvm::regions::wire
