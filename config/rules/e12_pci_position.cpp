// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <array>
#include <map>

#include "config/model/pci_position.h"
#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPciPosition;

namespace {

struct PciPlace {
  PciPosition position;
  SourceRange where;
};

std::vector<PciPlace> positions_of(const CheckedVm& vm) {
  std::vector<PciPlace> result;
  for (const Vdev& vdev : vm.model.vdevs) {
    if (!vdev.location || !vdev.location->where.valid()) continue;
    const Location& location = vdev.location->value;
    if (location.space != Location::Space::pci) continue;
    if (const auto place = parse_pci_position(location.pci)) result.push_back({*place, vdev.location->where});
  }
  for (const Pass& pass : passes_of(vm)) {
    for (const PassRange& range : pass.ranges) {
      if (range.space != Location::Space::pci || range.pci_guest.empty()) continue;
      if (const auto place = parse_pci_position(range.pci_guest)) result.push_back({*place, range.where});
    }
  }
  return result;
}

class CheckerE12 {
 public:
  explicit CheckerE12(DiagnosticSink& sink) : x_sink(sink) {}

  void run(const std::vector<PciPlace>& all) {
    std::map<PciPosition, SourceRange> taken;
    for (const PciPlace& one : all) {
      check_limits(one);
      const auto [place, fresh] = taken.try_emplace(one.position, one.where);
      if (fresh) continue;
      report(one.where, Severity::error,
             fmt::format("PCI position {}:{}.{} is used twice", one.position.bus, one.position.device,
                         one.position.function),
             "give each device one of its own", place->second, "the other one");
    }
    for (const PciPlace& one : all) {
      if (one.position.function == 0 || taken.contains({one.position.bus, one.position.device, 0})) continue;
      report(one.where, Severity::warning,
             fmt::format("PCI device {}:{} has no function 0: guests do not look for others then",
                         one.position.bus, one.position.device),
             fmt::format("add 'vdev pci-dummy loc pci:{}:{}.0'", one.position.bus, one.position.device), {},
             "");
    }
  }

 private:
  void check_limits(const PciPlace& one) {
    const PciPosition& at = one.position;
    if (at == PciPosition{}) {
      report(one.where, Severity::error, "PCI position 0:0.0 is the host bridge's",
             "use another device number", {}, "");
    } else if (at.bus != 0) {
      report(one.where, Severity::warning, fmt::format("the guest has no PCI bus {}", at.bus),
             "its only bus is 0", {}, "");
    }
    if (at.device >= kPciDevices || at.function >= kPciFunctions) {
      report(one.where, Severity::error, fmt::format("there is no PCI device {}.{}", at.device, at.function),
             fmt::format("devices are 0 to {}, functions 0 to {}", kPciDevices - 1, kPciFunctions - 1), {},
             "");
    }
  }

  void report(const SourceRange& where, Severity severity, std::string message, std::string help,
              const SourceRange& other, const char* note) {
    Diagnostic diagnostic = finding(kPciPosition, where, std::move(message), std::move(help));
    diagnostic.severity = severity;
    if (other.valid()) diagnostic.notes.push_back({other, note});
    x_sink.add(std::move(diagnostic));
  }

  DiagnosticSink& x_sink;
};

void check_e12(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) CheckerE12(sink).run(positions_of(vm));
}

}  // namespace

const Rule kPciPosition{.id = "E12",
                        .severity = Severity::error,
                        .title = "PCI position that is taken or is not found",
                        .documentation =
                            "A guest has PCI bus 0 only, 0:0.0 is its host bridge, and each function of a "
                            "device belongs to one vdev or "
                            "passed-through device. A device without function 0 is not looked for (a "
                            "warning): vdev pci-dummy fills it.",
                        .wrong = {"system left\nram 64M\nvdev virtio-blk loc pci:0:5 hostdev disk.img\n"
                                  "vdev virtio-blk loc pci:0:5.0 hostdev other.img\n"},
                        .right = {"system left\nram 64M\nvdev virtio-blk loc pci:0:5 hostdev disk.img\n"
                                  "vdev virtio-blk loc pci:0:6 hostdev other.img\n"},
                        .check = check_e12};

}  // namespace qvm::config
