// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/host_devices.h"

namespace qvm::config {

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

}  // namespace qvm::config
