// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Links between VMs: made anew whenever the guest of one end is let run. The other end gets its half while it
// runs; it is never waited for, because a VM's process need not answer.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/host/links.h"
#include "qvm/daemon/launcher.h"
#include "qvm/daemon/workers.h"
#include "qvm/lifecycle/decisions.h"
#include "qvm/lifecycle/description.h"

namespace qvm::daemon {

// For the loop's thread. What it is given must outlive it.
class Plugger {
 public:
  using RunId = lifecycle::RunId;
  using Record = std::shared_ptr<const VmRecord>;

  // A VM's process has this long to take an end. On a busy host it takes a second or two; one that is
  // stopped, or that somebody else speaks for, never answers.
  static constexpr std::chrono::seconds kPatience{30};

  Plugger(Workers& workers, Launcher& launcher, const lifecycle::Decisions& decisions)
      : x_workers(workers), x_launcher(launcher), x_decisions(decisions) {}

  // Makes the links of a run that is about to begin. Those of its ends are returned, for the caller to plug
  // in and to say so by joined(); the others are plugged in by and by, or closed if there is nobody.
  Result<std::vector<PluggedEnd>> join(RunId run, Record vm);
  void joined(RunId run);
  // The same for a run that began under an earlier qvmd, which may have given an end to one and not yet to
  // the other.
  void join_again(RunId run, Record vm);

  // The run ends: nothing is plugged in any more. then: when no worker plugs anything into it either, for the
  // next run must not get what was meant for this one.
  void leave(RunId run);
  void when_left(RunId run, std::function<void()> then);

 private:
  struct Member {
    Record vm{};
    bool left = false;
    bool plugging = false;                        // ends are being plugged in
    std::map<std::string, PluggedEnd> waiting{};  // until that is done; by vdev
    std::function<void()> when_left{};
  };
  void plug_in_later(RunId run, PluggedEnd end);
  void plug_in_next(RunId run);

  Workers& x_workers;
  Launcher& x_launcher;
  const lifecycle::Decisions& x_decisions;
  std::map<RunId, Member> x_members;
};

}  // namespace qvm::daemon
