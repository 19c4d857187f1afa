// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Messages between clients and qvm-regiond: SOCK_SEQPACKET, one message per packet, descriptors by
// SCM_RIGHTS. Both ends are on one machine; numbers are in its byte order. docs/region-protocol.md describes
// the conversation.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/regions/wire/types.h"

namespace qvm::regions::wire {

inline constexpr std::uint32_t kMagic = 0x31524d51;  // "QMR1"
inline constexpr std::uint16_t kVersion = 2;
inline constexpr std::size_t kMaxMessageBytes = 4096;
inline constexpr std::size_t kMaxDescriptors = 3 + 3 * kMaxClients;
inline constexpr std::size_t kNameBytes = kMaxNameBytes + 1;  // one more than legal, to tell what is too long
inline constexpr std::size_t kMaxResumed = 256;               // connections of one session

enum class Type : std::uint16_t {
  // client to qvm-regiond
  hello = 1,
  attach = 2,
  detach = 3,
  // qvm-regiond to client
  welcome = 16,
  attached = 17,
  detached = 18,
  came = 19,
  went = 20,
  roster = 21,
  working = 22
};

struct Header {
  std::uint32_t magic = kMagic;
  std::uint16_t version = kVersion;
  std::uint16_t type = 0;
  std::uint32_t size = 0;    // of the whole message
  std::uint32_t serial = 0;  // of the request, repeated in its reply; else 0
};

// The first message of a client. After a restart of qvm-regiond it names the session it had and the
// connections it knows of; qvm-regiond believes its own journal and drops what the client does not name.
struct Hello {
  static constexpr Type kType = Type::hello;
  Header header;
  std::uint64_t resume = 0;  // 0: a new session
  std::array<char, kNameBytes> who{};
  std::uint32_t count = 0;
  std::uint32_t reserved = 0;
  std::array<std::uint64_t, kMaxResumed> connections{};  // sent up to count
};

struct Attach {
  static constexpr Type kType = Type::attach;
  Header header;
  std::uint32_t pages = 0;
  std::uint32_t mode = 0;
  std::uint32_t name_size = 0;  // above kNameBytes: too long, however long it was
  std::uint32_t reserved = 0;
  std::array<char, kNameBytes> name{};
  // Pages of an earlier attachment that the client still has mapped; 0: none.
  std::uint64_t spare_region_page = 0;
  std::uint64_t spare_own_page = 0;
};

struct Detach {
  static constexpr Type kType = Type::detach;
  Header header;
  std::uint64_t connection = 0;  // 0: every one of the session
};

struct Welcome {
  static constexpr Type kType = Type::welcome;
  Header header;
  std::uint64_t session = 0;
  std::uint32_t resumed =
      0;  // 0: what the client had is lost; it keeps what it has mapped, among those who have it
  std::uint32_t reserved = 0;
};

struct Peer {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

// Descriptors, if status is ok: data; region page (read-only) and own page, each unless it is the spare one
// that the request names; then for each peer in turn: its page (read-only), the doorbell to listen on, the
// doorbell to ring.
struct AttachReply {
  static constexpr Type kType = Type::attached;
  Header header;
  std::uint32_t status = 0;
  std::uint32_t index = 0;
  std::uint64_t connection = 0;
  std::uint64_t pages = 0;
  std::uint32_t writable = 0;
  std::uint32_t changes = 0;  // of the region page, my own attach included
  std::uint32_t generation = 0;
  std::uint32_t peer_count = 0;
  std::uint64_t region_page = 0;  // by these numbers the pages are known
  std::uint64_t own_page = 0;
  std::array<Peer, kMaxClients> peers{};
};

struct DetachReply {
  static constexpr Type kType = Type::detached;
  Header header;
  std::uint64_t connection = 0;
};

// Descriptors: the peer's page (read-only), the doorbell to listen on, the doorbell to ring. Also replaces
// the doorbells of a peer already known.
struct Came {
  static constexpr Type kType = Type::came;
  Header header;
  std::uint64_t connection = 0;
  Peer peer;
};

struct Went {
  static constexpr Type kType = Type::went;
  Header header;
  std::uint64_t connection = 0;
  Peer peer;
};

// Everybody attached besides me, after a restart: whoever is not in it has gone.
struct Roster {
  static constexpr Type kType = Type::roster;
  Header header;
  std::uint64_t connection = 0;
  std::uint32_t peer_count = 0;
  std::uint32_t reserved = 0;
  std::array<Peer, kMaxClients> peers{};
};

// The request of this serial is under way: the client waits on. Sent again and again until the reply.
struct Working {
  static constexpr Type kType = Type::working;
  Header header;
};

static_assert(sizeof(Header) == 16 && sizeof(Attach) == 80 && sizeof(Came) == 32);
static_assert(sizeof(Hello) <= kMaxMessageBytes && sizeof(AttachReply) <= kMaxMessageBytes);

enum class Outcome {
  done,
  would_block,
  closed,
  malformed,
  descriptors,  // receive_bytes() only: the message carries some, and is still in the socket
  no_room       // send() only: the kernel has no memory for it, or too many descriptors are under way
};

// A received message and its descriptors, which close with it.
struct Message {
  alignas(8) std::array<std::byte, kMaxMessageBytes> bytes{};
  std::size_t size = 0;
  std::array<UniqueFd, kMaxDescriptors> descriptors;
  std::size_t descriptor_count = 0;

  const Header& header() const { return *reinterpret_cast<const Header*>(bytes.data()); }
  Type type() const { return static_cast<Type>(header().type); }
  // Null unless the message is a T of exactly the right size (Hello: as long as its count says).
  template <class T>
  const T* as() const {
    static_assert(std::is_standard_layout_v<T> && std::is_trivially_copyable_v<T>);
    return type() == T::kType && size == sizeof(T) ? reinterpret_cast<const T*>(bytes.data()) : nullptr;
  }
};

template <>
const Hello* Message::as<Hello>() const;

// How many bytes of the hello are sent.
std::size_t sent_size(const Hello& hello);

// Sends one message without blocking and without SIGPIPE. Its header's type and size are filled in by
// prepare().
Outcome send(int socket, std::span<const std::byte> message, std::span<const int> descriptors = {});

template <class T>
std::span<const std::byte> prepare(T& message, std::uint32_t serial = 0, std::size_t size = sizeof(T)) {
  message.header.type = static_cast<std::uint16_t>(T::kType);
  message.header.size = static_cast<std::uint32_t>(size);
  message.header.serial = serial;
  return std::as_bytes(std::span(&message, 1)).first(size);
}

// How long receive() waits.
enum class Wait { no, patiently };
// Sets how long a receive() that waits does so; the socket becomes a blocking one.
Result<void> set_patience(int socket, std::chrono::milliseconds patience);

// Receives one message; patiently: waits for one, and may return would_block any time before its patience
// ends, after a signal. A packet that is not a whole message of this version, or carries more than
// max_descriptors descriptors, is malformed; its descriptors are closed. If this process has no room for the
// descriptors of a message (EMFILE), the message comes without any: the caller compares descriptor_count.
Outcome receive(int socket, Message& message, std::size_t max_descriptors, Wait wait = Wait::no);

// The same from a sender that is not trusted and has no business sending descriptors. Such a message is left
// where it is, as taking it would mean closing them, which can wait for as long as the sender likes.
Outcome receive_bytes(int socket, Message& message);

// connect_unix() to one of qvm-regiond's sockets. Non-blocking.
Result<UniqueFd> connect_to(const std::string& path);

}  // namespace qvm::regions::wire
