// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/acpi.h"

#include <fmt/format.h>

#include "qvm/plan/aml.h"
#include "qvm/plan/machine_pc.h"

namespace qvm::plan {
namespace {

using aml::Bytes;

// The UUID of device properties (ACPI _DSD implementation guide), daffd814-6eba-4d8c-8a91-bc9bbf4aa301, in
// the mixed byte order of ToUUID.
constexpr unsigned char kDeviceProperties[] = {0x14, 0xd8, 0xff, 0xda, 0xba, 0x6e, 0x8c, 0x4d,
                                               0x8a, 0x91, 0xbc, 0x9b, 0xbf, 0x4a, 0xa3, 0x01};

Bytes memory(std::uint64_t start, std::uint64_t length) {
  if (start + length <= kFourGiB) {
    return aml::memory32_fixed(static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(length));
  }
  return aml::qword_memory(start, length);
}

Bytes device_properties(const std::string& compatible) {
  Bytes uuid;
  for (const unsigned char c : kDeviceProperties) uuid += static_cast<char>(c);
  const Bytes property = aml::package({aml::string("compatible"), aml::string(compatible)});
  return aml::package({aml::buffer(uuid), aml::package({property})});
}

Bytes node_device(const vdevs::DeviceNode& node, std::size_t index) {
  std::vector<Bytes> resources;
  for (const vdevs::DeviceNode::Range& range : node.ranges)
    resources.push_back(memory(range.address, range.length));
  if (node.line) resources.push_back(aml::level_interrupt(*node.line));
  return aml::device(fmt::format("Q{:03X}", index),
                     aml::name("_HID", aml::string("PRP0001")) + aml::name("_UID", aml::integer(index)) +
                         aml::name("_CRS", aml::resource_template(resources)) +
                         aml::name("_DSD", device_properties(node.compatible.front())));
}

Bytes window_device(const std::vector<Window>& windows) {
  std::vector<Bytes> resources;
  for (const Window& window : windows) resources.push_back(memory(window.start, window.length));
  return aml::device("QVMR", aml::name("_HID", aml::string("PNP0C02")) +
                                 aml::name("_UID", aml::string("qvm")) +
                                 aml::name("_CRS", aml::resource_template(resources)));
}

}  // namespace

std::string build_acpi_table(const std::vector<vdevs::DeviceNode>& nodes,
                             const std::vector<Window>& windows) {
  if (nodes.empty() && windows.empty()) return {};
  Bytes devices;
  for (std::size_t i = 0; i < nodes.size(); ++i) devices += node_device(nodes[i], i);
  if (!windows.empty()) devices += window_device(windows);
  return aml::table("SSDT", 2, "QVMVDEVS", aml::scope("\\_SB", devices));
}

}  // namespace qvm::plan
