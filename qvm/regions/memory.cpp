// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "qvm/regions/host_memory.h"

namespace qvm::regions {
namespace {

// Less than this cannot make a difference to the host, and asking would cost more than the attach.
constexpr std::uint64_t kWorthAsking = std::uint64_t{1} << 20;

Result<UniqueFd> reopen(int fd, int flags) {
  std::array<char, 40> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  UniqueFd opened(::open(path.data(), flags | O_CLOEXEC));
  if (!opened) return fail_errno("open a descriptor anew through /proc");
  return opened;
}

}  // namespace

Result<UniqueFd> create_memory(const char* label, std::uint64_t bytes) {
  // The kernel gives what it has and then kills somebody; so ask first.
  if (bytes > kWorthAsking) {
    const auto spare = spare_memory();
    if (spare && bytes > *spare) return fail_errno("reserve memory", ENOMEM);
  }
  UniqueFd memory(::memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return fail_errno("create a memory file");
  // Reserving now turns a later SIGBUS in some client into an error here.
  if (::fallocate(memory.get(), 0, 0, static_cast<off_t>(bytes)) != 0) return fail_errno("reserve memory");
  if (::fchmod(memory.get(), 0600) != 0) return fail_errno("restrict a memory file");
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail_errno("seal a memory file");
  }
  return memory;
}

Result<UniqueFd> reopen_read_only(int memory) {
  return reopen(memory, O_RDONLY);
}

Result<Doorbell> make_doorbell() {
  // A pipe, not an eventfd: an eventfd is one open description for both sides, so that the receiver could
  // make it blocking, fill it and stop the sender. The ringing end is opened for reading and writing, as a
  // pipe with a reader never raises SIGPIPE.
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return fail_errno("create a doorbell");
  UniqueFd listen(ends[0]);
  const UniqueFd write_end(ends[1]);
  auto ring = reopen(write_end.get(), O_RDWR | O_NONBLOCK);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  return Doorbell{std::move(*ring), std::move(listen)};
}

}  // namespace qvm::regions
