// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What may take the kernel a while and must not keep qvm-regiond's clients waiting meanwhile.
#pragma once

#include <signal.h>
#include <time.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "qvm/base/unique_fd.h"

namespace qvm::regions {

// One thread, one chore after the other, in order. Members are for any thread.
class Chores {
 public:
  Chores();
  // Does what is left first.
  ~Chores();
  Chores(const Chores&) = delete;
  Chores& operator=(const Chores&) = delete;

  // Closes a socket that an untrusted process may have sent descriptors through: closing it closes them, and
  // closing a descriptor can wait as long as its maker likes (a TCP socket that lingers). Such waits are
  // interrupted after some milliseconds.
  void close(UniqueFd socket);
  // Gives the memory back to the host even if somebody still maps it, then closes it.
  void free_memory(UniqueFd memory, std::uint64_t bytes);
  // Chores not done yet.
  std::size_t waiting() const;

 private:
  struct Chore {
    UniqueFd fd;
    std::uint64_t bytes = 0;  // to free first; 0: only close
  };
  void add(Chore chore);
  void work();

  mutable std::mutex x_mutex;
  std::condition_variable x_changed;
  std::deque<Chore> x_chores;  // guarded by x_mutex; the first is being done
  bool x_ending = false;       // guarded by x_mutex
  std::thread x_thread;        // last: it uses the others
};

// Empties a file of this size that create_memory() made: whoever still maps it reads zeros.
void punch_out(int memory, std::uint64_t bytes);

}  // namespace qvm::regions
