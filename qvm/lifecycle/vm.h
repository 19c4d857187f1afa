// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A VM as the life cycle has it: the phase that it is in, what this run has shown so far, and what outlives
// runs.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "qvm/host/hypervisor.h"
#include "qvm/lifecycle/conditions.h"
#include "qvm/lifecycle/description.h"
#include "qvm/lifecycle/progress.h"
#include "qvm/lifecycle/time.h"
#include "qvm/lifecycle/verdict.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

// The phases. In the ones marked * something of the run is under way, and its end is waited for whatever else
// happens.
struct Busy {            // with its start, as far as somebody wants it to end
  bool hurried = false;  // its end is wanted
  unsigned kills = 0;    // in vain so far
  bool late = false;     // nobody waits for it any more
};
struct Making : Busy {};  // * its process
struct Waiting {          // its process is complete
  Conditions conditions;
};
struct LettingRun : Busy {};  // *
struct Running {};
struct Foreign {  // of an earlier qvmd, and left as it is
  std::string why;
  bool for_now = false;                // it is looked at again
  std::optional<Progress> progress{};  // as on disk; absent: not readable, and not ours to replace
};
struct Stopping {                   // its domain is about to go
  std::optional<Ticks> deadline{};  // for its guest; absent: it is being destroyed
  std::optional<Foreign> was{};     // what it is again if it cannot be stopped
};
struct Ending {  // * its domain is gone: what it leaves is looked at
  Ticks ran{};
  bool late = false;
};
struct Restarting {  // nothing is left of the run, another one will come
  Time due{};
};
struct Leaving {  // * nothing is left of the run, its files are taken away
  Verdict verdict;
  bool late = false;
};
struct Ended {};
using Phase =
    std::variant<Making, Waiting, LettingRun, Running, Foreign, Stopping, Ending, Restarting, Leaving, Ended>;

struct Run {
  RunId id = 0;
  bool resumed = false;                           // the hypervisor has told that its guest runs
  bool powered_off = false;                       // the guest has
  bool signalled = false;                         // its process was told to end, by whomever
  bool reset = false;                             // the guest has reset itself, which ends this run
  Outcome verdict = Outcome::none;                // known before the domain is gone
  std::optional<host::DomainEvent::Stop> gone{};  // the domain's end
  std::string why_not_started{};                  // it will not be let run
  std::optional<Ticks> up_since{};                // its guest was let run
};

// Somebody wants it stopped; it is not started again.
struct StopWish {
  Ticks timeout{};
  bool turn = false;  // nobody who depends on it is in the way any more
};

struct Vm {
  Description description{};
  VmId id = 0;
  Run run{};
  Phase phase = Making{};
  unsigned stage = 0;  // counts the phases: a timer of an earlier one means nothing
  VmStatus status{};
  ClientId owner = 0;
  StartId start = 0;      // the start of its set, while that is under way; else 0
  bool ever_up = false;   // its guest was let run, in this run or one before
  unsigned in_a_row = 0;  // restarts without a stable run between them
  std::optional<StopWish> stop{};

  template <class P>
  P* in() {
    return std::get_if<P>(&phase);
  }
  // Null unless its start is under way.
  Busy* busy() {
    if (Making* making = in<Making>()) return making;
    return in<LettingRun>();
  }
  // What it is, or was until it was to be stopped; null: it is no foreign one.
  const Foreign* foreign() const {
    const Stopping* stopping = std::get_if<Stopping>(&phase);
    if (stopping != nullptr) return stopping->was ? &*stopping->was : nullptr;
    return std::get_if<Foreign>(&phase);
  }
  template <class P>
  bool is() const {
    return std::holds_alternative<P>(phase);
  }
  bool over() const { return is<Ended>(); }
  // Its guest was let run and has not ended.
  bool up() const { return run.up_since.has_value(); }
};

}  // namespace qvm::lifecycle
