// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The one list of vdevs whose plan() is linked in.
#include <algorithm>

#include "vdevs/shipped_plans.h"

namespace qvm::vdevs {

const std::vector<ShippedVdev>& shipped_vdevs() {
  static const std::vector<ShippedVdev> vdevs = {
      {"8259", plan_8259},
      {"gic", plan_gic},
      {"hpet", plan_hpet, without_hpet},
      {"ioapic", plan_ioapic},
      {"mc146818", plan_mc146818},
      {"pci-dummy", plan_pci_dummy},
      {"pckeyboard", plan_pckeyboard},
      {"pl011", plan_pl011},
      {"ser8250", plan_ser8250},
      {"shmem", plan_shmem},
      {"timer8254", plan_timer8254},
      {"virtio-blk", plan_virtio_blk},
      {"virtio-console", plan_virtio_console},
      {"virtio-entropy", plan_virtio_entropy},
      {"virtio-fs", plan_virtio_fs},
      {"virtio-net", plan_virtio_net},
      {"wdt-ib700", plan_wdt_ib700},
      {"wdt-sp805", plan_wdt_sp805},
  };
  return vdevs;
}

const ShippedVdev* find_shipped(std::string_view type) {
  const auto& vdevs = shipped_vdevs();
  const auto found =
      std::find_if(vdevs.begin(), vdevs.end(), [&](const ShippedVdev& vdev) { return vdev.type == type; });
  return found == vdevs.end() ? nullptr : &*found;
}

void add_finding(config::DiagnosticSink& sink, config::Severity severity, std::string rule,
                 const config::SourceRange& where, std::string message, std::string help) {
  config::Diagnostic finding;
  finding.severity = severity;
  finding.rule = std::move(rule);
  finding.where = where;
  finding.message = std::move(message);
  finding.help = std::move(help);
  sink.add(std::move(finding));
}

}  // namespace qvm::vdevs
