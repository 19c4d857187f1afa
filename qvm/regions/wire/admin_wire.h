// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What whoever commands qvm-regiond, and it, say to each other on the admin socket: one packet per request,
// replies in one or more.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qvm::regions::admin_wire {

inline constexpr std::size_t kMaxRequestBytes = 128 * 1024;
inline constexpr std::size_t kMaxReplyPart = 32 * 1024;
inline constexpr char kEnds[] = "ends";

enum class Op : std::uint8_t {
  add_vm = 1,
  remove_vm,
  add_region,
  remove_region,
  describe,
  explain,
  clients,
  leave
};

// clients: the argument is a region's name; the answer is the number of its attachments, or nothing if there
// is no such region. leave: the answer is kEnds if qvm-regiond ends when this connection does.
// A client that hangs up before it has read the whole answer to an add_vm or add_region does not know what it
// has: the request is undone. The first byte of a request is the Op, the rest its argument. The first byte of
// a reply part is one of these.
enum class Answer : std::uint8_t {
  done = 1,
  failed,  // the text says why
  // add_vm: this VM is registered with this very policy; the text is its socket. add_region: the manifest has
  // this very region; the text says so.
  same,
  more  // another part follows; an empty one says that the request is under way
};

}  // namespace qvm::regions::admin_wire
