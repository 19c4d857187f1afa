// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedTerminal;

namespace {

struct TerminalUser {
  const Vdev* vdev = nullptr;
  SourceRange where;
};

void report(const TerminalUser& user, const TerminalUser& first, const char* what, const char* why,
            DiagnosticSink& sink) {
  Diagnostic diagnostic =
      finding(kSharedTerminal, user.where,
              fmt::format("{} uses standard {} as {} does", label(*user.vdev), what, label(*first.vdev)),
              fmt::format("{}: give one of them another hostdev", why));
  diagnostic.notes.push_back({first.where, "the other one"});
  sink.add(std::move(diagnostic));
}

void check_vm(const CheckedVm& vm, DiagnosticSink& sink) {
  const std::vector<HostDevice> devices = host_devices_of(vm.model);
  std::vector<TerminalUser> inputs;
  std::vector<TerminalUser> outputs;
  for (const HostDevice& device : devices) {
    if (!device.standard()) continue;
    if (device.direction != HostDevice::Direction::output) inputs.push_back({device.vdev, device.where});
    if (device.direction != HostDevice::Direction::input) outputs.push_back({device.vdev, device.where});
  }
  // What is only there by default matters if somebody asks for it.
  for (const Vdev& vdev : vm.model.vdevs) {
    if (!is_serial_port(vdev) || find_option(vdev.options, "hostdev") != nullptr) continue;
    if (!inputs.empty()) inputs.push_back({&vdev, vdev.where});
    if (!outputs.empty()) outputs.push_back({&vdev, vdev.where});
    break;
  }
  const auto other = [](const std::vector<TerminalUser>& users) {
    return std::find_if(users.begin(), users.end(),
                        [&](const TerminalUser& user) { return user.vdev != users.front().vdev; });
  };
  if (const auto second = other(inputs); second != inputs.end()) {
    report(*second, inputs.front(), "input", "what is typed goes to either of them", sink);
  } else if (const auto mixed = other(outputs); mixed != outputs.end()) {
    report(*mixed, outputs.front(), "output", "what they print is mixed", sink);
  }
}

void check_e09(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) check_vm(vm, sink);
}

}  // namespace

const Rule kSharedTerminal{
    .id = "E09",
    .severity = Severity::warning,
    .title = "two consoles on one terminal",
    .documentation =
        "hostdev - is standard input and output of the VM, and the default of serial ports. With two of "
        "them, output "
        "is mixed, and each gets a part of what is typed.",
    .wrong = {"system left\nram 64M\nvdev ser8250 hostdev -\nvdev ser8250 loc 0x2f8 hostdev -\n"},
    .right = {"system left\nram 64M\nvdev ser8250 hostdev -\nvdev ser8250 loc 0x2f8 hostdev >log\n"},
    .check = check_e09};

}  // namespace qvm::config
