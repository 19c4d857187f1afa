// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/memory.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "qvm/regions/server/host_memory.h"
#include "qvm/regions/wire/types.h"

namespace qvm::regions {
namespace {

// Several threads may ask what is spare before any has taken its part of it.
std::atomic<std::uint64_t> being_reserved = 0;

// What is left beside the big ones that are under way.
std::optional<std::uint64_t> spare_for_little() {
  const auto spare = spare_memory();
  if (!spare) return spare;
  const std::uint64_t reserved = being_reserved;
  return *spare - std::min(*spare, reserved);
}

bool take_little(std::uint64_t bytes) {
  static SmallChange change(spare_for_little);
  return change.take(bytes, std::chrono::steady_clock::now());
}

// So much at a time, before anybody looks whether it is still wanted.
constexpr std::uint64_t kPart = std::uint64_t{256} << 20;

// part(at, bytes) does one; false once one has failed (errno says why) or it was cancelled.
template <class Part>
bool in_parts(std::uint64_t bytes, const std::stop_token& cancelled, const Part& part) {
  for (std::uint64_t at = 0; at < bytes; at += kPart) {
    if (cancelled.stop_requested()) {
      errno = ECANCELED;
      return false;
    }
    if (!part(at, std::min(kPart, bytes - at))) return false;
  }
  return true;
}

bool allocate(int memory, std::uint64_t bytes, const std::stop_token& cancelled) {
  return in_parts(bytes, cancelled, [memory](std::uint64_t at, std::uint64_t part) {
    int done = 0;
    while ((done = ::fallocate(memory, 0, static_cast<off_t>(at), static_cast<off_t>(part))) != 0 &&
           errno == EINTR) {
    }
    return done == 0;
  });
}

// Takes huge pages where the kernel has some. Pages that it does not provide so are reserved as usual later.
void populate_with_huge_pages(int memory, std::uint64_t bytes, const std::stop_token& cancelled) {
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (mapped == MAP_FAILED) return;
  if (::madvise(mapped, bytes, MADV_HUGEPAGE) == 0) {
    in_parts(bytes, cancelled, [mapped](std::uint64_t at, std::uint64_t part) {
      return ::madvise(static_cast<char*>(mapped) + at, part, MADV_POPULATE_WRITE) == 0;
    });
  }
  ::munmap(mapped, bytes);
}

Result<void> reserve(int memory, std::uint64_t bytes, HugePages huge_pages,
                     const std::stop_token& cancelled) {
  // The kernel gives what it has and then kills somebody; so ask first.
  const bool ask = bytes > kQuickBytes;
  const std::uint64_t wanted = ask ? being_reserved += bytes : 0;
  const auto spare = ask ? spare_memory() : std::nullopt;
  // Reserving now turns a later SIGBUS in some client into an error here.
  const bool possible = ask ? !spare || wanted <= *spare : take_little(bytes);
  // The size first: one beyond RLIMIT_FSIZE need not be begun.
  bool done = possible && ::ftruncate(memory, static_cast<off_t>(bytes)) == 0;
  if (done && huge_pages == HugePages::advise) populate_with_huge_pages(memory, bytes, cancelled);
  done = done && allocate(memory, bytes, cancelled);
  const int code = possible ? errno : ENOMEM;
  if (ask) being_reserved -= bytes;
  return done ? Result<void>() : fail_errno("reserve memory", code);
}

Result<UniqueFd> create_file(const char* label) {
  UniqueFd memory(::memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return fail_errno("create a memory file");
  return memory;
}

Result<UniqueFd> create_of_huge_pages(const char* label, std::uint64_t bytes,
                                      const std::stop_token& cancelled) {
  UniqueFd memory(::memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_HUGE_2MB));
  if (!memory) return fail_errno("this kernel gives no huge pages of 2 MiB");
  if (!allocate(memory.get(), bytes, cancelled)) {
    return fail_errno("reserve " + std::to_string(bytes / kHugePageBytes) +
                      " huge pages of 2 MiB (raise the sysctl vm.nr_hugepages, or say 'huge-pages: advise')");
  }
  return memory;
}

Result<void> restrict(int memory) {
  return ::fchmod(memory, 0600) == 0 ? Result<void>() : fail_errno("restrict a memory file");
}

Result<UniqueFd> sealed(Result<UniqueFd> memory) {
  if (::fcntl(memory->get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail_errno("seal a memory file");
  }
  return memory;
}

Result<UniqueFd> create_reserved(const char* label, std::uint64_t bytes, HugePages huge_pages,
                                 const std::stop_token& cancelled) {
  if (huge_pages == HugePages::require) return create_of_huge_pages(label, bytes, cancelled);
  auto memory = create_file(label);
  if (!memory) return memory;
  QVM_TRY(reserve(memory->get(), bytes, huge_pages, cancelled));
  return memory;
}

}  // namespace

Result<UniqueFd> create_memory(const char* label, std::uint64_t bytes, HugePages huge_pages,
                               const std::stop_token& cancelled) {
  auto memory = create_reserved(label, bytes, huge_pages, cancelled);
  if (!memory) return memory;
  QVM_TRY(restrict(memory->get()));
  return sealed(std::move(memory));
}

Result<Mapping> lock_memory(int memory, std::uint64_t bytes) {
  auto mapping = Mapping::map(memory, bytes, Mapping::Access::read_only);
  if (!mapping) return mapping;
  if (::mlock(mapping->data(), bytes) != 0) {
    const int code = errno;
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    const std::string most =
        limit.rlim_cur == RLIM_INFINITY ? "without limit" : std::to_string(limit.rlim_cur) + " bytes";
    return fail_errno("lock " + std::to_string(bytes) +
                          " bytes into memory (RLIMIT_MEMLOCK of qvm-regiond is " + most + ")",
                      code);
  }
  return mapping;
}

Result<ReservedMemory> reserve_memory(const MemorySpec& wanted, const std::stop_token& cancelled) {
  auto file =
      QVM_TRY(create_memory(wanted.label.c_str(), wanted.bytes, wanted.backing.huge_pages, cancelled));
  ReservedMemory reserved{std::move(file), {}};
  if (wanted.backing.lock) {
    reserved.locked = QVM_TRY(lock_memory(reserved.file.get(), wanted.bytes));
  }
  return reserved;
}

Result<UniqueFd> create_page(const char* label, std::span<const std::byte> content) {
  if (!take_little(kPageBytes)) return fail_errno("reserve memory", ENOMEM);
  auto memory = create_file(label);
  if (!memory) return memory;
  std::array<std::byte, kPageBytes> page{};
  std::copy(content.begin(), content.end(), page.begin());
  // Sizes, reserves and fills it in one go.
  if (::pwrite(memory->get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size())) {
    return fail_errno("reserve memory");
  }
  return sealed(std::move(memory));
}

Result<UniqueFd> reopen_read_only(int memory) {
  QVM_TRY(restrict(memory));
  std::array<char, 40> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", memory);
  UniqueFd opened(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!opened) return fail_errno("open a descriptor anew through /proc");
  return opened;
}

Result<Doorbell> make_doorbell() {
  UniqueFd ring(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  UniqueFd listen(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (!ring || !listen || ::epoll_ctl(listen.get(), EPOLL_CTL_ADD, ring.get(), &event) != 0) {
    return fail_errno("create a doorbell");
  }
  return Doorbell{std::move(ring), std::move(listen)};
}

}  // namespace qvm::regions
