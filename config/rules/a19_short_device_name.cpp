// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/language/parser.h"
#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"
#include "config/rules/told_elsewhere.h"

namespace qvm::config {

extern const Rule kShortDeviceName;

namespace {

struct ShortName {
  std::string_view written;
  std::string_view x86;
  std::string_view arm;
};
// As tutorials and other hypervisors call them.
constexpr std::array kShortNames = {
    ShortName{"block", "virtio-blk", "virtio-blk"},
    ShortName{"disk", "virtio-blk", "virtio-blk"},
    ShortName{"network", "virtio-net", "virtio-net"},
    ShortName{"nic", "virtio-net", "virtio-net"},
    ShortName{"eth", "virtio-net", "virtio-net"},
    ShortName{"ethernet", "virtio-net", "virtio-net"},
    ShortName{"con", "virtio-console", "virtio-console"},
    ShortName{"hvc", "virtio-console", "virtio-console"},
    ShortName{"ser", "ser8250", "pl011"},
    ShortName{"serial", "ser8250", "pl011"},
    ShortName{"uart", "ser8250", "pl011"},
    ShortName{"uart16550", "ser8250", "pl011"},
    ShortName{"rng", "virtio-entropy", "virtio-entropy"},
    ShortName{"random", "virtio-entropy", "virtio-entropy"},
    ShortName{"9p", "virtio-fs", "virtio-fs"},
    ShortName{"display", "virtio-gpu", "virtio-gpu"},
    ShortName{"shm", "shmem", "shmem"},
    ShortName{"ivshmem", "shmem", "shmem"},
    ShortName{"wdt", "wdt-ib700", "wdt-sp805"},
    ShortName{"watchdog", "wdt-ib700", "wdt-sp805"},
    ShortName{"rtc", "mc146818", "mc146818"},
    ShortName{"pit", "timer8254", "timer8254"},
    ShortName{"apic", "ioapic", "ioapic"},
    ShortName{"pic", "ioapic", "gic"},
    ShortName{"gicv2", "gic", "gic"},
    ShortName{"gicv3", "gic", "gic"},
    ShortName{"gicd", "gic", "gic"},
    ShortName{"keyboard", "pckeyboard", "virtio-input"},
};

bool is_known(std::string_view type, const TableSet& tables) {
  return tables.vdev(type) != nullptr || tables.unsupported_vdev(type) != nullptr;
}

void check_a19(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      const std::string meant = long_device_name(vdev.type, input.tables);
      if (meant.empty()) continue;
      std::string better = meant;
      const auto found = std::find_if(kShortNames.begin(), kShortNames.end(),
                                      [&](const ShortName& one) { return one.written == vdev.type; });
      if (found != kShortNames.end() && machine_of(vm, input.tables).machine == Machine::arm)
        better = found->arm;
      Diagnostic diagnostic =
          finding(kShortDeviceName, vdev.where, fmt::format("there is no vdev type '{}'", vdev.type),
                  fmt::format("did you mean '{}'?", better));
      diagnostic.fix = Fix{vdev.where, better};
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

std::string long_device_name(std::string_view type, const TableSet& tables) {
  if (is_known(type, tables)) return {};
  const auto found = std::find_if(kShortNames.begin(), kShortNames.end(),
                                  [&](const ShortName& one) { return one.written == type; });
  if (found != kShortNames.end()) return std::string(found->x86);
  std::string full = fmt::format("virtio-{}", type);
  return is_known(full, tables) ? full : std::string();
}

const Rule kShortDeviceName{.id = "A19",
                            .severity = Severity::error,
                            .title = "short name of a device",
                            .documentation =
                                "A vdev is called by its full type, which is the name of its file without "
                                "'vdev-' and '.so': virtio-blk, not "
                                "blk; ser8250 or pl011, not uart.",
                            .wrong = {"system left\nram 64M\nvdev uart\n"},
                            .right = {"system left\nram 64M\nvdev ser8250\n"},
                            .check = check_a19};

}  // namespace qvm::config
