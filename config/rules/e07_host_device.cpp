// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kHostDevice;

namespace {

// QNX: /dev/ptypN is the end that qvm opens, /dev/ttypN the one for a program.
bool is_terminal_of_program(std::string_view path) {
  return path.starts_with("/dev/ttyp") && path.size() > std::string_view("/dev/ttyp").size();
}

void report(const HostDevice& device, Severity severity, std::string message, std::string help,
            DiagnosticSink& sink) {
  Diagnostic diagnostic = finding(kHostDevice, device.where, std::move(message), std::move(help));
  diagnostic.severity = severity;
  sink.add(std::move(diagnostic));
}

void check_device(const HostDevice& device, const CheckedVm& vm, const RuleInput& input,
                  DiagnosticSink& sink) {
  const bool mapped = is_mapped(device, input);
  const std::string file = host_file_of(device, vm, input);
  // A file that stands for a serial port is made for its output.
  if (mapped && (file.empty() || device.vdev->type != "virtio-blk")) return;
  if (!mapped && is_terminal_of_program(device.path)) {
    std::string master = device.path;
    master.replace(master.find("tty"), 3, "pty");
    report(device, Severity::error,
           fmt::format("'{}' is the end of a terminal that programs open", device.path),
           fmt::format("write '{}', the end of whoever provides the terminal", master), sink);
    return;
  }
  // Output makes its file.
  if (device.direction == HostDevice::Direction::output || device.delayed) return;
  const auto facts = input.reader.facts(file);
  if (!facts) {
    if (!beside_configuration(device.path, device.where, vm, input).empty()) return;
    // A device of the QNX host that the file was written for is another rule's (H04).
    if (mapped || !device.path.starts_with("/dev/"))
      report(device, Severity::warning, fmt::format("there is no '{}' on this host", file),
             "create it, or correct the path", sink);
    return;
  }
  const bool disk = device.vdev->type == "virtio-blk";
  if (disk && facts->directory) {
    report(device, Severity::error, fmt::format("'{}' is a directory", device.path),
           "a disk is a file or a device", sink);
  } else if (disk && facts->regular && facts->size == 0) {
    report(device, Severity::warning, fmt::format("disk '{}' is empty", device.path),
           "was it created completely?", sink);
  } else if (!facts->regular) {
    // Devices are opened by whoever runs the VM, which may be allowed more.
    return;
  } else if (!facts->readable) {
    report(device, Severity::warning, fmt::format("'{}' may not be read by you", device.path),
           "give the account that runs the VM permission to use it", sink);
  } else if (!facts->writable && device.direction == HostDevice::Direction::both) {
    report(device, Severity::warning, fmt::format("'{}' may not be written by you", device.path),
           "give the account that runs the VM permission, or write '<' before the path for reading only",
           sink);
  }
}

void check_e07(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const HostDevice& device : host_devices_of(vm.model)) {
      if (device.is_file()) check_device(device, vm, input, sink);
    }
  }
}

}  // namespace

const Rule kHostDevice{.id = "E07",
                       .severity = Severity::error,
                       .title = "hostdev that cannot be opened",
                       .documentation =
                           "A hostdev is opened when the VM starts, even by dryrun, unless it is delayed. Of "
                           "a pair of terminals the VM "
                           "opens the master, /dev/ptypN; to name /dev/ttypN is an error. What is missing on "
                           "this host only, or has the "
                           "wrong permissions, is a warning.",
                       .wrong = {"system left\nram 64M\nvdev virtio-console hostdev /dev/ttyp0\n"},
                       .right = {"system left\nram 64M\nvdev virtio-console hostdev /dev/ptyp0\n"},
                       .check = check_e07};

}  // namespace qvm::config
