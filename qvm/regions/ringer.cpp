// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/ringer.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "qvm/base/unique_fd.h"

namespace qvm::regions {
namespace {

// The head of the completion ring that the kernel maps for us; what libaio knows, too.
struct CompletionRing {
  std::uint32_t id;
  std::uint32_t size;
  std::uint32_t head;
  std::uint32_t tail;
  std::uint32_t magic;
  std::uint32_t compatible_features;
  std::uint32_t incompatible_features;
  std::uint32_t header_length;
};
constexpr std::uint32_t kRingMagic = 0xa10a10a1;

void plain_ring(int eventfd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(eventfd, &one, sizeof one);
}

}  // namespace

struct Ringer::Context {
  aio_context_t id = 0;
  UniqueFd null;
  bool has_plain_ring = false;  // the completion ring can be emptied without a system call

  static std::unique_ptr<Context> make();
  bool ring(int eventfd) const;
  void forget_completions() const;
};

namespace {

// Destroying a context takes the kernel tens of milliseconds, so they are kept for the next user in this
// process, to its end.
template <class Context>
struct Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Context>> unused;  // guarded by mutex
};

}  // namespace

std::unique_ptr<Ringer::Context> Ringer::Context::make() {
  auto context = std::make_unique<Context>();
  context->null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!context->null || ::syscall(SYS_io_setup, 1, &context->id) != 0) return nullptr;
  const auto* completions = reinterpret_cast<const CompletionRing*>(context->id);
  context->has_plain_ring = completions->magic == kRingMagic && completions->incompatible_features == 0;
  return context;
}

bool Ringer::Context::ring(int eventfd) const {
  iocb request{};
  request.aio_lio_opcode = IOCB_CMD_PREAD;
  request.aio_fildes = static_cast<std::uint32_t>(null.get());
  request.aio_flags = IOCB_FLAG_RESFD;
  request.aio_resfd = static_cast<std::uint32_t>(eventfd);
  std::array<iocb*, 1> requests{&request};
  if (::syscall(SYS_io_submit, id, 1, requests.data()) != 1) return false;
  forget_completions();
  return true;
}

void Ringer::Context::forget_completions() const {
  if (has_plain_ring) {
    auto* completions = reinterpret_cast<CompletionRing*>(id);
    const std::atomic_ref tail(completions->tail);
    std::atomic_ref(completions->head).store(tail.load(std::memory_order_acquire), std::memory_order_release);
    return;
  }
  std::array<io_event, 4> events;
  timespec no_time{};
  ::syscall(SYS_io_getevents, id, 0, events.size(), events.data(), &no_time);
}

namespace {

template <class Context>
Pool<Context>& pool() {
  static auto* the_pool = new Pool<Context>;  // never destroyed: threads may ring until the very end
  return *the_pool;
}

}  // namespace

Ringer::Ringer() {
  {
    const std::lock_guard lock(pool<Context>().mutex);
    if (auto& unused = pool<Context>().unused; !unused.empty()) {
      x_context = std::move(unused.back());
      unused.pop_back();
    }
  }
  if (!x_context) x_context = Context::make();
}

Ringer::~Ringer() {
  if (!x_context) return;
  const std::lock_guard lock(pool<Context>().mutex);
  pool<Context>().unused.push_back(std::move(x_context));
}

void Ringer::ring(int eventfd) {
  if (x_context && x_context->ring(eventfd)) return;
  // After a fork() the child has the number of a context that it does not have.
  x_context = Context::make();
  if (!x_context || !x_context->ring(eventfd)) plain_ring(eventfd);
}

}  // namespace qvm::regions
