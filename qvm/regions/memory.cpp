// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/memory.h"

#include <fcntl.h>
#include <sys/eventfd.h>
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
  std::array<char, 40> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", memory);
  UniqueFd opened(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!opened) return fail_errno("open a descriptor anew through /proc");
  return opened;
}

Result<Doorbell> make_doorbell() {
  UniqueFd listen(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!listen) return fail_errno("create a doorbell");
  UniqueFd ring(::fcntl(listen.get(), F_DUPFD_CLOEXEC, 0));
  if (!ring) return fail_errno("create a doorbell");
  return Doorbell{std::move(ring), std::move(listen)};
}

}  // namespace qvm::regions
