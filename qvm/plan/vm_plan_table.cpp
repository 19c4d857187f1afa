// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "qvm/plan/finding.h"
#include "qvm/plan/pci_map.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::plan {
namespace {

using Row = std::vector<std::string>;

std::string_view kind_name(MemoryRange::Kind kind) {
  switch (kind) {
    case MemoryRange::Kind::ram:
      return "ram";
    case MemoryRange::Kind::rom:
      return "rom";
    case MemoryRange::Kind::device:
      return "device";
    case MemoryRange::Kind::region_window:
      return "region window";
    case MemoryRange::Kind::firmware:
      return "firmware";
    case MemoryRange::Kind::reserved:
      return "reserved";
  }
  return "";
}

// Columns are as wide as their widest cell; trailing blanks are cut.
void print_rows(std::string& text, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}

void print_section(std::string& text, std::string_view title, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  text += fmt::format("\n{}\n", title);
  print_rows(text, rows);
}

std::string describe(const vdevs::Relay& relay) {
  std::string text = relay.vdev + ":";
  if (!relay.input.empty()) text += " input from " + relay.input;
  if (!relay.output.empty())
    text += fmt::format("{} output to {}", relay.input.empty() ? "" : ",", relay.output);
  if (!relay.command.empty())
    text += fmt::format("{} output to the command '{}'", relay.input.empty() ? "" : ",", relay.command);
  if (!relay.terminal.empty()) text += " terminal " + relay.terminal;
  if (relay.delay) {
    text += relay.delay == vdevs::Relay::kForever
                ? ", opened when it is used and there"
                : fmt::format(", opened when used, within {} s", *relay.delay);
  }
  return text;
}

std::vector<Row> boot_rows(const VmPlan& plan) {
  std::vector<Row> rows = {{"kernel", plan.boot.kernel}};
  if (!plan.boot.initrd.empty()) rows.push_back({"initrd", plan.boot.initrd});
  if (!plan.boot.cmdline.empty()) rows.push_back({"cmdline", plan.boot.cmdline});
  for (const std::string& path : plan.boot.acpi_tables) rows.push_back({"acpi", path});
  for (const Blob& blob : plan.blobs)
    rows.push_back({blob.path == plan.boot.kernel || blob.path == plan.boot.initrd ? "" : "data",
                    fmt::format("{} at {:#x}", blob.path, blob.address)});
  if (plan.board && !plan.board->code.empty()) {
    rows.push_back({"start", fmt::format("at {:#x}, device tree behind it ({} bytes)", plan.board->address,
                                         plan.board->device_tree.size())});
  }
  for (std::size_t i = 0; i < plan.affinity.size(); ++i) {
    if (!plan.affinity[i].empty())
      rows.push_back({fmt::format("cpu {}", i), "on host CPU " + plan.affinity[i]});
  }
  for (const Disk& disk : plan.disks) {
    rows.push_back(
        {"disk", fmt::format("{}: {}{}{}", disk.name, disk.path, disk.writable ? "" : ", read-only",
                             disk.direct ? ", past the host's cache" : "")});
  }
  for (const Console& console : plan.consoles) {
    rows.push_back({"console", fmt::format("{}: output in {}{}", console.vdev, console.log,
                                           console.socket.empty() ? "" : ", input at " + console.socket)});
  }
  for (const vdevs::Relay& relay : plan.relays) rows.push_back({"host side", describe(relay)});
  return rows;
}

std::vector<Row> region_rows(const regions::VmPolicy& policy) {
  std::vector<Row> rows;
  for (const regions::VdevPolicy& vdev : policy.vdevs) {
    for (const regions::NameRule& rule : vdev.rules) {
      rows.push_back({vdev.vdev, rule.allow ? "allow" : "deny", rule.pattern, rule.place});
    }
    for (const regions::Substitution& substitution : vdev.substitutions) {
      rows.push_back({vdev.vdev, "subst",
                      substitution.match.empty() ? "prepend " + substitution.prefix
                                                 : substitution.match + " becomes " + substitution.prefix,
                      substitution.place});
    }
    for (const regions::CreateSpec& create : vdev.creates) {
      rows.push_back(
          {vdev.vdev, "create",
           fmt::format("{}, {}, mode {:04o}", create.name, describe_size(create.bytes), create.mode),
           create.place});
    }
  }
  return rows;
}

// A board's guest knows only what was configured of the machine's RAM.
std::uint64_t guest_memory(const VmPlan& plan) {
  if (!plan.board) return plan.memory_bytes;
  std::uint64_t bytes = 0;
  for (const MemoryRange& range : plan.memory) {
    if (range.kind == MemoryRange::Kind::ram) bytes += range.length;
  }
  return bytes;
}

}  // namespace

std::string to_table(const VmPlan& plan) {
  const bool kvm = plan.host.acceleration == HostFacts::Acceleration::kvm;
  std::string text =
      fmt::format("VM '{}': {}, {} CPU{}, {}{}\n", plan.name, describe_size(guest_memory(plan)), plan.vcpus,
                  plan.vcpus == 1 ? "" : "s", kvm ? "KVM" : "TCG", plan.dryrun ? ", dry run" : "");
  print_rows(text, boot_rows(plan));

  std::vector<Row> memory;
  for (const MemoryRange& range : plan.memory) {
    memory.push_back({fmt::format("{:#012x}", range.start),
                      fmt::format("{:#012x}", range.start + range.length - 1), describe_size(range.length),
                      std::string(kind_name(range.kind)), range.owner, range.place});
  }
  print_section(text, "Memory", memory);

  std::vector<Row> ports;
  for (const PortRange& range : plan.ports) {
    if (range.place.empty()) continue;  // some thirty of the machine's own: the JSON form has them
    ports.push_back({fmt::format("{:#06x}", range.start),
                     fmt::format("{:#06x}", range.start + range.length - 1), range.owner, range.place});
  }
  print_section(text, "I/O ports of the configuration", ports);

  std::vector<Row> lines;
  for (const InterruptUse& use : plan.interrupts) {
    lines.push_back({fmt::format("{}:{}", use.controller, use.line), use.owner, use.place});
  }
  print_section(text, "Interrupts", lines);
  std::vector<Row> functions;
  for (const PciUse& use : plan.pci)
    functions.push_back({describe_pci(use.device, use.function), use.id, use.owner, use.place});
  print_section(text, "PCI", functions);
  std::vector<Row> networks;
  for (const NetworkInterface& one : plan.networks)
    networks.push_back({one.vdev, one.mac, one.towards, one.place});
  print_section(text, "Network", networks);
  print_section(text, "Regions", region_rows(plan.policy));
  return text;
}

}  // namespace qvm::plan
