// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kCmdlineDevices;

namespace {

// What a Linux guest calls the devices of a type, by their number.
struct GuestName {
  std::string_view prefix;
  std::string_view type;
};
constexpr std::array kConsoles = {GuestName{"ttyAMA", "pl011"}, GuestName{"ttyS", "ser8250"},
                                  GuestName{"hvc", "virtio-console"}};
constexpr std::array kOtherDisks = {"/dev/sd", "/dev/hd", "/dev/nvme", "/dev/mmcblk"};

std::string count_of(std::size_t count, std::string_view type) {
  if (count == 1) return fmt::format("there is one vdev {}", type);
  return count == 0 ? fmt::format("there is no vdev {}", type)
                    : fmt::format("there are {} vdevs {}", count, type);
}

class CheckerB09 {
 public:
  CheckerB09(const CheckedVm& vm, DiagnosticSink& sink) : x_vm(vm), x_sink(sink) {}

  void check(const Piece& word) {
    const std::size_t equals = word.text.find('=');
    if (equals == std::string::npos) return;
    const std::string_view key = std::string_view(word.text).substr(0, equals);
    const std::string_view value = std::string_view(word.text).substr(equals + 1);
    if (key == "console") console(word, value);
    if (key == "root") root(word, value);
    if (key == "earlycon") early_console(word, value);
  }

 private:
  // Linux numbers a PC's serial ports by their places.
  bool has_port(std::string_view type, std::size_t number) const {
    constexpr std::array<std::uint64_t, 4> kPorts = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    const auto& vdevs = x_vm.model.vdevs;
    return type == "ser8250" && number < kPorts.size() &&
           std::any_of(vdevs.begin(), vdevs.end(), [&](const Vdev& vdev) {
             return vdev.type == type && vdev.location && vdev.location->value.space == Location::Space::io &&
                    vdev.location->value.address == kPorts[number];
           });
  }

  void report(const Piece& word, std::string message, std::string help) {
    Diagnostic diagnostic = finding(kCmdlineDevices, word.where, std::move(message), std::move(help));
    x_sink.add(std::move(diagnostic));
  }

  void console(const Piece& word, std::string_view value) {
    for (const GuestName& name : kConsoles) {
      if (!value.starts_with(name.prefix)) continue;
      std::size_t number = 0;
      const char* digits = value.data() + name.prefix.size();
      const auto read = std::from_chars(digits, value.data() + value.size(), number);
      if (read.ec != std::errc{}) return;
      const std::size_t count = count_vdevs(x_vm.model, name.type);
      if (number < count || has_port(name.type, number)) return;
      report(word,
             fmt::format("'{}' is no device of this VM: {}", value.substr(0, value.find(',')),
                         count_of(count, name.type)),
             fmt::format("add 'vdev {}', or name a console that is there", name.type));
    }
  }

  void root(const Piece& word, std::string_view value) {
    constexpr std::string_view kDisk = "/dev/vd";
    if (value.starts_with(kDisk) && value.size() > kDisk.size()) {
      const char letter = value[kDisk.size()];
      const std::size_t count = count_vdevs(x_vm.model, "virtio-blk");
      if (letter < 'a' || letter > 'z' || static_cast<std::size_t>(letter - 'a') < count) return;
      report(word, fmt::format("'{}' is no disk of this VM: {}", value, count_of(count, "virtio-blk")),
             "the first virtio-blk is /dev/vda, the second /dev/vdb");
    } else if (std::any_of(kOtherDisks.begin(), kOtherDisks.end(),
                           [&](std::string_view prefix) { return value.starts_with(prefix); })) {
      report(word, fmt::format("'{}' is no disk of this VM", value), "the first virtio-blk is /dev/vda");
    } else if (value.starts_with("/dev/ram")) {
      const auto& loads = x_vm.model.loads;
      if (std::any_of(loads.begin(), loads.end(),
                      [](const Load& load) { return load.blob == Load::Blob::initrd; }))
        return;
      report(word, fmt::format("'{}' needs an initial RAM disk, and none is loaded", value),
             "add 'initrd load FILE'");
    }
  }

  // earlycon=pl011,[mmio32,]ADDRESS
  void early_console(const Piece& word, std::string_view value) {
    constexpr std::string_view kDriver = "pl011,";
    if (!value.starts_with(kDriver)) return;
    value.remove_prefix(kDriver.size());
    if (value.starts_with("mmio32,")) value.remove_prefix(value.find(',') + 1);
    const auto address = parse_number(value.substr(0, value.find(',')), NumberKind::address);
    if (!address) return;
    const Vdev* other = nullptr;
    for (const Vdev& vdev : x_vm.model.vdevs) {
      if (vdev.type != "pl011" || !vdev.location) continue;
      if (vdev.location->value.address == address->value) return;
      other = &vdev;
    }
    Diagnostic diagnostic =
        finding(kCmdlineDevices, word.where, fmt::format("no pl011 is at 0x{:x}", address->value),
                other == nullptr ? "add 'vdev pl011' with 'loc' and 'intr'"
                                 : fmt::format("write 0x{:x}", other->location->value.address));
    if (other != nullptr) diagnostic.notes.push_back({other->where, "this one is somewhere else"});
    x_sink.add(std::move(diagnostic));
  }

  const CheckedVm& x_vm;
  DiagnosticSink& x_sink;
};

void check_b09(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    // Without a guest it is only a part of a configuration. Devices of unknown kinds can be anything.
    if (vm.model.loads.empty()) continue;
    if (has_foreign_devices(vm, input.tables)) continue;
    CheckerB09 checker(vm, sink);
    for (const Piece& word : cmdline_words(vm)) checker.check(word);
  }
}

}  // namespace

const Rule kCmdlineDevices{
    .id = "B09",
    .severity = Severity::warning,
    .title = "command line names a disk or console that the VM has not",
    .documentation =
        "A Linux guest calls its virtio-blk /dev/vda, /dev/vdb, … in the order of the configuration, its "
        "ser8250 "
        "ttyS0, …, its pl011 ttyAMA0, …, its virtio-console hvc0, …. VMs with passed-through devices or "
        "vdevs without "
        "a table are not looked at.",
    .wrong = {"system left\nram 64M\nload bzImage\ncmdline \"console=hvc0 root=/dev/vda\"\nvdev ser8250\n"},
    .right = {"system left\nram 64M\nload bzImage\ncmdline \"console=ttyS0 root=/dev/vda\"\nvdev ser8250\n"
              "vdev virtio-blk hostdev disk.img\n"},
    .check = check_b09};

}  // namespace qvm::config
