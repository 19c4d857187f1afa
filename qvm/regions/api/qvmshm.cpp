// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The C API of regions: a Client with at most one Connection, behind a mutex.
#include "qvm/regions/api/include/qvmshm.h"

#include <dlfcn.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include "qvm/base/mapping.h"
#include "qvm/base/runtime_place.h"
#include "qvm/regions/client/client.h"
#include "qvm/regions/client/start_regiond.h"

#define QVMSHM_EXPORT __attribute__((visibility("default")))

using qvm::Mapping;
using qvm::regions::AttachResult;
using qvm::regions::Client;
using qvm::regions::Connection;
using qvm::regions::kPageBytes;
using qvm::regions::Status;

static_assert(QVMSHM_MAX_CLIENTS == qvm::regions::kMaxClients);
static_assert(QVMSHM_PAGE_SIZE == kPageBytes);
static_assert(QVMSHM_MAX_NAME == qvm::regions::kMaxNameBytes);

struct qvmshm {
  std::mutex mutex;  // guards everything below
  std::unique_ptr<Client> client;
  Connection* connection = nullptr;  // the client's
  Mapping data;
  bool read_only = false;
};

namespace {

constexpr std::chrono::milliseconds kDeadline{2000};

int errno_of(Status status) {
  switch (status) {
    case Status::ok:
      return 0;
    case Status::unknown_failure:
    case Status::does_not_exist:
      return ENOENT;
    case Status::no_memory:
      return ENOMEM;
    case Status::client_max:
      return EUSERS;
    case Status::illegal_name:
      return EINVAL;
    case Status::no_permission:
      return EACCES;
  }
  return EPROTO;
}

void detach_locked(qvmshm& handle) {
  if (handle.connection == nullptr) return;
  handle.data.reset();
  handle.client->detach(handle.connection);
  handle.connection = nullptr;
}

// The qvm-regiond of the installation that this library is part of. Empty in a program with more rights than
// its user, who must not start anything with them.
std::string regiond_program() {
  Dl_info here{};
  if (::getauxval(AT_SECURE) != 0 || ::dladdr(reinterpret_cast<const void*>(&qvmshm_open), &here) == 0)
    return {};
  std::error_code error;
  const auto library = std::filesystem::canonical(here.dli_fname, error);
  if (error) return {};
  // As installed, and as built.
  for (const char* programs : {QVMSHM_PROGRAMS, "../bin"}) {
    const auto program = (library.parent_path() / programs / "qvm-regiond").lexically_normal();
    if (std::filesystem::exists(program, error)) return program.string();
  }
  return {};
}

// Starts a qvm-regiond if none serves. One that is about to end hangs up on whoever comes in that moment: its
// successor is asked.
qvm::Result<std::unique_ptr<Client>> find_manager(const std::string& directory, const char* label) {
  constexpr int kAttempts = 5;
  const std::string socket = directory + "/host.sock";
  // Held until the client is known: without anybody one that has just come up would go.
  qvm::UniqueFd visit;
  for (int attempt = 1;; ++attempt) {
    auto client = Client::connect(socket, label);
    if (client || attempt == kAttempts) return client;
    const int code = client.error().code();
    if (qvm::regions::nobody_serves(client.error())) {
      visit = QVM_TRY(qvm::regions::connect_or_start(directory, socket, regiond_program()));
    } else if (code != 0 && code != ECONNRESET) {
      return client;
    }
  }
}

int open_handle(const char* runtime_dir, const char* label, qvmshm_t*& handle) {
  std::string directory = runtime_dir != nullptr ? runtime_dir : "";
  if (runtime_dir == nullptr) {
    const auto facts = qvm::RuntimePlaceFacts::of_this_process();
    directory = qvm::default_runtime_directory(facts);
    // Below /tmp, somebody else may have put a socket of his own there.
    if (facts.chosen.empty() && facts.uid != 0 && !qvm::is_safe_for(facts.uid, directory)) return EACCES;
  }
  if (directory.empty()) return EINVAL;
  auto client = find_manager(directory, label != nullptr ? label : program_invocation_short_name);
  if (!client) return client.error().code() != 0 ? client.error().code() : EPROTO;
  auto made = std::make_unique<qvmshm>();
  made->client = std::move(*client);
  handle = made.release();
  return 0;
}

int attach_locked(qvmshm& handle, const char* name, std::uint32_t pages, std::uint32_t mode, unsigned flags) {
  if (handle.connection != nullptr) return EBUSY;
  const AttachResult result = handle.client->attach({.name = name, .pages = pages, .mode = mode}, kDeadline);
  if (result.connection == nullptr) return errno_of(result.status);
  handle.connection = result.connection;
  handle.read_only = !result.connection->writable() || (flags & QVMSHM_READ_ONLY) != 0;
  auto data = Mapping::map(result.connection->data_fd(), result.connection->pages() * kPageBytes,
                           handle.read_only ? Mapping::Access::read_only : Mapping::Access::read_write);
  if (!data) {
    detach_locked(handle);
    return ENOMEM;
  }
  handle.data = std::move(*data);
  return 0;
}

// No exception leaves the library; the only one that can happen is want of memory.
template <class Call>
int guarded(Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::exception&) {
    return EPROTO;
  }
}

}  // namespace

extern "C" {

QVMSHM_EXPORT int qvmshm_open(const char* runtime_dir, const char* label, qvmshm_t** handle) {
  if (handle == nullptr) return EINVAL;
  *handle = nullptr;
  return guarded([&] { return open_handle(runtime_dir, label, *handle); });
}

QVMSHM_EXPORT int qvmshm_attach(qvmshm_t* handle, const char* name, uint32_t pages, uint32_t mode,
                                unsigned flags) {
  if (handle == nullptr || name == nullptr || (flags & ~QVMSHM_READ_ONLY) != 0) return EINVAL;
  return guarded([&] {
    const std::lock_guard lock(handle->mutex);
    return attach_locked(*handle, name, pages, mode, flags);
  });
}

QVMSHM_EXPORT void qvmshm_detach(qvmshm_t* handle) {
  if (handle == nullptr) return;
  guarded([&] {
    const std::lock_guard lock(handle->mutex);
    detach_locked(*handle);
    return 0;
  });
}

QVMSHM_EXPORT void qvmshm_close(qvmshm_t* handle) {
  qvmshm_detach(handle);
  delete handle;
}

QVMSHM_EXPORT uint64_t qvmshm_size(qvmshm_t* handle) {
  const std::lock_guard lock(handle->mutex);
  return handle->connection != nullptr ? handle->connection->pages() : 0;
}

QVMSHM_EXPORT void* qvmshm_data(qvmshm_t* handle) {
  const std::lock_guard lock(handle->mutex);
  return handle->data.data();
}

QVMSHM_EXPORT int qvmshm_is_read_only(qvmshm_t* handle) {
  const std::lock_guard lock(handle->mutex);
  return handle->connection != nullptr && handle->read_only ? 1 : 0;
}

QVMSHM_EXPORT int qvmshm_index(qvmshm_t* handle) {
  const std::lock_guard lock(handle->mutex);
  return handle->connection != nullptr ? static_cast<int>(handle->connection->index()) : -1;
}

QVMSHM_EXPORT uint32_t qvmshm_status(qvmshm_t* handle) {
  uint32_t status = 0;
  guarded([&] {
    const std::lock_guard lock(handle->mutex);
    handle->client->process();
    if (handle->connection != nullptr) status = handle->connection->read_status();
    return 0;
  });
  return status;
}

QVMSHM_EXPORT int qvmshm_poke(qvmshm_t* handle, uint32_t targets) {
  if (handle == nullptr) return EINVAL;
  const std::lock_guard lock(handle->mutex);
  if (handle->connection == nullptr) return ENOTCONN;
  handle->connection->notify(targets);
  return 0;
}

QVMSHM_EXPORT int qvmshm_event_fd(qvmshm_t* handle) {
  const std::lock_guard lock(handle->mutex);
  return handle->client->event_fd();
}

}  // extern "C"
