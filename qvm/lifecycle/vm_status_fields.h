// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The members of what is told of a VM, in the control protocol and in `qvm ps --json`
// (schemas/ps.schema.json).
#pragma once

#include "qvm/base/fields.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm {

template <>
inline constexpr auto kWords<lifecycle::VmState> =
    Names<lifecycle::VmState, 8>{{{lifecycle::VmState::starting, "starting"},
                                  {lifecycle::VmState::waiting, "waiting"},
                                  {lifecycle::VmState::running, "running"},
                                  {lifecycle::VmState::restarting, "restarting"},
                                  {lifecycle::VmState::stopping, "stopping"},
                                  {lifecycle::VmState::stopped, "stopped"},
                                  {lifecycle::VmState::foreign, "foreign"},
                                  {lifecycle::VmState::failed, "failed"}}};

template <>
inline constexpr auto kWords<lifecycle::Outcome> =
    Names<lifecycle::Outcome, 10>{{{lifecycle::Outcome::none, "none"},
                                   {lifecycle::Outcome::shutdown, "shutdown"},
                                   {lifecycle::Outcome::reset, "reset"},
                                   {lifecycle::Outcome::stopped, "stopped"},
                                   {lifecycle::Outcome::watchdog, "watchdog"},
                                   {lifecycle::Outcome::unsupported, "unsupported"},
                                   {lifecycle::Outcome::device, "device"},
                                   {lifecycle::Outcome::panicked, "panicked"},
                                   {lifecycle::Outcome::died, "died"},
                                   {lifecycle::Outcome::not_started, "not-started"}}};

template <>
inline constexpr auto kFields<lifecycle::VmStatus> = std::tuple{
    Field{"name", &lifecycle::VmStatus::name},       Field{"state", &lifecycle::VmStatus::state},
    Field{"outcome", &lifecycle::VmStatus::outcome}, Field{"reason", &lifecycle::VmStatus::reason},
    Field{"pid", &lifecycle::VmStatus::pid},         Field{"since", &lifecycle::VmStatus::since},
    Field{"resets", &lifecycle::VmStatus::resets},   Field{"restarts", &lifecycle::VmStatus::restarts},
    Field{"due", &lifecycle::VmStatus::due},         Field{"terminals", &lifecycle::VmStatus::terminals}};

}  // namespace qvm
