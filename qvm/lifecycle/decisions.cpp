// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/decisions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qvm::lifecycle {

void Decisions::about(const std::string& vm, const std::string& text) const {
  if (x_log) x_log(vm, fmt::format("VM '{}': {}", vm, text));
}

void Decisions::about_set(const std::string& text) const {
  if (x_log) x_log({}, text);
}

void Decisions::start(const std::vector<std::string>& vms) const {
  about_set(fmt::format("start of {}", fmt::join(vms, ", ")));
}

void Decisions::start_done(const std::vector<std::string>& vms) const {
  about_set(fmt::format("start of {} is complete", fmt::join(vms, ", ")));
}

void Decisions::start_fails(const std::vector<std::string>& vms, const std::string& why) const {
  about_set(fmt::format("start of {} fails: {}", fmt::join(vms, ", "), why));
}

void Decisions::wait(const std::string& vm, const std::string& what) const {
  about(vm, "waits for " + what);
}

void Decisions::condition_met(const std::string& vm, const std::string& what) const {
  about(vm, "need not wait any more for " + what);
}

void Decisions::run(const std::string& vm, pid_t pid) const {
  about(vm, fmt::format("is let run, pid {}", pid));
}

void Decisions::link(const std::string& vm, const std::string& vdev, const std::string& peer,
                     const std::string& peer_vdev) const {
  about(vm, fmt::format("{} is linked to {} of VM '{}'", vdev, peer_vdev, peer));
}

void Decisions::end(const std::string& vm, Outcome outcome, const std::string& reason) const {
  about(vm, fmt::format("has ended: {}{}{}", to_string(outcome), reason.empty() ? "" : ": ", reason));
}

void Decisions::after_end(const std::string& vm, const RestartDecision& decision) const {
  switch (decision.kind) {
    case RestartDecision::Kind::end:
      return;
    case RestartDecision::Kind::restart:
      return about(vm, fmt::format("will be started again in {} ms, restart {} in a row",
                                   decision.delay.count(), decision.in_a_row));
    case RestartDecision::Kind::give_up:
      return about(vm, fmt::format("is given up after {} restarts in a row", decision.in_a_row));
  }
}

void Decisions::restart(const std::string& vm) const {
  about(vm, "is started again");
}

void Decisions::stop_asked(const std::vector<std::string>& vms, std::chrono::milliseconds each) const {
  about_set(fmt::format("stop of {}, {} ms for each", fmt::join(vms, ", "), each.count()));
}

void Decisions::stop(const std::string& vm, std::chrono::milliseconds timeout) const {
  about(vm, timeout.count() == 0 ? "is ended" : fmt::format("has {} ms to power off", timeout.count()));
}

void Decisions::adopt(const std::string& vm, const std::string& how) const {
  about(vm, "is taken over: " + how);
}

void Decisions::failure(const std::string& vm, const std::string& why) const {
  about(vm, why);
}

}  // namespace qvm::lifecycle
