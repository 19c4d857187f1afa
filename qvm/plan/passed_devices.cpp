// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/passed_devices.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/language/numbers.h"
#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

constexpr const char* kPassRule = "plan-pass";
constexpr const char* kDriver = "vfio-pci";
constexpr std::uint8_t kBridge = 0x06;

std::optional<std::uint64_t> hex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  const auto parsed = config::parse_number("0x" + std::string(text), config::NumberKind::plain);
  if (!parsed) return std::nullopt;
  return parsed->value;
}

// "VID/DID[/INDEX]", the INDEXth of its kind, or "BUS:DEV[.FUNC]".
const HostPciDevice* find_device(const std::vector<HostPciDevice>& host, const std::string& name) {
  if (const auto at = config::parse_pci_position(name)) {
    const std::string address = fmt::format("0000:{:02x}:{:02x}.{:x}", at->bus, at->device, at->function);
    const auto found = std::find_if(host.begin(), host.end(),
                                    [&](const HostPciDevice& one) { return one.address == address; });
    return found == host.end() ? nullptr : &*found;
  }
  const std::size_t first = std::min(name.find('/'), name.size());
  const std::size_t second = std::min(name.find('/', first + 1), name.size());
  const auto vendor = hex(name.substr(0, first));
  const auto device = first == name.size() ? std::nullopt : hex(name.substr(first + 1, second - first - 1));
  auto index = second == name.size() ? std::optional<std::uint64_t>(0) : hex(name.substr(second + 1));
  if (!vendor || !device || !index) return nullptr;
  const std::string id = fmt::format("{:04x}:{:04x}", *vendor, *device);
  for (const HostPciDevice& one : host) {
    if (one.id == id && (*index)-- == 0) return &one;
  }
  return nullptr;
}

// "8086:10d3 at 0000:01:00.0, …": enough of them to recognise the host by.
std::string list(const std::vector<HostPciDevice>& host) {
  constexpr std::size_t kNamed = 8;
  std::vector<std::string> names;
  for (const HostPciDevice& one : host) {
    if (names.size() == kNamed) break;
    names.push_back(fmt::format("{} at {}", one.id, one.address));
  }
  if (host.size() > kNamed) names.push_back(fmt::format("and {} more", host.size() - kNamed));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string driver_of(const HostPciDevice& device) {
  return device.driver.empty() ? "no driver" : fmt::format("driver '{}'", device.driver);
}

class Checker {
 public:
  Checker(const std::vector<HostPciDevice>& host, config::DiagnosticSink& sink)
      : x_host(host), x_sink(sink) {}

  const HostPciDevice* check(const std::string& name, const config::SourceRange& where) {
    const HostPciDevice* device = find_device(x_host, name);
    if (device == nullptr) {
      refuse(where, fmt::format("there is no PCI device '{}' on this host", name),
             "'lspci -nn' shows which there are, and their VENDOR:DEVICE");
      return nullptr;
    }
    const std::string what = fmt::format("PCI device {} ({})", device->address, device->id);
    if (!device->iommu_group) {
      refuse(where, what + " cannot be given to a guest: the host has no IOMMU group for it",
             "switch the IOMMU on, in the firmware and for the kernel ('intel_iommu=on'), or use a vdev "
             "instead");
      return nullptr;
    }
    if (device->driver != kDriver) {
      refuse(
          where,
          fmt::format("{} cannot be given to a guest: it has {}, not {}", what, driver_of(*device), kDriver),
          fmt::format("bind it: 'driverctl set-override {} {}'", device->address, kDriver));
      return nullptr;
    }
    return has_group_alone(*device, what, where) ? device : nullptr;
  }

 private:
  // The IOMMU cannot keep the devices of a group apart.
  bool has_group_alone(const HostPciDevice& device, const std::string& what,
                       const config::SourceRange& where) {
    const auto other = std::find_if(x_host.begin(), x_host.end(), [&](const HostPciDevice& one) {
      return one.iommu_group == device.iommu_group && one.driver != kDriver && !one.driver.empty() &&
             one.base_class != kBridge;
    });
    if (other == x_host.end()) return true;
    refuse(where,
           fmt::format("{} cannot be given to a guest: {} with {} is in its IOMMU group {}, too", what,
                       other->address, driver_of(*other), *device.iommu_group),
           fmt::format("bind that one to {} as well: a group is given away as a whole", kDriver));
    return false;
  }

  void refuse(const config::SourceRange& where, std::string message, std::string help) {
    report(x_sink, config::Severity::error, kPassRule, where, std::move(message), std::move(help));
  }

  const std::vector<HostPciDevice>& x_host;
  config::DiagnosticSink& x_sink;
};

}  // namespace

Result<vdevs::HostPciHeader> read_host_pci(const std::string& name, const HostQueries& queries) {
  const auto host = queries.pci_devices ? queries.pci_devices() : std::vector<HostPciDevice>();
  if (host.empty()) return fail(fmt::format("there is no PCI device '{}': this host has none at all", name));
  const HostPciDevice* const device = find_device(host, name);
  if (device == nullptr)
    return fail(fmt::format("there is no PCI device '{}' on this host, which has {}", name, list(host)));
  auto header = queries.pci_header ? queries.pci_header(device->address) : std::nullopt;
  if (!header || header->size() < vdevs::kPciHeaderBytes) {
    return fail(fmt::format("the configuration space of PCI device {} ({}) of this host cannot be read",
                            device->address, device->id));
  }
  return vdevs::HostPciHeader{device->address, std::move(*header)};
}

std::string PassedDevice::xml() const {
  const std::string& at = device.address;  // "0000:03:00.0"
  return fmt::format(
      R"(<hostdev mode="subsystem" type="pci" managed="no"><driver name="vfio"/><source><address domain="0x{}" bus="0x{}" slot="0x{}" function="0x{}"/></source></hostdev>)",
      at.substr(0, 4), at.substr(5, 2), at.substr(8, 2), at.substr(11));
}

std::vector<PassedDevice> passed_devices(const config::VmConfig& vm, const std::vector<HostPciDevice>& host,
                                         config::DiagnosticSink& sink) {
  std::vector<PassedDevice> passed;
  Checker checker(host, sink);
  for (const config::PassedThrough& pass : vm.passes) {
    for (const auto& location : pass.locations) {
      if (location.value.guest.space != config::Location::Space::pci) continue;
      const HostPciDevice* device = checker.check(location.value.host_pci, location.where);
      if (device == nullptr) continue;
      passed.push_back(
          {*device, config::parse_pci_position(location.value.guest.pci), location.where, pass.order, {}});
    }
  }
  return passed;
}

}  // namespace qvm::plan
