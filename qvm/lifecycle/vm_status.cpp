// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/vm_status.h"

#include "qvm/base/names.h"

namespace qvm::lifecycle {
namespace {

constexpr Names<VmState, 8> kStates = {{{VmState::starting, "starting"},
                                        {VmState::waiting, "waiting"},
                                        {VmState::running, "running"},
                                        {VmState::restarting, "restarting"},
                                        {VmState::stopping, "stopping"},
                                        {VmState::stopped, "stopped"},
                                        {VmState::foreign, "foreign"},
                                        {VmState::failed, "failed"}}};

constexpr Names<Outcome, 10> kOutcomes = {{{Outcome::none, "none"},
                                           {Outcome::shutdown, "shutdown"},
                                           {Outcome::reset, "reset"},
                                           {Outcome::stopped, "stopped"},
                                           {Outcome::watchdog, "watchdog"},
                                           {Outcome::unsupported, "unsupported"},
                                           {Outcome::device, "device"},
                                           {Outcome::panicked, "panicked"},
                                           {Outcome::died, "died"},
                                           {Outcome::not_started, "not-started"}}};

}  // namespace

std::string_view to_string(VmState state) {
  return name_of(kStates, state);
}

std::optional<VmState> state_from(std::string_view name) {
  return value_of(kStates, name);
}

std::string_view to_string(Outcome outcome) {
  return name_of(kOutcomes, outcome);
}

std::optional<Outcome> outcome_from(std::string_view name) {
  return value_of(kOutcomes, name);
}

}  // namespace qvm::lifecycle
