// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/wire/wire.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "qvm/base/passed_descriptors.h"
#include "qvm/base/unix_socket.h"

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
  if (descriptors.size() > kMaxDescriptors) return Outcome::malformed;
  switch (send_passing(socket, message, descriptors)) {
    case 0:
      return Outcome::done;
    case EAGAIN:
      return Outcome::would_block;
    case ETOOMANYREFS:
    case ENOBUFS:
    case ENOMEM:
      return Outcome::no_room;
    default:
      return Outcome::closed;
  }
}

namespace {

bool is_whole(const Message& message) {
  return message.size >= sizeof(Header) && message.header().magic == kMagic &&
         message.header().version == kVersion && message.header().size == message.size;
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
  const int flags = wait == Wait::no ? MSG_DONTWAIT : 0;
  Passed passed = receive_passed(socket, message.bytes, max_descriptors, flags);
  while (passed.bytes < 0) {
    if (passed.code == EINTR && wait == Wait::patiently) return Outcome::would_block;
    if (passed.code != EINTR) return passed.code == EAGAIN ? Outcome::would_block : Outcome::closed;
    passed = receive_passed(socket, message.bytes, max_descriptors, flags);
  }
  if (passed.bytes == 0) return Outcome::closed;
  message.size = static_cast<std::size_t>(passed.bytes);
  if (passed.cut || !is_whole(message)) return Outcome::malformed;
  if (passed.descriptors.size() > max_descriptors || (passed.lost && max_descriptors == 0))
    return Outcome::malformed;
  if (passed.lost) return Outcome::done;
  for (UniqueFd& descriptor : passed.descriptors)
    message.descriptors[message.descriptor_count++] = std::move(descriptor);
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

Result<UniqueFd> connect_to(const std::string& path) {
  return connect_unix(path, SOCK_SEQPACKET | SOCK_NONBLOCK);
}

}  // namespace qvm::regions::wire
