// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/host_devices.h"

#include "config/language/file_words.h"
#include "config/manifest/host_map.h"

namespace qvm::config {
namespace {

const HostMapEntry* entry_of(const HostDevice& device, const RuleInput& input) {
  return input.manifest == nullptr ? nullptr : find_host_map(*input.manifest, device.path);
}

}  // namespace

bool is_serial_port(const Vdev& vdev) {
  return vdev.type == "ser8250" || vdev.type == "pl011";
}

std::vector<HostDevice> host_devices_of(const VmConfig& vm) {
  std::vector<HostDevice> result;
  for (const Vdev& vdev : vm.vdevs) {
    const bool delayed = find_option(vdev.options, "delayed") != nullptr;
    for (const Option& option : vdev.options) {
      if (option.name != "hostdev" || option.arguments.empty()) continue;
      const Argument& argument = option.arguments.front();
      HostDevice device{&vdev, HostDevice::Direction::both, argument.text, argument.where, delayed};
      if (device.path.starts_with('<')) device.direction = HostDevice::Direction::input;
      if (device.path.starts_with('>')) device.direction = HostDevice::Direction::output;
      if (device.direction != HostDevice::Direction::both) {
        device.path.erase(0, 1);
        device.where = part_of(argument, 1, argument.text.size());
      }
      result.push_back(std::move(device));
    }
  }
  return result;
}

bool is_mapped(const HostDevice& device, const RuleInput& input) {
  return entry_of(device, input) != nullptr;
}

std::string host_file_of(const HostDevice& device, const CheckedVm& vm, const RuleInput& input) {
  const HostMapEntry* entry = entry_of(device, input);
  if (entry == nullptr) return path_from(vm.directory, device.path);
  if (entry->kind != HostMapEntry::Kind::path || entry->target.value == "-") return {};
  return path_from(input.manifest->directory, entry->target.value);
}

}  // namespace qvm::config
