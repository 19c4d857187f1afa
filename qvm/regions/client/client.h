// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A client of qvm-regiond: one process's (a vdev's, a host program's) connections to named regions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/regions/wire/types.h"

namespace qvm::regions {

// One attachment. Owned by its Client; valid until detach() or the end of the Client. Same threading as the
// Client.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual unsigned index() const = 0;           // 0..15
  virtual std::uint64_t pages() const = 0;      // of kPageBytes
  virtual int data_fd() const = 0;              // memfd with the data; stays the Connection's
  virtual bool writable() const = 0;            // false: the descriptor is read-only
  virtual const std::string& name() const = 0;  // as asked for

  // Bits 15..0: who notified me since the last read; bits 31..16: who is attached. Clears the former and the
  // "changed" state of the latter. Never blocks.
  virtual std::uint32_t read_status() = 0;
  // True while a read_status() would return news: a pending sender or an attached set that changed. The
  // line's level.
  virtual bool pending() const = 0;
  // 0xFFFFFFFF: everyone attached but me; any other value literally. Bits of nobody are ignored. Never
  // blocks. A signal to myself makes event_fd() readable like anybody else's.
  virtual void notify(std::uint32_t targets) = 0;
};

struct AttachRequest {
  std::string name;         // raw bytes as the guest wrote them; the manager judges them
  std::uint32_t pages = 0;  // 0: only if it exists
  std::uint32_t mode = 0;   // for a region this creates; 0 means 0666
};

struct AttachResult {
  Status status = Status::unknown_failure;
  Connection* connection = nullptr;  // non-null exactly if status is ok
};

// Not thread-safe: the caller serialises (the vdev by its mutex). No member waits for anything but
// qvm-regiond, and attach() at most until its deadline. Survives a restart of qvm-regiond: connections keep
// working meanwhile, attach works again as soon as the new one serves the socket.
class Client {
 public:
  virtual ~Client() = default;

  // who: the vdev's id within its VM ("shmem0"), or a label for a host program.
  static Result<std::unique_ptr<Client>> connect(const std::string& socket_path, std::string_view who);

  // One descriptor to poll for EPOLLIN; then call process(). Stays the Client's.
  virtual int event_fd() const = 0;
  // Handles what came (peers that came or went, signals). Afterwards ask every connection for pending().
  virtual void process() = 0;

  virtual AttachResult attach(const AttachRequest& request, std::chrono::milliseconds deadline) = 0;
  virtual void detach(Connection* connection) = 0;
  // Live connections in order of attach.
  virtual const std::vector<Connection*>& connections() const = 0;
};

}  // namespace qvm::regions
