// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The files that clients of a region share: anonymous memory that no holder can resize, and doorbells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "qvm/base/mapping.h"
#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/regions/model/policy.h"

namespace qvm::regions {

// Less than this is reserved and freed in no time.
inline constexpr std::uint64_t kQuickBytes = std::uint64_t{1} << 20;

// Zeroed memory of this size, every page really reserved; its size and seals are fixed for good, and its mode
// is 0600, so that who gets a read-only descriptor cannot open it anew for writing. label shows in
// /proc/PID/maps. Fails with ENOMEM or ENOSPC if the host, or a control group of this process, cannot spare
// the memory; it is not even tried then. With HugePages::require bytes are whole huge pages, and the host's
// reserved pool must have as many. Any thread may call it.
// Once it is cancelled it fails soon.
Result<UniqueFd> create_memory(const char* label, std::uint64_t bytes, HugePages huge_pages = HugePages::none,
                               const std::stop_token& cancelled = {});

// The memory of a region.
struct MemorySpec {
  std::string label;
  std::uint64_t bytes = 0;
  Backing backing{};
};
struct ReservedMemory {
  UniqueFd file;
  Mapping locked;  // keeps it in memory if the backing says so; else empty
};
Result<ReservedMemory> reserve_memory(const MemorySpec& wanted, const std::stop_token& cancelled = {});
// Locks that memory for as long as the mapping lives. Fails beyond RLIMIT_MEMLOCK.
Result<Mapping> lock_memory(int memory, std::uint64_t bytes);
// kPageBytes with this at their start, as fixed. The mode is whatever: only who may write to it may have it
// before reopen_read_only().
Result<UniqueFd> create_page(const char* label, std::span<const std::byte> content);
// The label of a region's data.
inline std::string label_of(const std::string& region) {
  return "qvm-region:" + region;
}

// A second descriptor of the same memory, for reading only. From here on the memory's mode is 0600.
Result<UniqueFd> reopen_read_only(int memory);

// How one client wakes one other. The sender's end is an eventfd that nobody else has: its flags and its
// counter belong to the open file, so a receiver that had it too could make it blocking, fill it, and leave
// the sender waiting in its write. The receiver's end is an epoll instance that watches the eventfd: it
// becomes readable with each ring, and nothing of the eventfd can be reached through it. It is listened to by
// edge-triggered epoll only, so that nothing ever needs to be read.
struct Doorbell {
  UniqueFd ring;    // non-blocking; write 8 bytes
  UniqueFd listen;  // silent once all descriptors of `ring` are closed
};
Result<Doorbell> make_doorbell();

}  // namespace qvm::regions
