// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What can happen in the life of VMs: requests, news of the hypervisor, ends of what was begun, and time.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "qvm/host/hypervisor.h"
#include "qvm/lifecycle/conditions.h"
#include "qvm/lifecycle/description.h"
#include "qvm/lifecycle/progress.h"
#include "qvm/lifecycle/time.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

// What there is of VMs of an earlier qvmd.
struct Adopted {
  struct Vm {
    Description description{};
    Progress progress{};
    std::optional<pid_t> process{};  // absent: there is no domain; 0: its number is not known
  };
  // One whose record cannot be used, or that cannot be asked about.
  struct Foreign {
    Description description{};
    std::string why{};
    bool for_now = false;                // it can be another matter later
    std::optional<pid_t> pid{};          // 0: it has no process; absent: that is not known
    std::optional<Progress> progress{};  // absent: it cannot be read
  };
  std::vector<Vm> vms{};
  std::vector<Foreign> foreign{};
  std::vector<VmStatus> ended{};    // as they were told last
  std::vector<std::string> gone{};  // turned out to be no VMs: nothing is left of them
};

// Requests. StartAsked, WatchAsked and a StopAsked of a client are answered by exactly one Answer each.
struct StartAsked {
  ClientId client = 0;
  StartId start = 0;  // a number that no start has had
  std::vector<Description> vms{};
};
struct CancelAsked {  // of what the client is starting; that start is answered
  ClientId client = 0;
};
struct StopAsked {
  ClientId client = 0;               // 0: nobody waits for the answer
  std::vector<std::string> names{};  // none: all
  Ticks timeout{};                   // how long guests may take to power off before they are ended
};
struct WatchAsked {
  ClientId client = 0;
  std::vector<std::string> names{};
  bool owned = false;  // they end with the client
};
// It is not there any more: what it is starting is taken back, what it owns is stopped.
struct ClientGone {
  ClientId client = 0;
};

// News.
struct DomainChanged {
  RunId run = 0;
  host::DomainEvent::Kind kind = host::DomainEvent::Kind::started;
  host::DomainEvent::Stop how = host::DomainEvent::Stop::other;  // only for stopped
};
// Half a second after it did. Mostly DomainChanged has told before; libvirt may have missed it.
struct ProcessEnded {
  RunId run = 0;
};
// The answer to Machine::questions().
struct Observed {
  std::set<ConsoleText> shown{};
  std::map<std::string, unsigned> clients{};  // by region, those that exist
};

// Ends of effects. why: why it came to nothing; absent: it was done.
using Failure = std::optional<std::string>;
struct SetMade {
  StartId start = 0;
  std::vector<pid_t> pids{};  // in the order of the set; 0: not known
  Failure why{};              // then nothing is left of it
};
struct MadeAgain {
  RunId run = 0;
  pid_t pid = 0;
  Failure why{};  // then nothing is left of it
};
struct LetRunDone {
  RunId run = 0;
  Failure why{};
};
struct Destroyed {
  RunId run = 0;
  Failure why{};
};
struct Killed {
  RunId run = 0;
};
struct Concluded {
  RunId run = 0;
  host::LastWords words{};
  std::optional<int> wait_status{};  // of its process, if it was our child
};
struct CleanedUp {
  RunId run = 0;
};
struct StandstillTold {
  RunId run = 0;
  host::Standstill why = host::Standstill::none;
};
struct DomainMissed {  // the hypervisor has none of it
  RunId run = 0;
};

// Time.
struct TimerFired {
  RunId run = 0;
  unsigned stage = 0;
};
struct OwnerOverdue {
  VmId vm = 0;
};
struct LookAgainDue {};

using Event =
    std::variant<Adopted, StartAsked, CancelAsked, StopAsked, WatchAsked, ClientGone, DomainChanged,
                 ProcessEnded, Observed, SetMade, MadeAgain, LetRunDone, Destroyed, Killed, Concluded,
                 CleanedUp, StandstillTold, DomainMissed, TimerFired, OwnerOverdue, LookAgainDue>;

}  // namespace qvm::lifecycle
