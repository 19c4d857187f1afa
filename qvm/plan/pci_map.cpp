// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/pci_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "qvm/plan/finding.h"
#include "vdevs/plan.h"

namespace qvm::plan {

std::string describe_pci(std::uint64_t device, std::uint64_t function) {
  return function == 0 ? fmt::format("0:{}", device) : fmt::format("0:{}.{}", device, function);
}

std::string PciPlace::qemu_options() const {
  return fmt::format("bus=pci.0,addr={:#x}{}{}", device, function == 0 ? "" : fmt::format(".{}", function),
                     multifunction() ? ",multifunction=on" : "");
}

PciMap::PciMap(const vdevs::Machine& machine) {
  for (const vdevs::MachinePciDevice& device : machine.pci_devices) {
    x_owners.push_back({device.device, std::nullopt, "machine: " + std::string(device.title), {}});
  }
}

const PciOwner* PciMap::find(std::uint64_t device, std::uint64_t function) const {
  const auto found = std::find_if(x_owners.begin(), x_owners.end(), [&](const PciOwner& owner) {
    return owner.device == device &&
           owner.function.value_or(static_cast<std::uint32_t>(function)) == function;
  });
  return found == x_owners.end() ? nullptr : &*found;
}

bool PciMap::has_other_functions(const PciPlace& place) const {
  return std::any_of(x_owners.begin(), x_owners.end(), [&](const PciOwner& owner) {
    return owner.device == place.device && owner.function != place.function;
  });
}

bool PciMap::claim(const config::PciPosition& position, const std::string& owner,
                   const config::SourceRange& where, config::DiagnosticSink& sink) {
  if (position.bus != 0 || position.device >= config::kPciDevices ||
      position.function >= config::kPciFunctions) {
    report(sink, config::Severity::error, vdevs::kDeviceRule, where,
           fmt::format("{} cannot be at PCI position {}:{}.{}", owner, position.bus, position.device,
                       position.function),
           fmt::format("possible are pci:0:2 to pci:0:{}, functions 0 to {}", config::kPciDevices - 1,
                       config::kPciFunctions - 1));
    return false;
  }
  if (const PciOwner* const other = find(position.device, position.function); other != nullptr) {
    config::Diagnostic finding;
    finding.rule = vdevs::kDeviceRule;
    finding.where = where;
    finding.message = fmt::format("PCI position {} of {} belongs to {}",
                                  describe_pci(position.device, position.function), owner, other->owner);
    if (other->where.valid()) finding.notes.push_back({other->where, other->owner + " takes it here"});
    finding.help = "use another device number, or leave 'loc' away";
    sink.add(std::move(finding));
    return false;
  }
  x_owners.push_back({static_cast<std::uint32_t>(position.device),
                      static_cast<std::uint32_t>(position.function), owner, where});
  return true;
}

void PciMap::reserve(std::uint32_t device) {
  x_reserved.push_back(device);
}

std::optional<std::uint32_t> PciMap::choose(const std::string& owner, const config::SourceRange& where) {
  for (std::uint32_t device = 0; device < config::kPciDevices; ++device) {
    const bool reserved = std::find(x_reserved.begin(), x_reserved.end(), device) != x_reserved.end();
    const bool taken = std::any_of(x_owners.begin(), x_owners.end(),
                                   [device](const PciOwner& one) { return one.device == device; });
    if (reserved || taken) continue;
    x_owners.push_back({device, 0, owner, where});
    return device;
  }
  return std::nullopt;
}

void PciMap::place(std::vector<PciWish> wishes, config::DiagnosticSink& sink) {
  std::stable_sort(wishes.begin(), wishes.end(),
                   [](const PciWish& a, const PciWish& b) { return a.order < b.order; });
  for (const PciWish& wish : wishes) {
    if (wish.position && claim(*wish.position, wish.owner, wish.where, sink))
      *wish.place = PciPlace{static_cast<std::uint32_t>(wish.position->device),
                             static_cast<std::uint32_t>(wish.position->function)};
  }
  for (const PciWish& wish : wishes) {
    if (wish.position) continue;
    if (const auto device = choose(wish.owner, wish.where)) {
      *wish.place = PciPlace{*device};
      continue;
    }
    report(sink, config::Severity::error, vdevs::kDeviceRule, wish.where,
           fmt::format("no PCI position is left for {}", wish.owner),
           "a guest has 30 of them: leave one out, or put several into one device: 'loc pci:0:DEV.FUNC'");
  }
  for (const PciWish& wish : wishes) {
    if (*wish.place) (*wish.place)->has_siblings = has_other_functions(**wish.place);
  }
}

}  // namespace qvm::plan
