// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// From what was seen of a VM's end to what to tell about it. Pure.
#pragma once

#include <optional>
#include <string>

#include "qvm/host/hypervisor.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

struct Evidence {
  host::DomainEvent::Stop how = host::DomainEvent::Stop::other;
  Outcome known = Outcome::none;  // what ended it, if that came before the end
  bool stop_requested = false;
  bool reset = false;                // the guest reset itself
  bool signalled = false;            // its process was told to end, and the guest had not powered off
  std::optional<int> wait_status{};  // of its process, as waitpid() tells it; absent if it was not our child
  host::LastWords words{};
};

struct Verdict {
  Outcome outcome = Outcome::died;
  std::string reason{};  // one sentence, empty if the outcome says it all
};

Verdict judge(const Evidence& evidence);

}  // namespace qvm::lifecycle
