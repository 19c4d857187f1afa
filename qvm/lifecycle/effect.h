// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the life cycle wants done, as data. Whoever carries it out does so in order. What takes time ends in
// the event named here, also if it fails, throws or is given up; its run tells whose it is.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "qvm/lifecycle/description.h"
#include "qvm/lifecycle/event.h"
#include "qvm/lifecycle/progress.h"
#include "qvm/lifecycle/time.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

// A run by number, and by the name that the hypervisor knows.
struct Domain {
  RunId run = 0;
  std::string name{};
};

// Makes all processes of a set, complete, their guests not running; or none. SetMade.
struct MakeSet {
  StartId start = 0;
  std::vector<Domain> domains{};  // in the order of the set
};
// Makes it end soon, with a failure.
struct CancelMaking {
  StartId start = 0;
};
// Makes the process of a VM again whose set goes on. MadeAgain.
struct MakeAgain {
  Domain domain{};
};
// LetRunDone.
struct LetRun {
  Domain domain{};
};
// It runs already, under an earlier qvmd: its links are made anew.
struct LinkAgain {
  Domain domain{};
};
// Asks the guest to power off. Nobody waits for the end of the asking.
struct AskPowerOff {
  Domain domain{};
  Ticks timeout{};
};
// Destroyed.
struct Destroy {
  Domain domain{};
};
// Ends the process without asking libvirt, which may be waiting for it. Killed.
struct Kill {
  Domain domain{};
};
// Its domain is gone: finds out what it said last, and takes its rights and sockets away. Concluded.
struct Conclude {
  Domain domain{};
  pid_t pid = 0;
};
// After that, if it is not started again: takes its files away. CleanedUp.
struct CleanUp {
  Domain domain{};
  bool last_of_set = false;  // and the regions of its set
};
// StandstillTold, or nothing if nobody can tell.
struct AskStandstill {
  Domain domain{};
  Ticks delay{};
};
// DomainMissed, or nothing if there is one, or nobody can tell.
struct AskForDomain {
  Domain domain{};
};
// ProcessEnded, when it does.
struct WatchProcess {
  RunId run = 0;
  pid_t pid = 0;
};
// TimerFired.
struct Arm {
  RunId run = 0;
  unsigned stage = 0;
  Ticks delay{};
};
// OwnerOverdue.
struct ArmOwner {
  VmId vm = 0;
  Ticks delay{};
};
// LookAgainDue.
struct ArmLookAgain {
  Ticks delay{};
};
// Adopted, with what these are now.
struct LookAgain {
  std::set<std::string> names{};
};

// For a successor, on disk when it returns.
struct Save {
  std::string vm{};
  Progress progress{};
};
// The whole set was started: a successor goes on with it.
struct MarkStarted {
  Domain domain{};
};
// How it ended, for those who ask when no qvmd knows it any more; and that a VM of that name is made anew.
struct Remember {
  VmStatus status{};
};
struct Forget {
  std::string vm{};
};

struct Answer {
  ClientId client = 0;
  Failure why{};
  std::vector<VmStatus> vms{};
};
// News for a client that watches the VM.
struct Tell {
  ClientId client = 0;
  VmStatus status{};
};
struct Changed {
  VmStatus status{};
};
// A decision, for the log. vm: whom it is about; empty: a whole set.
struct Note {
  std::string vm{};
  std::string text{};
};

using Effect =
    std::variant<MakeSet, CancelMaking, MakeAgain, LetRun, LinkAgain, AskPowerOff, Destroy, Kill, Conclude,
                 CleanUp, AskStandstill, AskForDomain, WatchProcess, Arm, ArmOwner, ArmLookAgain, LookAgain,
                 Save, MarkStarted, Remember, Forget, Answer, Tell, Changed, Note>;
using Effects = std::vector<Effect>;

}  // namespace qvm::lifecycle
