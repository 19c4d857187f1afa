// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedHostDevice;

namespace {

struct HostDeviceUser {
  HostDevice device;
  const CheckedVm* vm = nullptr;
};

class CheckerE22 {
 public:
  explicit CheckerE22(DiagnosticSink& sink) : x_sink(sink) {}

  // One that reads and one that writes can be the halves of a connection.
  void check(const std::string& path, const HostDeviceUser& user) {
    const bool reads = user.device.direction != HostDevice::Direction::output;
    const bool writes = user.device.direction != HostDevice::Direction::input;
    if ((!reads || take(x_readers, path, user)) && writes) take(x_writers, path, user);
  }

 private:
  // False after a report.
  bool take(std::map<std::string, HostDeviceUser>& users, const std::string& path,
            const HostDeviceUser& user) {
    const auto [place, fresh] = users.try_emplace(path, user);
    const HostDeviceUser& first = place->second;
    if (fresh || first.device.vdev == user.device.vdev) return true;
    Diagnostic diagnostic =
        finding(kSharedHostDevice, user.device.where,
                fmt::format("'{}' is the host side of another console already", user.device.path),
                "give each a hostdev of its own: output is mixed, and input goes to either of them");
    diagnostic.notes.push_back(
        {first.device.where, fmt::format("of {} in VM '{}'", label(*first.device.vdev), first.vm->name)});
    x_sink.add(std::move(diagnostic));
    return false;
  }

  std::map<std::string, HostDeviceUser> x_readers;
  std::map<std::string, HostDeviceUser> x_writers;
  DiagnosticSink& x_sink;
};

void check_e22(const RuleInput& input, DiagnosticSink& sink) {
  CheckerE22 checker(sink);
  for (const CheckedVm& vm : input.vms) {
    for (const HostDevice& device : host_devices_of(vm.model)) {
      // Disks have a rule of their own.
      if (!device.is_file() || device.vdev->type == "virtio-blk" || device.path == "/dev/null") continue;
      const std::string path = host_file_of(device, vm, input);
      if (!path.empty()) checker.check(path, {device, &vm});
    }
  }
}

}  // namespace

const Rule kSharedHostDevice{
    .id = "E22",
    .severity = Severity::warning,
    .title = "two consoles on one host device",
    .documentation =
        "Two serial ports or consoles, of one VM or of two, that use one file or terminal of the host mix "
        "their output "
        "and take each other's input. One of them for input and one for output only is all right.",
    .wrong = {"system left\nram 64M\nvdev ser8250 hostdev /dev/ptyp0\n",
              "system right\nram 64M\nvdev ser8250 hostdev /dev/ptyp0\n"},
    .right = {"system left\nram 64M\nvdev ser8250 hostdev >left.log\n",
              "system right\nram 64M\nvdev ser8250 hostdev >right.log\n"},
    .check = check_e22};

}  // namespace qvm::config
