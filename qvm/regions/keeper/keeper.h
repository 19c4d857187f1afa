// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The keeper holds the descriptors that must survive qvm-regiond and starts it anew when it dies. It
// understands nothing of what it holds.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::regions {

using KeeperKey = std::uint64_t;
using KeptDescriptors = std::map<KeeperKey, UniqueFd>;

struct KeptRef {
  KeeperKey key = 0;
  int fd = -1;
};

struct KeeperMessage;

// qvm-regiond's end. Sending waits, but the keeper does nothing but read; one that does not read for a second
// is as good as lost. A lost keeper is told by failures.
//
// What is sent waits in the keeper's socket, where it outlives this process as well as in the keeper's hands;
// the keeper itself wakes up when the socket is full, when this process dies, and by ring().
class KeeperLink {
 public:
  KeeperLink() = default;
  // keeper: its pid; 0: whoever made the socket pair.
  explicit KeeperLink(UniqueFd socket, int keeper = 0);

  // Takes back what the keeper holds; once, before anything else.
  Result<KeptDescriptors> take_back();
  // The keeper has the descriptors as soon as this returns, even if this process then dies.
  Result<void> keep(std::span<const KeptRef> descriptors);
  Result<void> drop(std::span<const KeeperKey> keys);
  // The keeper handles what was sent up to now: descriptors that were dropped are closed.
  void ring();
  // This process is up: if it dies now, that is no reason to give up on it. From here on it rings.
  Result<void> serving();
  // This process is about to end on purpose: the keeper ends too.
  void bye();

  // Makes sure that it is dead: one that comes to life again later would know only what there was before.
  void give_up();

  int fd() const { return x_socket.get(); }

 private:
  Result<void> send(const KeeperMessage& message, std::span<const int> fds);

  UniqueFd x_socket;
  UniqueFd x_bell;  // eventfd; before serving(): none, and each message wakes the keeper
  UniqueFd x_process;
};

using StartRegiond = std::function<Result<int>(UniqueFd socket)>;
using Pause = std::function<void(std::chrono::milliseconds)>;
void pause_for(std::chrono::milliseconds time);

// What a keeper does for its qvm-regiond until that says bye: returns the exit status.
// start(socket) starts a qvm-regiond with that end of the link and returns its pid.
// first: the link to a qvm-regiond that runs already (the keeper before this one died); empty to start one.
// kept: what it holds from the beginning.
// pause(time) waits that long. As long as there is something to lose, a start that fails for want of
// something is tried again, after pauses that grow.
int run_keeper(const StartRegiond& start, UniqueFd first, KeptDescriptors kept = {},
               const Pause& pause = pause_for);

// What qvm-regiond exits with when another one serves the directory: starting it again would be of no use.
inline constexpr int kExitAlreadyRunning = 75;

}  // namespace qvm::regions
