// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/status_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <vector>

namespace qvm::cli {

namespace {

using daemon::Outcome;
using daemon::VmState;
using daemon::VmStatus;

std::string_view ending(Outcome outcome) {
  switch (outcome) {
    case Outcome::none:
      return "ended";
    case Outcome::shutdown:
      return "powered off";
    case Outcome::reset:
      return "reset itself";
    case Outcome::stopped:
      return "stopped";
    case Outcome::watchdog:
      return "ended by its watchdog";
    case Outcome::unsupported:
      return "did what cannot be emulated";
    case Outcome::device:
      return "ended by a vdev";
    case Outcome::panicked:
      return "panicked";
    case Outcome::died:
      return "died";
    case Outcome::not_started:
      return "not started";
  }
  return "ended";
}

std::string resets(const VmStatus& vm) {
  if (vm.resets == 0) return {};
  return vm.resets == 1 ? "reset once" : fmt::format("reset {} times", vm.resets);
}

std::string how_it_ended(const VmStatus& vm) {
  return vm.reason.empty() ? std::string(ending(vm.outcome))
                           : fmt::format("{}: {}", ending(vm.outcome), vm.reason);
}

std::string restarts(const VmStatus& vm) {
  if (vm.restarts == 0) return {};
  return vm.restarts == 1 ? "restarted once" : fmt::format("restarted {} times", vm.restarts);
}

// What a line of the table has to say beyond the state.
std::string detail(const VmStatus& vm, std::int64_t now) {
  if (vm.over()) return how_it_ended(vm);
  if (vm.state == VmState::waiting) return "for " + vm.reason;
  if (vm.state == VmState::foreign)
    return fmt::format("left as it is, because {}; 'qvm down {}' ends it", vm.reason, vm.name);
  if (vm.state == VmState::restarting)
    return fmt::format("in {} s: {}", std::max<std::int64_t>(0, vm.due - now), how_it_ended(vm));
  std::vector<std::string> details = {restarts(vm), resets(vm)};
  if (vm.state == VmState::running) {
    for (const std::string& terminal : vm.terminals) details.push_back("terminal " + terminal);
  }
  std::erase(details, "");
  return fmt::format("{}", fmt::join(details, ", "));
}

std::string local_time(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (::localtime_r(&time, &parts) == nullptr) return "-";
  return fmt::format("{:%F %T}", parts);
}

}  // namespace

std::int64_t seconds_since_1970() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

std::string describe(const VmStatus& vm, std::int64_t now) {
  switch (vm.state) {
    case VmState::waiting:
    case VmState::restarting:
    case VmState::foreign:
      return fmt::format("{} {}", daemon::to_string(vm.state), detail(vm, now));
    case VmState::starting:
    case VmState::stopping:
      return std::string(daemon::to_string(vm.state));
    case VmState::running:
      if (vm.resets != 0) return resets(vm);
      // A libvirt that is not ours does not tell.
      return vm.pid == 0 ? "running" : fmt::format("running (pid {})", vm.pid);
    case VmState::stopped:
    case VmState::failed:
      return detail(vm, now);
  }
  return {};
}

std::string vm_table(const std::vector<VmStatus>& vms, std::int64_t now) {
  std::size_t width = 4;
  for (const VmStatus& vm : vms) width = std::max(width, vm.name.size());
  const auto line = [width](std::string_view name, std::string_view state, std::string_view pid,
                            std::string_view since, std::string_view details) {
    std::string text =
        fmt::format("{:<{}}  {:<10}  {:>7}  {:<19}  {}", name, width, state, pid, since, details);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = line("NAME", "STATE", "PID", "SINCE", "DETAILS");
  for (const VmStatus& vm : vms) {
    // The number of a process that is gone may be somebody else's by now.
    const std::string pid = vm.pid > 0 && !vm.over() ? std::to_string(vm.pid) : "-";
    text += line(vm.name, daemon::to_string(vm.state), pid, local_time(vm.since), detail(vm, now));
  }
  return text;
}

}  // namespace qvm::cli
