// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <array>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kBoardDevices;

namespace {

struct Expected {
  std::string_view type;
  std::size_t count;
};
constexpr std::array kBoard = {Expected{"ioapic", 1}, Expected{"timer8254", 1}, Expected{"mc146818", 1},
                               Expected{"8259", 2}, Expected{"pckeyboard", 1}};

std::string missing_devices(const VmConfig& vm) {
  std::string missing;
  for (const Expected& expected : kBoard) {
    const std::size_t count = count_vdevs(vm, expected.type);
    if (count >= expected.count) continue;
    const std::size_t lacking = expected.count - count;
    missing += fmt::format("{}{}{}", missing.empty() ? "" : ", ",
                           lacking > 1 ? fmt::format("{} x ", lacking) : "", expected.type);
  }
  return missing;
}

void check_e17(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (machine_of(vm, input.tables).machine != Machine::x86) continue;
    if (guest_of(vm, input.reader) != GuestSystem::qnx) continue;
    const std::string missing = missing_devices(vm.model);
    if (missing.empty()) continue;
    const Load* image = &vm.model.loads.front();
    for (const Load& load : vm.model.loads) {
      if (load.blob == Load::Blob::automatic || load.blob == Load::Blob::guest) {
        image = &load;
        break;
      }
    }
    sink.add(finding(kBoardDevices, image->where,
                     fmt::format("a QNX guest looks for devices that are not there: {}", missing),
                     "add them: its startup stops or guesses without them"));
  }
}

}  // namespace

const Rule kBoardDevices{
    .id = "E17",
    .severity = Severity::warning,
    .title = "QNX guest without the devices of a PC",
    .documentation =
        "The startup program of a QNX guest for x86 expects an I/O APIC, the interval timer, the clock, two "
        "8259 and the "
        "keyboard controller.",
    .wrong = {"system left\nram 64M\nload guest.ifs\nvdev ioapic loc 0xf8000000\n"},
    .right = {"system left\nram 0,0xa0000\nrom 0xc0000,0x40000\nram 63M\nload guest.ifs\n"
              "vdev ioapic loc 0xf8000000\nvdev timer8254 intr ioapic:0\nvdev mc146818\nvdev 8259 loc 0x20\n"
              "vdev 8259 loc 0xa0\nvdev pckeyboard\n"},
    .check = check_e17};

}  // namespace qvm::config
