// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What is told of a VM. Plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qvm::lifecycle {

enum class VmState {
  starting,    // its process is being made
  waiting,     // its process is complete; its guest has to wait for others
  running,     // its guest runs
  restarting,  // it has ended and will be started again
  stopping,    // its guest was asked to power off, or what it leaves is being taken away
  stopped,     // for good: as its guest or its user wanted
  failed,      // for good: as nobody wanted
  foreign,     // of an earlier qvmd, and this one cannot go on with it: it is left as it is, until somebody
               // stops it
};
std::string_view to_string(VmState state);

// How a VM's run ended.
enum class Outcome {
  none,         // it has not
  shutdown,     // the guest powered off
  reset,        // the guest reset itself, which ends the VM like a power-off
  stopped,      // somebody stopped it: `down`, Ctrl-C, the end of its owner
  watchdog,     // the guest's watchdog bit
  unsupported,  // the guest did what the hypervisor cannot emulate
  device,       // one of our devices ended the VM
  panicked,     // the guest reported a panic
  died,         // its process ended unexpectedly
  not_started,  // it never ran
};
std::string_view to_string(Outcome outcome);

struct VmStatus {
  std::string name{};
  VmState state = VmState::starting;
  Outcome outcome = Outcome::none;  // restarting: of the run that ended
  std::string reason{};             // one sentence, for outcomes that need one; waiting: for what
  pid_t pid = 0;                    // of its process, 0 if unknown
  std::int64_t since = 0;           // of the state, seconds since 1970
  std::uint32_t resets = 0;
  std::uint32_t restarts = 0;  // by its restart policy
  std::int64_t due = 0;        // restarting: when it will be started, seconds since 1970; else 0
  std::vector<std::string>
      terminals{};  // paths for programs that want to talk to serial devices of the guest

  bool over() const { return state == VmState::stopped || state == VmState::failed; }

  bool operator==(const VmStatus&) const = default;
};

}  // namespace qvm::lifecycle
